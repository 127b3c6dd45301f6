//! I/O ports: one instruction each.

use core::arch::asm;

/// Loads a byte from `port`.
///
/// # Safety
/// Loading there disturbs no device that somebody else drives.
pub unsafe fn read8(port: u16) -> u8 {
    let value: u8;
    // SAFETY: the caller knows the device; IN touches no memory.
    unsafe { asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Stores a byte to `port`.
///
/// # Safety
/// The caller drives the device, and the store makes it touch no memory but what was handed to it.
pub unsafe fn write8(port: u16, value: u8) {
    // SAFETY: the caller knows the device.
    unsafe { asm!("out dx, al", in("dx") port, in("al") value, options(nostack, preserves_flags)) };
}

/// Loads 16 bits from `port`.
///
/// # Safety
/// As for `read8`.
pub unsafe fn read16(port: u16) -> u16 {
    let value: u16;
    // SAFETY: the caller knows the device; IN touches no memory.
    unsafe { asm!("in ax, dx", in("dx") port, out("ax") value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Stores 16 bits to `port`.
///
/// # Safety
/// As for `write8`.
pub unsafe fn write16(port: u16, value: u16) {
    // SAFETY: the caller knows the device.
    unsafe { asm!("out dx, ax", in("dx") port, in("ax") value, options(nostack, preserves_flags)) };
}

/// Loads 32 bits from `port`.
///
/// # Safety
/// As for `read8`.
pub unsafe fn read32(port: u16) -> u32 {
    let value: u32;
    // SAFETY: the caller knows the device; IN touches no memory.
    unsafe { asm!("in eax, dx", in("dx") port, out("eax") value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Stores 32 bits to `port`.
///
/// # Safety
/// As for `write8`.
pub unsafe fn write32(port: u16, value: u32) {
    // SAFETY: the caller knows the device.
    unsafe { asm!("out dx, eax", in("dx") port, in("eax") value, options(nostack, preserves_flags)) };
}
