//! Where everything lies in the one address space.
//!
//! The lower half is empty: no identity map, and a null pointer faults. Of the upper half four
//! regions are used, each far from the next; a leaf outside them is stray, and `audit` finds it.
//!
//! | from                  | what                                           | rights            |
//! |-----------------------|------------------------------------------------|-------------------|
//! | `0xffff_8000_0000_0000` | direct map of RAM, firmware tables and ramdisk | RW or R, never X  |
//! | `0xffff_e000_0000_0000` | stacks, each above its guard page              | RW                |
//! | `0xffff_f000_0000_0000` | device registers, uncached                     | RW                |
//! | `0xffff_ffff_8020_0000` | the kernel (`tessera.ld`)                      | R, RX, RW         |

/// Bytes in a frame and in a small page.
pub const FRAME_BYTES: usize = 4096;
/// Bytes in a large page.
pub const LARGE_BYTES: u64 = 2 << 20;

/// Physical address 0 appears here; the bootloader is asked for the same base, so that pointers made
/// before the take-over stay good.
pub const DIRECT_BASE: u64 = 0xffff_8000_0000_0000;
/// End of the direct map: it covers at most this much physical memory (32 TiB).
pub const DIRECT_END: u64 = 0xffff_a000_0000_0000;
/// First stack slot.
pub const STACKS_BASE: u64 = 0xffff_e000_0000_0000;
/// First device mapping.
pub const DEVICES_BASE: u64 = 0xffff_f000_0000_0000;
/// End of the device mappings (1 TiB is far more than the registers of any machine).
pub const DEVICES_END: u64 = DEVICES_BASE + (1 << 40);

/// A range of addresses, virtual or physical; the end is exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Range {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
}

impl Range {
    /// Whether the two have an address in common.
    pub fn overlaps(self, other: Range) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `address` lies inside.
    pub fn contains(self, address: u64) -> bool {
        self.start <= address && address < self.end
    }

    /// Grown to whole frames.
    pub fn to_frames(self) -> Range {
        let mask = FRAME_BYTES as u64 - 1;
        Range { start: self.start & !mask, end: (self.end + mask) & !mask }
    }

    /// How many frames it touches.
    pub fn frame_count(self) -> usize {
        let whole = self.to_frames();
        ((whole.end - whole.start) / FRAME_BYTES as u64) as usize
    }

    /// The starts of the frames (or small pages) it touches.
    pub fn frames(self) -> impl Iterator<Item = u64> {
        let whole = self.to_frames();
        (whole.start..whole.end).step_by(FRAME_BYTES)
    }
}

unsafe extern "C" {
    static __rodata_start: u8;
    static __rodata_end: u8;
    static __text_start: u8;
    static __text_end: u8;
    static __data_start: u8;
    static __data_end: u8;
}

/// Read-only data of the kernel, in virtual addresses.
pub fn kernel_rodata() -> Range {
    Range { start: &raw const __rodata_start as u64, end: &raw const __rodata_end as u64 }
}

/// The kernel's instructions.
pub fn kernel_text() -> Range {
    Range { start: &raw const __text_start as u64, end: &raw const __text_end as u64 }
}

/// The kernel's variables.
pub fn kernel_data() -> Range {
    Range { start: &raw const __data_start as u64, end: &raw const __data_end as u64 }
}
