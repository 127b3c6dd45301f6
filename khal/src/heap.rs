//! The kernel's heap: one global allocator that counts, charges, and then asks the backend.
//!
//! Every allocation is charged to the meter of the innermost `contain` scope of the current thread
//! before memory is taken, and refused (a null, hence an error or an unwind) past its limit.
//! Allocations outside every scope, or in a `contain::leave`, are the kernel's own: uncharged, and
//! they alone may use the backend's last reserve. Byte and allocation counts are kept per core,
//! because one shared counter would be the most contended word of the machine.
//! Lock order: the backend's heap lock is a leaf; nothing is taken under it.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::backend;
use crate::contain::charge;
use crate::cpu::MAX_CORES;

/// The heap's state at about this moment; exact when no other core allocates.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct HeapStats {
    /// Bytes asked for and not freed.
    pub bytes: usize,
    /// Allocations not freed.
    pub live: usize,
    /// 4 KiB frames free in the machine (host: 0).
    pub frames_free: usize,
    /// 4 KiB frames the machine has for use (host: 0).
    pub frames_total: usize,
}

/// Counts and frames, summed over all cores.
pub fn stats() -> HeapStats {
    let (frames_free, frames_total) = backend::heap::frames();
    let mut sum = HeapStats { frames_free, frames_total, ..HeapStats::default() };
    for slot in &COUNTS {
        sum.bytes = sum.bytes.wrapping_add(slot.bytes.load(Relaxed));
        sum.live = sum.live.wrapping_add(slot.live.load(Relaxed));
    }
    sum
}

/// The global allocator. khal declares the one instance itself.
#[derive(Debug)]
pub struct KernelHeap;

/// One core's share of the counts; frees on another core make it wrap, the sum is right.
#[repr(align(64))]
struct Counts {
    bytes: AtomicUsize,
    live: AtomicUsize,
}

// Relaxed throughout: the counts order nothing, they are only read as figures.
static COUNTS: [Counts; MAX_CORES] =
    [const { Counts { bytes: AtomicUsize::new(0), live: AtomicUsize::new(0) } }; MAX_CORES];

fn count(bytes: usize, live: usize) {
    // The core may change under us: the addition is atomic, and any slot will do.
    if let Some(slot) = COUNTS.get(backend::cpu::current().index()) {
        slot.bytes.fetch_add(bytes, Relaxed);
        slot.live.fetch_add(live, Relaxed);
    }
}

// SAFETY: memory comes from the backend's heap, which hands out blocks that fit the layout and
// overlap no other; this layer only refuses before it asks.
unsafe impl GlobalAlloc for KernelHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(ticket) = charge::take(layout.size()) else { return ptr::null_mut() };
        // SAFETY: the caller promises a layout of non-zero size.
        let block = unsafe { backend::heap::alloc(layout, ticket.source()) };
        if block.is_null() {
            ticket.refund();
        } else {
            count(layout.size(), 1);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller promises that `block` came from `alloc` with this layout.
        unsafe { backend::heap::dealloc(block, layout) };
        charge::give(layout.size());
        count(layout.size().wrapping_neg(), 1_usize.wrapping_neg());
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(ticket) = charge::take(layout.size()) else { return ptr::null_mut() };
        // SAFETY: the caller promises a layout of non-zero size.
        let block = unsafe { backend::heap::alloc_zeroed(layout, ticket.source()) };
        if block.is_null() {
            ticket.refund();
        } else {
            count(layout.size(), 1);
        }
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let Some(ticket) = charge::resize(layout.size(), new_size) else { return ptr::null_mut() };
        // SAFETY: the caller promises `block` and `layout` as for `dealloc`, and a valid new size.
        let moved = unsafe { backend::heap::realloc(block, layout, new_size, ticket.source()) };
        if moved.is_null() {
            ticket.refund();
        } else {
            count(new_size.wrapping_sub(layout.size()), 0);
        }
        moved
    }
}
