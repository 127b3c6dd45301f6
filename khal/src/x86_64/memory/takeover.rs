//! From the bootloader's page tables to our own.
//!
//! The bootloader leaves identity-mapped executable pages, and one writable map of all memory, the
//! kernel's text included. Built here instead: the kernel's three segments with their own rights
//! (W^X), and a direct map of RAM that never executes, holds the ramdisk read-only and the kernel's
//! image not at all. Runs once, on the boot core, on the bootloader's tables; `boot` then loads the
//! root. Owns the list of the frames that the kernel's image and the ramdisk occupy: they lie in the
//! bootloader's memory but outlive it.

use x86_64::registers::control::Cr3;

use super::layout::{self, DIRECT_BASE, FRAME_BYTES, LARGE_BYTES, Range};
use super::map::MemoryMap;
use super::tables::{MapError, Rights, Table};

const MAX_RANGES: usize = 64;

/// Why the tables could not be built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// A table could not be extended.
    Map(MapError),
    /// A page of the kernel or of the ramdisk is not mapped by the bootloader.
    Unmapped(u64),
    /// The kernel's or the ramdisk's frames are too scattered for our list.
    Scattered,
}

/// Physical ranges, merged where they touch.
#[derive(Clone, Copy)]
pub struct Ranges {
    list: [Range; MAX_RANGES],
    len: usize,
}

/// What stays of the bootloader's memory.
#[derive(Clone, Copy)]
pub struct Kept {
    /// The kernel's read-only data and text.
    pub constant: Ranges,
    /// The kernel's variables.
    pub data: Ranges,
    /// The ramdisk.
    pub ramdisk: Range,
}

impl From<MapError> for Failure {
    fn from(error: MapError) -> Failure {
        Failure::Map(error)
    }
}

impl Ranges {
    /// No range.
    pub const fn new() -> Ranges {
        Ranges { list: [Range { start: 0, end: 0 }; MAX_RANGES], len: 0 }
    }

    /// Whether any of them shares an address with `other`.
    pub fn overlap(&self, other: Range) -> bool {
        self.list.iter().take(self.len).any(|range| range.overlaps(other))
    }

    /// Adds a frame, at the end of the last range if it fits there.
    pub fn push_frame(&mut self, frame: u64) -> Result<(), Failure> {
        let end = frame + FRAME_BYTES as u64;
        let last = self.len.checked_sub(1).and_then(|last| self.list.get_mut(last));
        if let Some(last) = last.filter(|last| last.end == frame) {
            last.end = end;
            return Ok(());
        }
        *self.list.get_mut(self.len).ok_or(Failure::Scattered)? = Range { start: frame, end };
        self.len += 1;
        Ok(())
    }
}

impl Kept {
    /// Whether the kernel's image has a byte in `range`.
    pub fn image_overlaps(&self, range: Range) -> bool {
        self.constant.overlap(range) || self.data.overlap(range)
    }

    /// Whether the frame at `physical` outlives the bootloader.
    pub fn holds(&self, physical: u64) -> bool {
        let frame = Range { start: physical, end: physical + FRAME_BYTES as u64 };
        self.image_overlaps(frame) || self.ramdisk.to_frames().overlaps(frame)
    }
}

/// Builds the tables. `ramdisk` is where the bootloader mapped it, in virtual addresses.
pub fn build(map: &MemoryMap, ramdisk: Range) -> Result<(Table, Kept), Failure> {
    let (frame, _) = Cr3::read_raw();
    // SAFETY: CR3 holds the root that is active now, and the bootloader maps all memory at DIRECT_BASE.
    let old = unsafe { Table::from_root(frame.start_address().as_u64()) };
    let root = Table::new_root().ok_or(MapError::NoFrame)?;
    let mut kept = Kept { constant: Ranges::new(), data: Ranges::new(), ramdisk: Range::default() };
    copy_segment(old, root, (layout::kernel_rodata(), Rights::Read), &mut kept.constant)?;
    copy_segment(old, root, (layout::kernel_text(), Rights::ReadExecute), &mut kept.constant)?;
    copy_segment(old, root, (layout::kernel_data(), Rights::ReadWrite), &mut kept.data)?;
    kept.ramdisk = physical_range(old, ramdisk)?;
    for region in map.regions() {
        map_directly(root, region.range, &kept)?;
    }
    Ok((root, kept))
}

/// Maps a segment of the kernel where it is, page by page: its frames need not be neighbours.
fn copy_segment(
    old: Table,
    root: Table,
    (segment, rights): (Range, Rights),
    frames: &mut Ranges,
) -> Result<(), Failure> {
    for page in segment.frames() {
        let frame = old.translate(page).ok_or(Failure::Unmapped(page))?;
        root.map(page, frame, rights)?;
        frames.push_frame(frame)?;
    }
    Ok(())
}

/// Where the ramdisk lies; the bootloader loads it in one piece.
fn physical_range(old: Table, range: Range) -> Result<Range, Failure> {
    if range.start == range.end {
        return Ok(Range::default());
    }
    let start = old.translate(range.start).ok_or(Failure::Unmapped(range.start))?;
    let last = old.translate(range.end - 1).ok_or(Failure::Unmapped(range.end))?;
    let whole = Range { start, end: start + (range.end - range.start) };
    if last + 1 == whole.end { Ok(whole) } else { Err(Failure::Scattered) }
}

/// Maps the RAM of `region` at its place in the direct map, in large pages where all 2 MiB are alike.
fn map_directly(root: Table, region: Range, kept: &Kept) -> Result<(), Failure> {
    let mut at = region.start.next_multiple_of(FRAME_BYTES as u64);
    while at + FRAME_BYTES as u64 <= region.end {
        let large = Range { start: at, end: at + LARGE_BYTES };
        let special = kept.image_overlaps(large) || kept.ramdisk.overlaps(large);
        if at.is_multiple_of(LARGE_BYTES) && large.end <= region.end && !special {
            root.map_large(DIRECT_BASE + at, at, Rights::ReadWrite)?;
            at = large.end;
        } else {
            map_frame(root, at, kept)?;
            at += FRAME_BYTES as u64;
        }
    }
    Ok(())
}

fn map_frame(root: Table, at: u64, kept: &Kept) -> Result<(), Failure> {
    let frame = Range { start: at, end: at + FRAME_BYTES as u64 };
    if kept.image_overlaps(frame) {
        return Ok(());
    }
    let rights = if kept.ramdisk.overlaps(frame) { Rights::Read } else { Rights::ReadWrite };
    Ok(root.map(DIRECT_BASE + at, at, rights)?)
}
