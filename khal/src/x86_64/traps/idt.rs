//! The interrupt descriptor table: one for all cores, filled once.
//!
//! Owns the vector numbers. Gates are interrupt gates, so IF is clear in every handler. Vectors that
//! nobody uses have no gate: the processor answers them with a general protection fault whose error
//! code names the vector, which the epitaph prints.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use x86_64::VirtAddr;
use x86_64::instructions::tables::lidt;
use x86_64::structures::DescriptorTablePointer;

use super::gdt::{CODE_SELECTOR, EmergencyStack};
use super::stubs::{self, Stub};

/// This core's timer.
pub const TIMER: u8 = 0x40;
/// Another core wants this one to look up.
pub const KICK: u8 = 0x41;
/// Bytes at the serial port.
pub const SERIAL: u8 = 0x42;
/// The local APIC's spurious interrupt; the low four bits must be ones on old processors.
pub const SPURIOUS: u8 = 0xff;
/// Where the (masked) PICs would interrupt.
pub const PIC: u8 = 0x20;
const PIC_LINES: u8 = 16;

/// SDM volume 3, 6.14.1, figure 6-8. Atomics, since the table is filled in place and the processor
/// reads it; nobody writes once it is loaded.
struct Gate {
    low: AtomicU64,
    high: AtomicU64,
}

#[repr(C, align(16))]
struct Gates([Gate; 256]);

static GATES: Gates = Gates([const { Gate { low: AtomicU64::new(0), high: AtomicU64::new(0) } }; 256]);

/// Fills the table. Called once, by the boot core, before any core loads it.
pub fn fill() {
    for (vector, stub) in FAULTS {
        GATES.set(*vector, *stub, emergency_stack(*vector));
    }
    GATES.set(TIMER, stubs::timer, None);
    GATES.set(KICK, stubs::kick, None);
    GATES.set(SERIAL, stubs::serial, None);
    GATES.set(SPURIOUS, stubs::ignored, None);
    for line in 0..PIC_LINES {
        GATES.set(PIC + line, stubs::ignored, None);
    }
}

/// Loads the table on this core, which has a task state by now.
pub fn load() {
    let limit = (size_of::<Gates>() - 1) as u16;
    let pointer = DescriptorTablePointer { limit, base: VirtAddr::from_ptr(&GATES) };
    // SAFETY: the table lives for ever, and its gates lead to stubs made for their vectors.
    unsafe { lidt(&pointer) };
}

fn emergency_stack(vector: u8) -> Option<EmergencyStack> {
    match vector {
        2 => Some(EmergencyStack::NonMaskable),
        8 => Some(EmergencyStack::DoubleFault),
        14 => Some(EmergencyStack::PageFault),
        18 => Some(EmergencyStack::MachineCheck),
        _ => None,
    }
}

impl Gates {
    fn set(&self, vector: u8, stub: Stub, stack: Option<EmergencyStack>) {
        let address = stub as usize as u64;
        let selector = u64::from(CODE_SELECTOR.0);
        // The hardware counts interrupt stacks from 1; 0 means "stay on this one".
        let stack = stack.map_or(0, |stack| stack as u64 + 1);
        let present_interrupt_gate = 0x8e00_u64;
        let low = address & 0xffff
            | selector << 16
            | (stack | present_interrupt_gate) << 32
            | (address >> 16 & 0xffff) << 48;
        if let Some(gate) = self.0.get(usize::from(vector)) {
            // Relaxed: whoever loads the table does so later on this core, or was started by it.
            gate.high.store(address >> 32, Relaxed);
            gate.low.store(low, Relaxed);
        }
    }
}

/// SDM volume 3, table 6-1: which faults exist, and which of them push an error code.
const FAULTS: &[(u8, Stub)] = &[
    (0, stubs::fault::<0>),
    (1, stubs::fault::<1>),
    (2, stubs::fault::<2>),
    (3, stubs::fault::<3>),
    (4, stubs::fault::<4>),
    (5, stubs::fault::<5>),
    (6, stubs::fault::<6>),
    (7, stubs::fault::<7>),
    (8, stubs::fault_with_code::<8>),
    (10, stubs::fault_with_code::<10>),
    (11, stubs::fault_with_code::<11>),
    (12, stubs::fault_with_code::<12>),
    (13, stubs::fault_with_code::<13>),
    (14, stubs::fault_with_code::<14>),
    (16, stubs::fault::<16>),
    (17, stubs::fault_with_code::<17>),
    (18, stubs::fault::<18>),
    (19, stubs::fault::<19>),
    (20, stubs::fault::<20>),
    (21, stubs::fault_with_code::<21>),
];
