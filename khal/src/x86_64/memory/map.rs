//! The memory map, as the bootloader found it.
//!
//! Owns a copy: the bootloader's own list lies in memory that is reclaimed. Neighbours of one kind
//! are merged, because UEFI firmware reports over a hundred of them. Only RAM is kept; what the
//! firmware reserves is no memory of ours.

use bootloader_api::info::{MemoryRegion, MemoryRegionKind};

use super::layout::Range;

/// Below this, firmware keeps tables and the start of other cores needs a page.
pub const LOW_MEMORY_END: u64 = 1 << 20;
const MAX_REGIONS: usize = 128;

/// What a region of RAM is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Nobody's.
    Free,
    /// In use by the bootloader: the kernel, the ramdisk, page tables, boot information.
    Loader,
}

/// A merged region of RAM.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// Physical addresses.
    pub range: Range,
    /// Its use at the moment of boot.
    pub kind: Kind,
}

/// All RAM.
pub struct MemoryMap {
    regions: [Region; MAX_REGIONS],
    len: usize,
}

impl MemoryMap {
    /// A map of nothing.
    pub const fn empty() -> MemoryMap {
        let none = Region { range: Range { start: 0, end: 0 }, kind: Kind::Loader };
        MemoryMap { regions: [none; MAX_REGIONS], len: 0 }
    }

    /// Copies what the bootloader found. Regions past the table's end are left out: that memory is
    /// then not used, which is safe.
    pub fn fill(&mut self, found: &[MemoryRegion]) {
        for region in found {
            let kind = match region.kind {
                MemoryRegionKind::Usable => Kind::Free,
                MemoryRegionKind::Bootloader => Kind::Loader,
                _ => continue,
            };
            self.push(Region { range: Range { start: region.start, end: region.end }, kind });
        }
    }

    /// The regions, in the firmware's order.
    pub fn regions(&self) -> &[Region] {
        self.regions.get(..self.len).unwrap_or_default()
    }

    /// One past the highest byte of RAM.
    pub fn end(&self) -> u64 {
        self.regions().iter().map(|region| region.range.end).max().unwrap_or(0)
    }

    /// Bytes of RAM in all.
    pub fn bytes(&self) -> u64 {
        self.regions().iter().map(|region| region.range.end - region.range.start).sum()
    }

    /// The lowest free frame below 1 MiB, frame 0 excepted: where another core can begin.
    pub fn low_frame(&self) -> Option<u64> {
        let free = self.regions().iter().filter(|region| region.kind == Kind::Free);
        free.map(|region| region.range)
            .filter_map(|range| {
                let start = range.start.next_multiple_of(4096).max(4096);
                (start + 4096 <= range.end.min(LOW_MEMORY_END)).then_some(start)
            })
            .min()
    }

    fn push(&mut self, region: Region) {
        let last = self.len.checked_sub(1).and_then(|last| self.regions.get_mut(last));
        match last {
            Some(last) if last.kind == region.kind && last.range.end == region.range.start => {
                last.range.end = region.range.end;
            }
            _ => {
                if let Some(place) = self.regions.get_mut(self.len) {
                    *place = region;
                    self.len += 1;
                }
            }
        }
    }
}
