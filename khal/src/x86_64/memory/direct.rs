//! The direct map: every frame of RAM at its physical address plus a constant.
//!
//! Only arithmetic; what is mapped there, and with which rights, `takeover` decides. Frames of the
//! kernel's own image are absent from it, so no alias of its text or its data exists.

use super::layout::DIRECT_BASE;

/// Where the byte at `physical` appears. Only frames from the frame allocator, firmware tables that
/// were asked for (`firmware`) and the ramdisk may be used through it.
pub fn pointer(physical: u64) -> *mut u8 {
    (DIRECT_BASE + physical) as *mut u8
}

/// The physical address behind `pointer`, which must point into the direct map (anything else gives
/// an address that no memory has).
pub fn physical(pointer: *const u8) -> u64 {
    (pointer as u64).wrapping_sub(DIRECT_BASE)
}
