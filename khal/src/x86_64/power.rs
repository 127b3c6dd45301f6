//! Ending it.
//!
//! `exit` writes to QEMU's isa-debug-exit device, which ends QEMU with `status * 2 + 1`; a machine
//! without the device ignores the store, and is switched off instead. `off` asks the firmware's AML
//! for the soft-off sleep type; where that fails it tries 0, which QEMU's chip sets use, and 5. If
//! nothing helps, the core halts for good. `reboot` tries the reset register, the keyboard
//! controller, and at last a triple fault: the one place that makes one, on purpose.

use core::arch::asm;
use core::time::Duration;

use x86_64::VirtAddr;
use x86_64::instructions::tables::lidt;
use x86_64::instructions::{hlt, interrupts};
use x86_64::structures::DescriptorTablePointer;

use super::memory::{FRAME_BYTES, direct, frames};
use super::platform::SleepPorts;
use super::{acpi, boot, ports, time};
use crate::contain::{self, Meter};

const EXIT_DEVICE: u16 = 0xf4;
const KEYBOARD_COMMAND: u16 = 0x64;
const PULSE_RESET: u8 = 0xfe;
/// PM1 control (ACPI 6.5, table 4.13): SLP_TYPx, SLP_EN, SCI_EN.
const SLEEP_TYPE_SHIFT: u16 = 10;
const SLEEP_TYPE_MASK: u16 = 7 << SLEEP_TYPE_SHIFT;
const SLEEP_ENABLE: u16 = 1 << 13;
const SCI_ENABLE: u16 = 1;
const GUESSED_TYPES: [u8; 2] = [0, 5];
/// AML allocates as it likes; no kernel should lose more than this to it.
const AML_HEAP_BYTES: usize = 8 << 20;
/// 256 KiB: the interpreter recurses, and in a debug build a stack of 48 KiB is not enough for it.
const AML_STACK_FRAMES: usize = 64;

/// Unknown depth of the caller's stack and of the firmware's AML: so it moves to a stack with room.
pub(crate) fn off() -> ! {
    interrupts::disable();
    let Some(frames) = frames::allocate_contiguous(AML_STACK_FRAMES) else { exit_by_guess() };
    let top = direct::pointer(frames).wrapping_add(AML_STACK_FRAMES * FRAME_BYTES);
    // SAFETY: the frames are ours and mapped; nothing on the old stack is used again, and interrupts,
    // which could switch this thread out, are masked.
    unsafe {
        asm!(
            "mov rsp, {top}",
            "xor ebp, ebp",
            "call {next}",
            "ud2",
            top = in(reg) top,
            next = sym off_with_room,
            options(noreturn),
        )
    }
}

extern "sysv64" fn off_with_room() -> ! {
    if let Some(platform) = boot::platform() {
        take_over(platform.sleep);
        // The interpreter may panic on odd tables; contained, that is only one more failure.
        let meter = Meter::new(AML_HEAP_BYTES);
        if let Ok(Ok((a, b))) = contain::enter(&meter, acpi::soft_off_types) {
            sleep(platform.sleep, a, b);
        }
    }
    exit_by_guess()
}

pub(crate) fn reboot() -> ! {
    interrupts::disable();
    if let Some(reset) = boot::platform().and_then(|platform| platform.reset) {
        write8(reset.port, reset.value);
        time::spin_for(Duration::from_millis(50));
    }
    write8(KEYBOARD_COMMAND, PULSE_RESET);
    time::spin_for(Duration::from_millis(50));
    triple_fault()
}

/// Without the device it switches off by the guessed types alone: a core that dies runs no AML.
pub(crate) fn exit(status: u8) -> ! {
    interrupts::disable();
    write8(EXIT_DEVICE, status);
    exit_by_guess()
}

fn exit_by_guess() -> ! {
    if let Some(platform) = boot::platform() {
        GUESSED_TYPES.into_iter().for_each(|guess| sleep(platform.sleep, guess, guess));
    }
    halt()
}

/// Stops this core for good.
pub(super) fn halt() -> ! {
    interrupts::disable();
    loop {
        hlt();
    }
}

/// Leaves the firmware's legacy mode, without which the sleep registers do nothing (section 4.8.2.5).
fn take_over(hardware: SleepPorts) {
    if hardware.command == 0 || hardware.enable == 0 || read16(hardware.control_a) & SCI_ENABLE != 0 {
        return;
    }
    write8(hardware.command, hardware.enable);
    let end = time::now() + Duration::from_millis(300);
    while read16(hardware.control_a) & SCI_ENABLE == 0 && time::now() < end {
        core::hint::spin_loop();
    }
}

fn sleep(hardware: SleepPorts, type_a: u8, type_b: u8) {
    for (port, kind) in [(hardware.control_a, type_a), (hardware.control_b, type_b)] {
        if port != 0 {
            let kept = read16(port) & !(SLEEP_TYPE_MASK | SLEEP_ENABLE);
            write16(port, kept | u16::from(kind) << SLEEP_TYPE_SHIFT | SLEEP_ENABLE);
        }
    }
    time::spin_for(Duration::from_millis(50));
}

fn triple_fault() -> ! {
    let nothing = DescriptorTablePointer { limit: 0, base: VirtAddr::zero() };
    // SAFETY: the next fault is meant to find no handler.
    unsafe { lidt(&nothing) };
    // SAFETY: ends in a reset, as wanted.
    unsafe { asm!("ud2", options(noreturn)) }
}

fn read16(port: u16) -> u16 {
    // SAFETY: a register of the chip set that the firmware named for this.
    unsafe { ports::read16(port) }
}

fn write16(port: u16, value: u16) {
    // SAFETY: as in `read16`; it puts the machine to sleep, which is what is wanted.
    unsafe { ports::write16(port, value) };
}

fn write8(port: u16, value: u8) {
    // SAFETY: a register that ends or resets the machine, or nothing at all.
    unsafe { ports::write8(port, value) };
}
