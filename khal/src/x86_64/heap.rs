//! The kernel's memory: small blocks from talc, large ones as frame ranges of their own.
//!
//! Blocks of `LARGE` bytes and more (linear memories, above all) are whole frames in the direct map:
//! they grow in place while the frames behind them are free, and go back whole. Smaller ones come out
//! of one talc heap, which grows by chunks of frames and never shrinks. Contained work leaves the
//! last frames to the kernel (`RESERVE`). Lock order: `SMALL` (62), then the frame allocator (63);
//! what is copied or cleared is copied or cleared with no lock held.

use core::alloc::Layout;
use core::ptr::{self, NonNull};

use talc::base::Talc;
use talc::base::binning::DefaultBinning;
use talc::source::Manual;

use super::memory::layout::FRAME_BYTES;
use super::memory::{direct, frames};
use crate::contain::charge::Source;
use crate::sync::{Mutex, Order, Rank};

/// Blocks from this size on are frame ranges.
const LARGE: usize = 64 * 1024;
/// Frames by which the small heap grows; fewer if so many are not to be had together.
const CHUNKS: [usize; 3] = [256, 64, 24];
/// One in this many of all frames is kept from contained work.
const RESERVE: usize = 32;

static SMALL: Mutex<Small> =
    Mutex::new(Rank::of(&Order { order: 62, name: "heap" }), Small { talc: Talc::new(Manual), last: None });

struct Small {
    talc: Talc<Manual, DefaultBinning>,
    /// The chunk added last, which may be extended.
    last: Option<Chunk>,
}

#[derive(Clone, Copy)]
struct Chunk {
    start: u64,
    frames: usize,
    end: NonNull<u8>,
}

// SAFETY: the pointers in it name frames that this heap alone owns; any core may use them.
unsafe impl Send for Small {}

/// Free and total frames.
pub(crate) fn frames() -> (usize, usize) {
    let counts = frames::counts();
    (counts.free, counts.total)
}

/// A block for `layout`, or null.
///
/// # Safety
/// `layout` has a non-zero size.
pub(crate) unsafe fn alloc(layout: Layout, source: Source) -> *mut u8 {
    if layout.align() > FRAME_BYTES {
        return ptr::null_mut();
    }
    if layout.size() >= LARGE {
        return take_frames(frames_for(layout.size()), source).map_or(ptr::null_mut(), direct::pointer);
    }
    let mut small = SMALL.lock();
    loop {
        // SAFETY: the size is not zero (the caller's promise).
        let block = unsafe { small.talc.try_allocate(layout) };
        match block {
            Some(block) => return block.as_ptr(),
            None if small.grow(source) => {}
            None => return ptr::null_mut(),
        }
    }
}

/// A zeroed block for `layout`, or null.
///
/// # Safety
/// `layout` has a non-zero size.
pub(crate) unsafe fn alloc_zeroed(layout: Layout, source: Source) -> *mut u8 {
    // SAFETY: the caller's promise.
    let block = unsafe { alloc(layout, source) };
    if !block.is_null() {
        // SAFETY: a block of that size, ours until it is returned.
        unsafe { block.write_bytes(0, layout.size()) };
    }
    block
}

/// Gives a block back.
///
/// # Safety
/// `block` came from here, for `layout`.
pub(crate) unsafe fn dealloc(block: *mut u8, layout: Layout) {
    if layout.size() >= LARGE {
        return frames::free(direct::physical(block), frames_for(layout.size()));
    }
    // SAFETY: the caller's promise, and small blocks come from talc.
    unsafe { SMALL.lock().talc.deallocate(block, layout) }
}

/// Resizes a block, in place if possible, else by moving it; null leaves it as it was.
///
/// # Safety
/// `block` came from here, for `layout`; `new_size` is not zero and does not overflow when aligned.
pub(crate) unsafe fn realloc(block: *mut u8, layout: Layout, new_size: usize, source: Source) -> *mut u8 {
    // SAFETY: the caller's promise.
    if unsafe { resize_in_place(block, layout, new_size, source) } {
        return block;
    }
    // SAFETY: the size does not overflow (the caller's promise), the alignment was valid before.
    let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
    // SAFETY: not of zero size.
    let moved = unsafe { alloc(new_layout, source) };
    if !moved.is_null() {
        let kept = layout.size().min(new_size);
        // SAFETY: two blocks of at least `kept` bytes, of which one is fresh.
        unsafe { ptr::copy_nonoverlapping(block, moved, kept) };
        // SAFETY: the caller's promise; the old block is not used again.
        unsafe { dealloc(block, layout) };
    }
    moved
}

/// Whether the block could stay where it is.
///
/// # Safety
/// As for `realloc`.
unsafe fn resize_in_place(block: *mut u8, layout: Layout, new_size: usize, source: Source) -> bool {
    match (layout.size() >= LARGE, new_size >= LARGE) {
        (true, true) => resize_frames(block, frames_for(layout.size()), frames_for(new_size), source),
        // SAFETY: the caller's promise, and small blocks come from talc.
        (false, false) => unsafe { SMALL.lock().talc.try_realloc_in_place(block, layout, new_size) },
        _ => false,
    }
}

fn resize_frames(block: *mut u8, old: usize, new: usize, source: Source) -> bool {
    let start = direct::physical(block);
    if new < old {
        frames::free(start + (new * FRAME_BYTES) as u64, old - new);
        return true;
    }
    new == old || (allowed(new - old, source) && frames::try_extend(start, old, new - old))
}

fn frames_for(bytes: usize) -> usize {
    bytes.div_ceil(FRAME_BYTES)
}

pub(super) fn take_frames(count: usize, source: Source) -> Option<u64> {
    if allowed(count, source) { frames::allocate_contiguous(count) } else { None }
}

/// Whether taking `count` frames leaves the kernel its reserve. Two cores that ask at once may both
/// be told yes: the reserve is a margin, not an account.
fn allowed(count: usize, source: Source) -> bool {
    let counts = frames::counts();
    let reserve = if source == Source::Actor { counts.total / RESERVE } else { 0 };
    counts.free >= count.saturating_add(reserve)
}

impl Small {
    /// Adds frames to the heap: behind the last chunk if they are free, else a new chunk.
    fn grow(&mut self, source: Source) -> bool {
        CHUNKS.iter().any(|count| self.extend(*count, source) || self.claim(*count, source))
    }

    fn extend(&mut self, count: usize, source: Source) -> bool {
        let Some(mut chunk) = self.last else { return false };
        if !allowed(count, source) || !frames::try_extend(chunk.start, chunk.frames, count) {
            return false;
        }
        chunk.frames += count;
        let top = direct::pointer(chunk.start).wrapping_add(chunk.frames * FRAME_BYTES);
        // SAFETY: `end` is that heap's end, and the frames up to `top` were just taken for it.
        chunk.end = unsafe { self.talc.extend(chunk.end, top) };
        self.last = Some(chunk);
        true
    }

    fn claim(&mut self, count: usize, source: Source) -> bool {
        let Some(start) = take_frames(count, source) else { return false };
        // SAFETY: the frames were just taken for this heap, and `Manual` allows claims.
        let end = unsafe { self.talc.claim(direct::pointer(start), count * FRAME_BYTES) };
        match end {
            Some(end) => self.last = Some(Chunk { start, frames: count, end }),
            None => frames::free(start, count),
        }
        end.is_some()
    }
}
