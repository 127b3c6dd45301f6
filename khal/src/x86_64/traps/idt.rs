//! The interrupt descriptor table: one for all cores, filled once.
//!
//! Owns the vector numbers. Gates are interrupt gates, so IF is clear in every handler. Vectors that
//! nobody uses have no gate: the processor answers them with a general protection fault whose error
//! code names the vector, which the epitaph prints.

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

#[repr(C, align(16))]
struct Gates([Gate; 256]);

/// SDM volume 3, 6.14.1, figure 6-8.
#[derive(Clone, Copy)]
#[repr(C)]
struct Gate {
    low: u64,
    high: u64,
}

static GATES: spin::Once<Gates> = spin::Once::new();

/// Loads the table on this core, filling it first if this is the boot core's early call. Gates name
/// emergency stacks only from `load_own` on, since an empty one would be worse than none.
pub fn load_early() {
    static EARLY: spin::Once<Gates> = spin::Once::new();
    load(EARLY.call_once(|| filled(Emergency::Absent)));
}

/// Loads the table whose gates use the emergency stacks of this core's task state.
pub fn load_own() {
    load(GATES.call_once(|| filled(Emergency::Present)));
}

#[derive(Clone, Copy, PartialEq)]
enum Emergency {
    Absent,
    Present,
}

fn load(gates: &'static Gates) {
    let limit = (size_of::<Gates>() - 1) as u16;
    let pointer = DescriptorTablePointer { limit, base: VirtAddr::from_ptr(gates) };
    // SAFETY: the table lives for ever, and its gates lead to stubs made for their vectors.
    unsafe { lidt(&pointer) };
}

fn filled(emergency: Emergency) -> Gates {
    let mut gates = Gates([Gate { low: 0, high: 0 }; 256]);
    for (vector, stub) in FAULTS {
        let stack = emergency_stack(*vector).filter(|_| emergency == Emergency::Present);
        gates.set(*vector, *stub, stack);
    }
    gates.set(TIMER, stubs::timer, None);
    gates.set(KICK, stubs::kick, None);
    gates.set(SERIAL, stubs::serial, None);
    gates.set(SPURIOUS, stubs::ignored, None);
    for line in 0..PIC_LINES {
        gates.set(PIC + line, stubs::ignored, None);
    }
    gates
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
    fn set(&mut self, vector: u8, stub: Stub, stack: Option<EmergencyStack>) {
        let address = stub as usize as u64;
        let selector = u64::from(CODE_SELECTOR.0);
        // The hardware counts interrupt stacks from 1; 0 means "stay on this one".
        let stack = stack.map_or(0, |stack| stack as u64 + 1);
        let present_interrupt_gate = 0x8e00_u64;
        let low = address & 0xffff
            | selector << 16
            | (stack | present_interrupt_gate) << 32
            | (address >> 16 & 0xffff) << 48;
        if let Some(gate) = self.0.get_mut(usize::from(vector)) {
            *gate = Gate { low, high: address >> 32 };
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
