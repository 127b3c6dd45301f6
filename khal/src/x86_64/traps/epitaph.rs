//! The last words: one line that tools can read, and the registers for whoever debugs.
//!
//! `EPITAPH <kind> core=<n> rip=… cr2=… error=…`, then `exit(101)`. Owns the serial port from the
//! moment it is called: it takes no lock, because the core that dies may hold it, and it mixes with
//! other cores' output if it must. Only the first core to die writes: another one waits for the end,
//! and a fault while writing ends at once with status 102.

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};

use x86_64::instructions::interrupts;
use x86_64::registers::control::Cr2;

use super::stubs::Frame;
use crate::x86_64::memory::stacks;
use crate::x86_64::{console, cpu, power};

const STATUS: u8 = 101;
const STATUS_TWICE: u8 = 102;

/// The core that writes, plus one; 0 while all are well.
static WRITER: AtomicUsize = AtomicUsize::new(0);

/// What went wrong, by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An access to a page that is not there, or not with that right.
    PageFault,
    /// A page fault in the guard page of a stack.
    StackOverflow,
    /// A fault while a fault was delivered.
    DoubleFault,
    /// Any other fault, by its vector.
    Fault(u8),
    /// The machine could not be brought up, or code of khal gave up.
    Halt,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::PageFault => out.write_str("page-fault"),
            Kind::StackOverflow => out.write_str("stack-overflow"),
            Kind::DoubleFault => out.write_str("double-fault"),
            Kind::Fault(vector) => out.write_str(name_of(*vector)),
            Kind::Halt => out.write_str("halt"),
        }
    }
}

/// Reports the fault in `frame` and ends. Called by the stubs alone.
pub extern "sysv64" fn write_for_fault(frame: &Frame) -> ! {
    begin();
    let address = Cr2::read_raw();
    let kind = classify(frame.vector as u8, address, frame);
    let mut out = console::Emergency;
    // The port cannot fail, and there is nobody left to tell.
    let _ = writeln!(
        out,
        "\r\nEPITAPH {kind} core={} rip={:#x} cr2={address:#x} error={:#x}",
        cpu::current().index(),
        frame.rip,
        frame.error
    );
    let _ = writeln!(
        out,
        "rsp={:#x} rbp={:#x} rax={:#x} rbx={:#x} rcx={:#x} rdx={:#x} rsi={:#x} rdi={:#x} flags={:#x}",
        frame.rsp, frame.rbp, frame.rax, frame.rbx, frame.rcx, frame.rdx, frame.rsi, frame.rdi, frame.flags
    );
    power::exit(STATUS)
}

/// Reports `why` and ends: for what is wrong before, or below, the kernel's own panic.
pub fn halt(why: fmt::Arguments<'_>) -> ! {
    begin();
    let mut out = console::Emergency;
    let _ = writeln!(out, "\r\nEPITAPH {} core={} why={why}", Kind::Halt, cpu::current().index());
    power::exit(STATUS)
}

/// Reports a panic of the kernel's own and ends.
pub fn panic(info: &PanicInfo<'_>) -> ! {
    begin();
    let mut out = console::Emergency;
    let core = cpu::current().index();
    let (file, line) = info.location().map_or(("?", 0), |place| (place.file(), place.line()));
    let _ = writeln!(out, "\r\nEPITAPH panic core={core} at={file}:{line} why={}", info.message());
    power::exit(STATUS)
}

/// Interrupts stay masked from here on: a forced switch would let others go on, and die, on this core.
fn begin() {
    interrupts::disable();
    let me = cpu::current().index() + 1;
    // Relaxed: only who was first matters, nothing is published by it.
    match WRITER.compare_exchange(0, me, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => {}
        Err(writer) if writer == me => power::exit(STATUS_TWICE),
        Err(_) => power::halt(),
    }
}

fn classify(vector: u8, address: u64, frame: &Frame) -> Kind {
    match vector {
        14 if stacks::is_guard(address) => Kind::StackOverflow,
        // A push that finds no stack for the fault's frame arrives as a double fault.
        8 if stacks::is_guard(frame.rsp.wrapping_sub(1)) => Kind::StackOverflow,
        14 => Kind::PageFault,
        8 => Kind::DoubleFault,
        other => Kind::Fault(other),
    }
}

fn name_of(vector: u8) -> &'static str {
    match vector {
        0 => "divide-error",
        1 => "debug",
        2 => "non-maskable-interrupt",
        3 => "breakpoint",
        4 => "overflow",
        5 => "bound-range",
        6 => "invalid-opcode",
        7 => "no-coprocessor",
        10 => "invalid-tss",
        11 => "segment-not-present",
        12 => "stack-segment",
        13 => "general-protection",
        16 => "x87-error",
        17 => "alignment-check",
        18 => "machine-check",
        19 => "simd-error",
        20 => "virtualisation",
        21 => "control-protection",
        _ => "unknown-fault",
    }
}
