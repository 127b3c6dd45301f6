//! The border as it is inside an actor: imported host calls, linear memory, the heap, and panics.
//!
//! Owns: every `unsafe` of the SDK. Its safe functions hold because a host call reads and writes only
//! where a [`Lent`] says, and a `Lent` is only made from a slice that stays borrowed meanwhile.
//! Invariant: one actor is one thread, so the heap needs no lock.
//! Does not: interpret answers ([`super`] does).

use core::alloc::Layout;
use core::fmt::Write;
use core::panic::PanicInfo;
use core::ptr::{NonNull, with_exposed_provenance_mut};

use talc::base::{Talc, binning::Binning};
use talc::cell::TalcSyncCell;
use talc::source::Source;
use talc::wasm::WasmBinning;
use tessera_abi::{Line, for_each_host_call};

/// A slice that is lent to the kernel for the time of a host call.
#[derive(Clone, Copy)]
pub struct Lent {
    address: u32,
    len_bytes: u32,
}

impl Lent {
    /// Where it begins in linear memory.
    pub const fn address(self) -> u32 {
        self.address
    }

    /// How long it is.
    pub const fn len_bytes(self) -> u32 {
        self.len_bytes
    }
}

/// Lends bytes to read from.
pub fn lend<R>(bytes: &[u8], call: impl FnOnce(Lent) -> R) -> R {
    call(Lent { address: bytes.as_ptr().expose_provenance() as u32, len_bytes: bytes.len() as u32 })
}

/// Lends bytes to write to.
pub fn lend_mut<R>(bytes: &mut [u8], call: impl FnOnce(Lent) -> R) -> R {
    call(Lent { address: bytes.as_mut_ptr().expose_provenance() as u32, len_bytes: bytes.len() as u32 })
}

/// How each meaning of an argument is spelt in a stub: as itself, but for addresses.
mod stub {
    pub use tessera_abi::arg::{Deadline, Handle, Length, Number, RightBits, Word};
    pub type Address = super::Lent;
}

trait Lower {
    type Bits;
    fn lower(self) -> Self::Bits;
}

macro_rules! lower {
    ($($from:ty => $to:ty, $self:ident, $value:expr;)*) => {$(
        impl Lower for $from {
            type Bits = $to;

            fn lower($self) -> $to {
                $value
            }
        }
    )*};
}
lower! {
    u32 => u32, self, self;
    u64 => u64, self, self;
    Lent => u32, self, self.address;
}

macro_rules! declare_stubs {
    ($($number:literal $variant:ident $name:ident($($arg:ident: $meaning:ident),*) needs $needs:ident [$($right:ident)*]
        gives $gives:literal refuses [$($error:ident)*] $prose:literal;)*) => {
        mod import {
            #[link(wasm_import_module = "tessera")]
            unsafe extern "C" {
                $(pub fn $name($($arg: tessera_abi::arg::$meaning),*) -> i64;)*
            }
        }

        $(#[doc = $prose]
        pub fn $name($($arg: stub::$meaning),*) -> i64 {
            // SAFETY: the kernel touches this actor's memory only between the address and the length
            // that it is given; both come from a `Lent`, whose slice is borrowed until this returns.
            unsafe { import::$name($(Lower::lower($arg)),*) }
        })*
    };
}
for_each_host_call!(declare_stubs);

/// A value that only one thread can ever see, because there is only one.
#[derive(Debug)]
pub struct Alone<T>(T);

// SAFETY: the SDK is built for Wasm without threads, and an actor's instance is run by one core at a time.
unsafe impl<T> Sync for Alone<T> {}

impl<T> Alone<T> {
    /// Keeps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn get(&self) -> &T {
        &self.0
    }
}

/// Where control does not come back to.
pub fn never() -> ! {
    core::arch::wasm32::unreachable()
}

/// Grows linear memory for the heap, by as much as is asked for: with the page size of one byte that
/// small actors are linked for, an actor has hardly more memory than it uses.
#[derive(Debug)]
struct GrowMemory;

impl GrowMemory {
    /// The least growth: growing has a price, and so has a heap of its own for every growth.
    const STEP_BYTES: usize = 4096;

    /// What the allocator needs around one allocation in a fresh heap.
    const OVERHEAD_BYTES: usize = 64;

    fn page_bytes() -> usize {
        unsafe extern "C" {
            /// The linker puts this symbol at the end of the first page.
            safe static __wasm_first_page_end: u8;
        }
        (&raw const __wasm_first_page_end).addr()
    }
}

// SAFETY: does not allocate, and hands over only memory that `memory.grow` has just made.
unsafe impl Source for GrowMemory {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let wanted = layout.size() + layout.align() + Self::OVERHEAD_BYTES;
        let page_bytes = Self::page_bytes();
        let pages = wanted.max(Self::STEP_BYTES).div_ceil(page_bytes);
        let before = core::arch::wasm32::memory_grow::<0>(pages);
        if before == usize::MAX {
            return Err(());
        }
        let base = with_exposed_provenance_mut(before * page_bytes);
        // SAFETY: these pages did not exist a moment ago, so nobody else uses them.
        let claimed: Option<NonNull<u8>> = unsafe { talc.claim(base, pages * page_bytes) };
        claimed.map(|_| ()).ok_or(())
    }
}

#[global_allocator]
static HEAP: TalcSyncCell<GrowMemory, WasmBinning> = TalcSyncCell::new_wasm(GrowMemory);

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let mut text = Line::EMPTY;
    // A message that is too long arrives cut; there is nothing better to do about it here.
    let _cut = match info.location() {
        Some(place) => write!(text, "{}:{}: {}", place.file(), place.line(), info.message()),
        None => write!(text, "{}", info.message()),
    };
    super::panic(text.as_str())
}
