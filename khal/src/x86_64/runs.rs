//! Runs on bare metal: neighbouring frames, seen through the direct map.
//!
//! A driver has a run's physical address from where its bytes are (`direct::physical`). Lock order: takes that
//! of the frames, and nothing under it.

use core::slice;

use super::heap;
use super::memory::{direct, frames};
use crate::contain::charge::Source;
use crate::runs::FRAME_BYTES;

pub(crate) fn total_frames() -> usize {
    frames::counts().total
}

/// Frames that nobody else has; `None` when there are none but the kernel's last, or for 0.
pub(crate) fn take(frames: usize) -> Option<&'static mut [u8]> {
    let start = heap::take_frames(frames, Source::Actor)?;
    // SAFETY: (1) the frames are RAM in the direct map, just taken, so nobody else's until they are given back;
    // (2) any bit pattern is a valid byte.
    Some(unsafe { slice::from_raw_parts_mut(direct::pointer(start), frames * FRAME_BYTES) })
}

/// Takes back what `take` gave.
///
/// # Safety
/// `take` gave these frames, and nothing refers to them any more.
pub(crate) unsafe fn give(start: *mut u8, frames: usize) {
    frames::free(direct::physical(start), frames);
}
