//! From real mode to the kernel: the page in which another processor begins.
//!
//! A start-up interrupt makes a processor run at a page below 1 MiB, in real mode (SDM volume 3,
//! 8.4.4). The code here goes from there to long mode in one step, on temporary tables: the kernel's
//! upper half, and this one page at its own address, executable and not writable. Words at its
//! beginning tell it where to go on. Owns the low frame and the temporary tables while it exists;
//! both are gone when `remove` returns, and no table of the kernel ever has an identity mapping.

use core::arch::{global_asm, naked_asm};
use core::mem::offset_of;

use crate::cpu::CoreId;
use crate::x86_64::boot::{CR0, CR4};
use crate::x86_64::memory::{self, FRAME_BYTES, Rights, Table, direct, frames, space};

// Real-mode addresses are offsets into the page: the start-up interrupt made CS its segment. The
// words that the code reads stand at its beginning (`Words`), so that they are plain numbers here.
global_asm!(
    ".pushsection .rodata.khal_trampoline, \"a\"",
    ".balign 16",
    ".global khal_trampoline_start, khal_trampoline_long, khal_trampoline_end",
    ".code16",
    "khal_trampoline_start:",
    ".byte 0xeb, {skip}", // jmp over the words
    ".skip {skip}",
    "cli",
    "cld",
    "mov ax, cs",
    "mov ds, ax",
    ".byte 0x66, 0x0f, 0x01, 0x16", // lgdt [disp16]
    ".word {gdtr}",
    "mov eax, ds:[{temporary_root}]",
    "mov cr3, eax",
    "mov eax, {cr4}",
    "mov cr4, eax",
    "mov ecx, 0xc0000080", // EFER
    "rdmsr",
    "or eax, 0x900", // LME and NXE
    "wrmsr",
    "mov eax, {cr0}", // protection and paging at once: long mode (SDM volume 3, 9.8.5)
    "mov cr0, eax",
    ".byte 0x66, 0xff, 0x2e", // ljmp dword ptr [disp16], to the 64-bit segment
    ".word {far}",
    ".code64",
    "khal_trampoline_long:",
    "mov rax, [rip + khal_trampoline_start + {root}]",
    "mov rsp, [rip + khal_trampoline_start + {stack_top}]",
    "mov rdi, [rip + khal_trampoline_start + {core}]",
    "mov rdx, [rip + khal_trampoline_start + {entry}]",
    "xor ebp, ebp",
    "jmp rdx",
    "khal_trampoline_end:",
    ".popsection",
    skip = const WORDS_AT + size_of::<Words>() - 2,
    gdtr = const WORDS_AT + offset_of!(Words, gdt_limit),
    temporary_root = const WORDS_AT + offset_of!(Words, temporary_root),
    far = const WORDS_AT + offset_of!(Words, far_offset),
    root = const WORDS_AT + offset_of!(Words, root),
    stack_top = const WORDS_AT + offset_of!(Words, stack_top),
    core = const WORDS_AT + offset_of!(Words, core),
    entry = const WORDS_AT + offset_of!(Words, entry),
    cr0 = const CR0,
    cr4 = const CR4,
);

unsafe extern "C" {
    static khal_trampoline_start: u8;
    static khal_trampoline_long: u8;
    static khal_trampoline_end: u8;
}

/// Where the words stand in the page.
const WORDS_AT: usize = 8;
const CODE_SEGMENT: u64 = 0x00af_9a00_0000_ffff;
const CODE_SELECTOR: u16 = 8;

/// The page, ready for one processor after the other.
pub struct Trampoline {
    frame: u64,
    tables: Table,
}

/// What the code reads: a descriptor table with its pointer, a far address, and where to go on.
#[repr(C)]
struct Words {
    gdt: [u64; 2],
    temporary_root: u64,
    root: u64,
    stack_top: u64,
    core: u64,
    entry: u64,
    far_offset: u32,
    far_selector: u16,
    /// Limit and base stand together, as LGDT wants them.
    gdt_limit: u16,
    gdt_base: u32,
}

impl Trampoline {
    /// Copies the code to a low frame and builds the tables around it. `None` without either.
    pub fn build() -> Option<Trampoline> {
        let frame = memory::low_frame()?;
        // Real mode can load 32 bits of root; frames are handed out from the lowest.
        let tables = Table::new_root().filter(|root| u32::try_from(root.physical()).is_ok())?;
        tables.share_upper_half(space::root()?);
        tables.map(frame, frame, Rights::ReadExecute).ok()?;
        let bytes = offset(&raw const khal_trampoline_end);
        assert!(bytes <= FRAME_BYTES, "the trampoline is a page");
        // SAFETY: the code is that long, the frame is free RAM that no allocator has, and the two do
        // not overlap.
        unsafe { direct::pointer(frame).copy_from_nonoverlapping(&raw const khal_trampoline_start, bytes) };
        Some(Trampoline { frame, tables })
    }

    /// Where the code lies.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// The next processor to start is `core`, on the stack that ends at `stack_top`.
    pub fn aim(&mut self, core: CoreId, stack_top: usize) {
        let base = self.frame as u32;
        let words = Words {
            gdt: [0, CODE_SEGMENT],
            temporary_root: self.tables.physical(),
            root: space::root().map_or(0, Table::physical),
            stack_top: stack_top as u64,
            core: core.index() as u64,
            entry: enter as *const () as u64,
            far_offset: base + offset(&raw const khal_trampoline_long) as u32,
            far_selector: CODE_SELECTOR,
            gdt_limit: size_of::<[u64; 2]>() as u16 - 1,
            gdt_base: base + (WORDS_AT + offset_of!(Words, gdt)) as u32,
        };
        let place = direct::pointer(self.frame + WORDS_AT as u64).cast::<Words>();
        // SAFETY: inside the frame, aligned to 8, and no processor runs there: the last one has
        // arrived, or was reset.
        unsafe { place.write_volatile(words) };
    }

    /// Frees the tables. All processors that were started have left the page.
    pub fn remove(self) {
        self.tables.drop_tables_below(0);
        frames::free(self.tables.physical(), 1);
    }
}

/// How far into the code `symbol` lies.
fn offset(symbol: *const u8) -> usize {
    symbol as usize - (&raw const khal_trampoline_start) as usize
}

/// The first instructions in the kernel: RAX is its root, RDI the core's number. Only after this is
/// the trampoline's page left behind.
#[unsafe(naked)]
unsafe extern "sysv64" fn enter() -> ! {
    naked_asm!("mov cr3, rax", "fninit", "call {arrive}", "ud2", arrive = sym super::arrive)
}
