//! Page tables: four levels, leaves of 4 KiB and 2 MiB (SDM volume 3, 4.5).
//!
//! Owns the encoding of entries. A `Table` is only ever made from a root or from an entry that points
//! to a table, so its frame holds 512 entries and is reached through the direct map. Entries are
//! atomics because the processor reads them, and sets accessed and dirty bits, behind our back.
//! Rights that are writable and executable at once cannot be said here. It holds no lock: `space`
//! does; and it flushes nothing: entries only go from absent to present, which no TLB remembers.

use core::sync::atomic::{AtomicU64, Ordering};

use super::layout::{FRAME_BYTES, LARGE_BYTES};
use super::{direct, frames};

const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
/// PWT and PCD: entry 3 of the page attribute table, uncacheable since reset (SDM volume 3, 11.12.4).
const UNCACHED: u64 = 1 << 3 | 1 << 4;
const LARGE: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// What a leaf allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rights {
    /// Constants.
    Read,
    /// Instructions.
    ReadExecute,
    /// Memory.
    ReadWrite,
    /// Device registers: uncached.
    Device,
}

/// Why a page could not be mapped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapError {
    /// No frame for a table.
    NoFrame,
    /// Something is mapped there already.
    Occupied,
}

/// A leaf, as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    /// Physical address of its first byte.
    pub physical: u64,
    /// 4 KiB or 2 MiB (or 1 GiB, which only a bootloader would use).
    pub bytes: u64,
    /// Whether stores are allowed.
    pub writable: bool,
    /// Whether instructions may be fetched.
    pub executable: bool,
}

/// What an entry of a table says.
pub enum Entry {
    /// Nothing.
    Absent,
    /// A table of the next level.
    Table(Table),
    /// A page.
    Leaf(Leaf),
}

/// A live table of some level, 4 (the root) to 1.
#[derive(Clone, Copy)]
pub struct Table {
    physical: u64,
    level: u32,
}

impl Rights {
    const fn bits(self) -> u64 {
        match self {
            Rights::Read => PRESENT | NO_EXECUTE,
            Rights::ReadExecute => PRESENT,
            Rights::ReadWrite => PRESENT | WRITABLE | NO_EXECUTE,
            Rights::Device => PRESENT | WRITABLE | NO_EXECUTE | UNCACHED,
        }
    }
}

impl Table {
    /// A root with nothing in it; `None` without a frame.
    pub fn new_root() -> Option<Table> {
        Some(Table { physical: cleared_frame()?, level: 4 })
    }

    /// The root at `physical`.
    ///
    /// # Safety
    /// A root table lies there, in the direct map, and stays.
    pub unsafe fn from_root(physical: u64) -> Table {
        Table { physical: physical & ADDRESS, level: 4 }
    }

    /// What CR3 wants.
    pub fn physical(self) -> u64 {
        self.physical
    }

    /// Maps the small page at `address` to the frame at `physical`.
    pub fn map(self, address: u64, physical: u64, rights: Rights) -> Result<(), MapError> {
        self.set_leaf(1, address, physical | rights.bits())
    }

    /// Maps the 2 MiB at `address` to the 2 MiB at `physical`, both aligned to that.
    pub fn map_large(self, address: u64, physical: u64, rights: Rights) -> Result<(), MapError> {
        self.set_leaf(2, address, physical | rights.bits() | LARGE)
    }

    /// The leaf that covers `address`.
    pub fn lookup(self, address: u64) -> Option<Leaf> {
        match self.read(index_of(address, self.level)) {
            Entry::Absent => None,
            Entry::Leaf(leaf) => Some(leaf),
            Entry::Table(next) => next.lookup(address),
        }
    }

    /// Where `address` leads.
    pub fn translate(self, address: u64) -> Option<u64> {
        self.lookup(address).map(|leaf| leaf.physical + (address & (leaf.bytes - 1)))
    }

    /// What entry `index` (0 to 511) says.
    pub fn read(self, index: usize) -> Entry {
        // Relaxed: entries are published by the lock that `space` holds, or written before any reader.
        let bits = self.entry(index).load(Ordering::Relaxed);
        if bits & PRESENT == 0 {
            Entry::Absent
        } else if self.level == 1 || bits & LARGE != 0 {
            Entry::Leaf(self.leaf(bits))
        } else {
            Entry::Table(Table { physical: bits & ADDRESS, level: self.level - 1 })
        }
    }

    /// Lets this root share everything in the upper half with `other`, as of now.
    pub fn share_upper_half(self, other: Table) {
        for index in 256..512 {
            self.entry(index).store(other.entry(index).load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// Frees the tables (not the pages) below entry `index` of this root, and clears the entry. No
    /// core may be using them.
    pub fn drop_tables_below(self, index: usize) {
        if let Entry::Table(table) = self.read(index) {
            (0..512).for_each(|below| table.drop_tables_below(below));
            frames::free(table.physical, 1);
        }
        self.entry(index).store(0, Ordering::Relaxed);
    }

    fn leaf(self, bits: u64) -> Leaf {
        let bytes = (FRAME_BYTES as u64) << (9 * (self.level - 1));
        Leaf {
            physical: bits & ADDRESS & !(bytes - 1),
            bytes,
            writable: bits & WRITABLE != 0,
            executable: bits & NO_EXECUTE == 0,
        }
    }

    fn set_leaf(self, level: u32, address: u64, bits: u64) -> Result<(), MapError> {
        let index = index_of(address, self.level);
        if self.level == level {
            let entry = self.entry(index);
            if entry.load(Ordering::Relaxed) & PRESENT != 0 {
                return Err(MapError::Occupied);
            }
            // Release: pairs with the page walk, which must see the page's own earlier stores.
            entry.store(bits, Ordering::Release);
            return Ok(());
        }
        match self.read(index) {
            Entry::Leaf(_) => Err(MapError::Occupied),
            Entry::Table(next) => next.set_leaf(level, address, bits),
            Entry::Absent => {
                let physical = cleared_frame().ok_or(MapError::NoFrame)?;
                // Rights are decided at the leaf; a table allows everything but users.
                self.entry(index).store(physical | PRESENT | WRITABLE, Ordering::Release);
                Table { physical, level: self.level - 1 }.set_leaf(level, address, bits)
            }
        }
    }

    fn entry(self, index: usize) -> &'static AtomicU64 {
        let address = direct::pointer(self.physical) as usize + (index & 511) * size_of::<u64>();
        // SAFETY: the frame is a live table (see the module), so the masked index is inside it, aligned,
        // and everyone goes through atomics. Tables of the kernel are never freed while in use.
        unsafe { AtomicU64::from_ptr(address as *mut u64) }
    }
}

fn index_of(address: u64, level: u32) -> usize {
    (address >> (12 + 9 * (level - 1))) as usize & 511
}

fn cleared_frame() -> Option<u64> {
    let physical = frames::allocate_contiguous(1)?;
    // SAFETY: the frame was just given to us and lies in the direct map.
    unsafe { direct::pointer(physical).write_bytes(0, FRAME_BYTES) };
    Some(physical)
}

const _: () = assert!(LARGE_BYTES == (FRAME_BYTES as u64) << 9);
