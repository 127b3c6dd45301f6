//! Memory: who holds which frame, and what is mapped where.
//!
//! Life of it: the bootloader's memory map is copied (`map`), its free part becomes the frame
//! allocator (`frames`), page tables of our own are built (`takeover`) and loaded by `boot`, and then
//! the bootloader's own memory is reclaimed. From there on mappings are only added, by `stacks`,
//! `devices` and `space::map_firmware`. Lock order: device region 58, stack slots 59, address space
//! 61, frames 63; the heap's lock must lie below 63 and is none of this module's.

pub mod audit;
pub mod devices;
pub mod direct;
pub mod frames;
pub mod layout;
pub mod space;
pub mod stacks;

mod map;
mod tables;
mod takeover;

pub(crate) use audit::audit;
pub use layout::FRAME_BYTES;
pub use tables::{MapError, Rights, Table};
pub use takeover::Failure;

use bootloader_api::BootInfo;

use crate::sync::{Mutex, Order, Rank};
use layout::Range;
use map::MemoryMap;
use takeover::Kept;

/// What of the bootloader's information outlives the take-over.
static FOUND: Mutex<Found> = Mutex::new(Rank::of(&Order { order: 57, name: "boot memory" }), Found::new());

struct Found {
    map: MemoryMap,
    kept: Option<Kept>,
}

impl Found {
    const fn new() -> Found {
        Found { map: MemoryMap::empty(), kept: None }
    }
}

/// Builds the allocator and the tables; loading the root is the caller's next step.
pub fn prepare(info: &BootInfo) -> Result<Table, Failure> {
    let mut found = FOUND.lock();
    found.map.fill(&info.memory_regions);
    if !frames::init(&found.map) {
        return Err(Failure::Map(MapError::NoFrame));
    }
    let start = info.ramdisk_addr.into_option().unwrap_or(0);
    let ramdisk = Range { start, end: start + if start == 0 { 0 } else { info.ramdisk_len } };
    let (root, kept) = takeover::build(&found.map, ramdisk)?;
    found.kept = Some(kept);
    space::install(root);
    if stacks::init() { Ok(root) } else { Err(Failure::Map(MapError::NoFrame)) }
}

/// Takes the bootloader's memory. Called once, on our own tables, stack, GDT and IDT: nothing of the
/// bootloader's is in use any more.
pub fn reclaim() {
    let found = FOUND.lock();
    if let Some(kept) = found.kept.as_ref() {
        frames::reclaim(&found.map, |frame| kept.holds(frame));
    }
}

/// The ramdisk, read-only; empty when there is none.
pub fn ramdisk() -> &'static [u8] {
    let Some(range) = FOUND.lock().kept.as_ref().map(|kept| kept.ramdisk) else { return &[] };
    let bytes = (range.end - range.start) as usize;
    // SAFETY: the frames are kept out of the allocator for good, and mapped without a right to write.
    unsafe { core::slice::from_raw_parts(direct::pointer(range.start), bytes) }
}

/// Usable memory found at boot, in bytes.
pub fn bytes() -> u64 {
    FOUND.lock().map.bytes()
}

/// A free frame below 1 MiB, which no allocator manages: where another core's start-up code goes.
pub fn low_frame() -> Option<u64> {
    FOUND.lock().map.low_frame()
}
