//! Stacks with a guard: 48 KiB that can be written, above 4 KiB that cannot be touched.
//!
//! Owns the stack region, cut into slots. A slot whose stack was given back keeps its frames and is
//! handed out again first (lowest slot first): so nothing is ever unmapped, no other core's TLB has
//! to be told, and a stack costs its page tables once. The region therefore shrinks never; its size
//! is the largest number of stacks that were ever in use together. Lock order: `SLOTS`, then `space`,
//! then the frame allocator.

use crate::bitmap::Bitmap;
use crate::sync::{Mutex, Order, Rank};

use super::layout::{FRAME_BYTES, STACKS_BASE};
use super::tables::Rights;
use super::{direct, frames, space};

/// Usable bytes of a stack. Parsing a module takes 17 KiB of it and unwinding out of there another
/// 20 (docs/decisions/0004-kernel-stack-size.md).
pub const STACK_BYTES: usize = 48 * 1024;
const PAGES: usize = STACK_BYTES / FRAME_BYTES;
const SLOT_BYTES: usize = STACK_BYTES + FRAME_BYTES;
/// One frame of bitmap words: room for 32768 stacks, 1.7 GiB.
const SLOT_WORDS: usize = FRAME_BYTES / 8;
const MAX_SLOTS: usize = SLOT_WORDS * 64;

static SLOTS: Mutex<Option<Slots>> = Mutex::new(Rank::of(&Order { order: 59, name: "stack slots" }), None);

struct Slots {
    bitmap: Bitmap<'static>,
    /// Pages mapped so far, guards not counted; slots fill in order, a refusal leaves one part-way.
    mapped_pages: usize,
}

/// A mapped stack: `bottom..top` can be written, the page below `bottom` is the guard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StackRange {
    /// Lowest usable address.
    pub bottom: usize,
    /// One past the highest usable address; a multiple of 16.
    pub top: usize,
}

/// Sets the region up. Called once, by the boot core. False without a frame.
pub fn init() -> bool {
    let Some(frame) = frames::allocate_contiguous(1) else { return false };
    // SAFETY: the frame is ours from here on, aligned, in the direct map; any bits are valid words.
    let words = unsafe { core::slice::from_raw_parts_mut(direct::pointer(frame).cast::<u64>(), SLOT_WORDS) };
    let mut bitmap = Bitmap::new(words);
    bitmap.release(0, MAX_SLOTS);
    *SLOTS.lock() = Some(Slots { bitmap, mapped_pages: 0 });
    true
}

/// A stack nobody uses, `None` without memory. Its contents are whatever was left there.
pub fn map() -> Option<StackRange> {
    let slot = SLOTS.lock().as_mut()?.bitmap.take(1)?;
    loop {
        match map_next((slot + 1) * PAGES) {
            Mapped::One => {}
            Mapped::Enough => break,
            Mapped::NoFrame => {
                SLOTS.lock().as_mut()?.bitmap.release(slot, 1);
                return None;
            }
        }
    }
    let bottom = STACKS_BASE as usize + slot * SLOT_BYTES + FRAME_BYTES;
    Some(StackRange { bottom, top: bottom + STACK_BYTES })
}

/// What `map_next` did.
enum Mapped {
    One,
    Enough,
    NoFrame,
}

/// Maps the next page of the region, unless its first `wanted` pages are mapped. One page a lock: two
/// cores that fill neighbouring slots take turns and do each other's work.
fn map_next(wanted: usize) -> Mapped {
    let mut guard = SLOTS.lock();
    let Some(slots) = guard.as_mut() else { return Mapped::NoFrame };
    if slots.mapped_pages >= wanted {
        return Mapped::Enough;
    }
    if map_page(slots.mapped_pages).is_none() {
        return Mapped::NoFrame;
    }
    slots.mapped_pages += 1;
    Mapped::One
}

/// Takes a stack back. It must have come from `map`, and nothing may run on it or refer to it.
pub fn recycle(stack: StackRange) {
    let slot = (stack.bottom - STACKS_BASE as usize) / SLOT_BYTES;
    if let Some(slots) = SLOTS.lock().as_mut() {
        let released = slots.bitmap.release(slot, 1);
        debug_assert_eq!(released, 1, "a stack was given back twice");
    }
}

/// Whether `address` lies in the guard page of some stack. Takes no lock: a dying core asks.
pub fn is_guard(address: u64) -> bool {
    let Some(offset) = address.checked_sub(STACKS_BASE) else { return false };
    let offset = offset as usize;
    offset < MAX_SLOTS * SLOT_BYTES && offset % SLOT_BYTES < FRAME_BYTES
}

/// Whether `address` lies in the stack region.
pub fn in_region(address: u64) -> bool {
    address.checked_sub(STACKS_BASE).is_some_and(|offset| offset < (MAX_SLOTS * SLOT_BYTES) as u64)
}

/// Gives page `number` of the region (guards not counted) a frame.
fn map_page(number: usize) -> Option<()> {
    let frame = frames::allocate_contiguous(1)?;
    let (slot, page) = (number / PAGES, number % PAGES);
    let address = STACKS_BASE as usize + slot * SLOT_BYTES + (page + 1) * FRAME_BYTES;
    let mapped = space::map(address as u64, frame, Rights::ReadWrite);
    if mapped.is_err() {
        frames::free(frame, 1);
    }
    mapped.ok()
}
