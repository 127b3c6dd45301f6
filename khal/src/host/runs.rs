//! Runs on the host: the system's allocator, with a machine's bound.
//!
//! Invariant: what is refused on a machine is refused here too, by a number of frames that is the same in every
//! process, so that a simulation repeats; and frames are never clear by luck.

use alloc::slice;
use core::alloc::Layout;
use std::alloc::{GlobalAlloc, System};

use crate::runs::FRAME_BYTES;

/// Frames of the hosted machine, as far as runs are concerned: 128 MiB.
const FRAMES: usize = 32_768;

/// What is in frames that are new, as if somebody had used them.
const USED: u8 = 0xa5;

pub(crate) fn total_frames() -> usize {
    FRAMES
}

/// Frames that nobody else has; `None` when there are none, or for 0.
pub(crate) fn take(frames: usize) -> Option<&'static mut [u8]> {
    let layout = layout(frames.checked_mul(FRAME_BYTES)?)?;
    // SAFETY: the layout is not of size zero.
    let block = unsafe { System.alloc(layout) };
    if block.is_null() {
        return None;
    }
    // SAFETY: a fresh block of that size.
    unsafe { block.write_bytes(USED, layout.size()) };
    // SAFETY: a fresh block of so many initialised bytes, nobody else's until it is given back.
    Some(unsafe { slice::from_raw_parts_mut(block, layout.size()) })
}

/// Takes back what `take` gave.
///
/// # Safety
/// `take` gave these frames, and nothing refers to them any more.
pub(crate) unsafe fn give(start: *mut u8, frames: usize) {
    if let Some(layout) = layout(frames * FRAME_BYTES) {
        // SAFETY: the caller's promise; it was the layout that `take` used.
        unsafe { System.dealloc(start, layout) };
    }
}

fn layout(bytes: usize) -> Option<Layout> {
    if bytes == 0 { None } else { Layout::from_size_align(bytes, FRAME_BYTES).ok() }
}
