//! The I/O APIC: which device line becomes which vector on which core.
//!
//! Two registers, an index and a window (82093AA data sheet, 3.1). Lines stay masked but those that
//! `route` opens; it runs at boot only, on one core, so there is no lock.

use crate::x86_64::memory::devices;
use crate::x86_64::platform::{IoApic, Line, Polarity, Trigger};

const SELECT: usize = 0x00;
const WINDOW: usize = 0x10;
const BYTES: usize = 0x20;
const VERSION: u32 = 1;
const REDIRECTION: u32 = 0x10;

const ACTIVE_LOW: u32 = 1 << 13;
const LEVEL: u32 = 1 << 15;
const MASKED: u32 = 1 << 16;

/// Masks every line of `controller`, then opens `line`: its interrupt arrives as `vector` at the
/// processor with APIC id `target`. False if the line is not one of this controller's.
///
/// # Safety
/// An I/O APIC lies where `controller` says, and nobody else drives it.
pub unsafe fn route(controller: IoApic, line: Line, vector: u8, target: u32) -> bool {
    // SAFETY: the caller vouches for the place; the device sends interrupts and touches no memory.
    let Some(registers) = (unsafe { devices::map(controller.physical, BYTES) }) else { return false };
    let write = |index: u32, value: u32| {
        registers.write32(SELECT, index);
        registers.write32(WINDOW, value);
    };
    registers.write32(SELECT, VERSION);
    let lines = (registers.read32(WINDOW) >> 16 & 0xff) + 1;
    for index in 0..lines {
        write(REDIRECTION + 2 * index, MASKED);
    }
    let Some(index) = line.number.checked_sub(controller.first_line).filter(|index| *index < lines) else {
        return false;
    };
    let polarity = if line.polarity == Polarity::Low { ACTIVE_LOW } else { 0 };
    let trigger = if line.trigger == Trigger::Level { LEVEL } else { 0 };
    write(REDIRECTION + 2 * index + 1, target << 24);
    write(REDIRECTION + 2 * index, u32::from(vector) | polarity | trigger);
    true
}
