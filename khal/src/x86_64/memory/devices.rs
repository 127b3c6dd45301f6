//! Device registers: mapped once, uncached, and reached only by whole aligned words.
//!
//! Owns the device region, handed out from its start and never taken back. Lock order: `NEXT`, then
//! `space`, then the frame allocator.

use core::ptr;

use crate::sync::{Mutex, Order, Rank};

use super::layout::{DEVICES_BASE, DEVICES_END, FRAME_BYTES, Range};
use super::space;
use super::tables::Rights;

static NEXT: Mutex<u64> = Mutex::new(Rank::of(&Order { order: 58, name: "device region" }), DEVICES_BASE);

/// The registers of one device.
#[derive(Clone, Copy, Debug)]
pub struct Registers {
    base: usize,
    bytes: usize,
}

/// Maps the `bytes` registers at `physical`; `None` without memory for tables.
///
/// # Safety
/// These are registers of a device that the caller alone drives, and what the caller stores there
/// makes the device touch no memory but what was handed to it.
pub unsafe fn map(physical: u64, bytes: usize) -> Option<Registers> {
    let range = Range { start: physical, end: physical + bytes as u64 };
    let mut next = NEXT.lock();
    let first = *next;
    if first + (range.frame_count() * FRAME_BYTES) as u64 > DEVICES_END {
        return None;
    }
    for frame in range.frames() {
        space::map(*next, frame, Rights::Device).ok()?;
        *next += FRAME_BYTES as u64;
    }
    Some(Registers { base: (first + physical % FRAME_BYTES as u64) as usize, bytes })
}

impl Registers {
    /// Loads the 32-bit register at `offset`.
    pub fn read32(self, offset: usize) -> u32 {
        let place = self.place(offset, 4) as *const u32;
        // SAFETY: inside the mapping, which stays; `map`'s caller vouched that loading is harmless.
        unsafe { ptr::read_volatile(place) }
    }

    /// Stores to the 32-bit register at `offset`.
    pub fn write32(self, offset: usize, value: u32) {
        let place = self.place(offset, 4) as *mut u32;
        // SAFETY: inside the mapping, which stays; `map`'s caller vouched for what it stores.
        unsafe { ptr::write_volatile(place, value) }
    }

    /// Loads the 64-bit register at `offset`.
    pub fn read64(self, offset: usize) -> u64 {
        let place = self.place(offset, 8) as *const u64;
        // SAFETY: as in `read32`.
        unsafe { ptr::read_volatile(place) }
    }

    fn place(self, offset: usize, width: usize) -> usize {
        assert!(offset.is_multiple_of(width) && offset + width <= self.bytes, "register out of range");
        self.base + offset
    }
}
