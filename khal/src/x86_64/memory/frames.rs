//! The frame allocator: all RAM from 1 MiB up, as one bitmap.
//!
//! Owns every frame that nobody holds. Ranges are contiguous, lowest first. Memory below 1 MiB stays
//! out: firmware uses parts of it that not every memory map admits, and starting other cores needs a
//! page there. Lock order: `FRAMES` is a leaf; it is taken under the heap's lock and takes nothing.
//! It does not clear frames, and it does not know who holds one.

use crate::bitmap::Bitmap;
use crate::sync::{Mutex, Order, Rank};

use super::direct;
use super::layout::{FRAME_BYTES, Range};
use super::map::{Kind, LOW_MEMORY_END, MemoryMap};

const BYTES: u64 = FRAME_BYTES as u64;
const RANK: Rank = Rank::of(&Order { order: 63, name: "frames" });

static FRAMES: Mutex<Option<State>> = Mutex::new(RANK, None);

struct State {
    bitmap: Bitmap<'static>,
    total: usize,
}

/// How many frames there are, and how many of them nobody holds.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Free frames.
    pub free: usize,
    /// All frames that this allocator manages.
    pub total: usize,
}

/// Takes possession of the free regions of `map`. Called once, by the boot core, while the
/// bootloader's direct map is active. False if no region can hold the bitmap.
pub fn init(map: &MemoryMap) -> bool {
    let words = (map.end() / BYTES).div_ceil(u64::BITS.into()) as usize;
    let Some(place) = place_for(map, words) else { return false };
    // SAFETY: (1) the range is free RAM, whole and aligned, in the direct map; (2) nobody else gets
    // it, since it is never released below; (3) any bit pattern is a valid u64.
    let words = unsafe { core::slice::from_raw_parts_mut(direct::pointer(place.start).cast::<u64>(), words) };
    let mut bitmap = Bitmap::new(words);
    for region in map.regions().iter().filter(|region| region.kind == Kind::Free) {
        release_whole(&mut bitmap, region.range, place);
    }
    let total = bitmap.free_count();
    *FRAMES.lock() = Some(State { bitmap, total });
    true
}

/// Adds what the bootloader no longer needs: its regions without the frames in `keep`, in order.
pub fn reclaim(map: &MemoryMap, keep: impl Fn(u64) -> bool) {
    let mut frames = FRAMES.lock();
    let Some(state) = frames.as_mut() else { return };
    for region in map.regions().iter().filter(|region| region.kind == Kind::Loader) {
        for frame in inner_frames(region.range).frames().filter(|frame| !keep(*frame)) {
            state.total += state.bitmap.release((frame / BYTES) as usize, 1);
        }
    }
}

/// Takes `count` neighbouring frames, the lowest there are; the physical address of the first. `None`
/// if there are none, or for 0.
pub fn allocate_contiguous(count: usize) -> Option<u64> {
    let first = FRAMES.lock().as_mut()?.bitmap.take(count)?;
    Some(first as u64 * BYTES)
}

/// Takes the `extra` frames right behind the `count` frames at `start`, if all of them are free.
pub fn try_extend(start: u64, count: usize, extra: usize) -> bool {
    let mut frames = FRAMES.lock();
    let Some(state) = frames.as_mut() else { return false };
    state.bitmap.take_at((start / BYTES) as usize + count, extra)
}

/// Gives `count` frames back. They are the caller's, and nothing may refer to them any more.
pub fn free(start: u64, count: usize) {
    let mut frames = FRAMES.lock();
    let Some(state) = frames.as_mut() else { return };
    let released = state.bitmap.release((start / BYTES) as usize, count);
    debug_assert_eq!(released, count, "frames released twice");
}

/// The counts at this moment.
pub fn counts() -> Counts {
    let frames = FRAMES.lock();
    frames.as_ref().map_or_else(Counts::default, |s| Counts { free: s.bitmap.free_count(), total: s.total })
}

/// The first free region that holds `words` words above low memory.
fn place_for(map: &MemoryMap, words: usize) -> Option<Range> {
    let bytes = (words as u64 * 8).next_multiple_of(BYTES);
    let free = map.regions().iter().filter(|region| region.kind == Kind::Free);
    free.map(|region| inner_frames(region.range))
        .find(|range| range.start + bytes <= range.end)
        .map(|range| Range { start: range.start, end: range.start + bytes })
}

/// The whole frames inside `range`, above low memory.
fn inner_frames(range: Range) -> Range {
    let start = range.start.max(LOW_MEMORY_END).next_multiple_of(BYTES);
    let end = range.end - range.end % BYTES;
    Range { start, end: end.max(start) }
}

/// Releases the whole frames of `range` that do not belong to `hole`.
fn release_whole(bitmap: &mut Bitmap<'_>, range: Range, hole: Range) {
    let whole = inner_frames(range);
    let before = Range { start: whole.start, end: whole.end.min(hole.start).max(whole.start) };
    let after = Range { start: whole.start.max(hole.end).min(whole.end), end: whole.end };
    let parts = if whole.overlaps(hole) { [before, after] } else { [whole, Range::default()] };
    for part in parts {
        bitmap.release((part.start / BYTES) as usize, ((part.end - part.start) / BYTES) as usize);
    }
}
