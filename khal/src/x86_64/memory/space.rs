//! The kernel's address space: the one set of tables that every core runs on.
//!
//! Owns the root and the right to change it. Mappings are only ever added: an entry goes from absent
//! to present, so no core's TLB can hold anything stale and no shoot-down exists. Lock order: `ROOT`
//! is taken under the locks of `stacks` and `devices`, and takes the frame allocator's.

use crate::sync::{Mutex, Order, Rank};

use super::layout::Range;
use super::tables::{MapError, Rights, Table};
use super::{direct, layout};

static ROOT: Mutex<Option<Table>> = Mutex::new(Rank::of(&Order { order: 61, name: "address space" }), None);

/// Makes `root` the kernel's address space. Called once, before `root` becomes active.
pub fn install(root: Table) {
    *ROOT.lock() = Some(root);
}

/// The root; what CR3 holds on every core from the take-over on.
pub fn root() -> Option<Table> {
    *ROOT.lock()
}

/// Maps one small page.
pub fn map(address: u64, physical: u64, rights: Rights) -> Result<(), MapError> {
    let root = ROOT.lock();
    root.as_ref().ok_or(MapError::NoFrame)?.map(address, physical, rights)
}

/// Lets the kernel read the `bytes` of firmware tables at `physical`, in their place in the direct
/// map. Frames that are mapped there already stay as they are.
pub fn map_firmware(physical: u64, bytes: usize) -> Result<*const u8, MapError> {
    let range = Range { start: physical, end: physical + bytes as u64 };
    if range.end > layout::DIRECT_END - layout::DIRECT_BASE {
        return Err(MapError::Occupied);
    }
    let root = ROOT.lock();
    let table = root.as_ref().ok_or(MapError::NoFrame)?;
    for frame in range.frames() {
        let page = layout::DIRECT_BASE + frame;
        if table.lookup(page).is_none() {
            table.map(page, frame, Rights::Read)?;
        }
    }
    Ok(direct::pointer(physical))
}
