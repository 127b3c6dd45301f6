//! The host's memory: the system's allocator, which has no reserve to keep.

use core::alloc::Layout;
use std::alloc::{GlobalAlloc, System};

use crate::contain::charge::Source;

/// Free and total frames: the host has none of its own.
pub(crate) fn frames() -> (usize, usize) {
    (0, 0)
}

/// A block for `layout`, or null.
///
/// # Safety
/// `layout` has a non-zero size.
pub(crate) unsafe fn alloc(layout: Layout, _source: Source) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { System.alloc(layout) }
}

/// A zeroed block for `layout`, or null.
///
/// # Safety
/// `layout` has a non-zero size.
pub(crate) unsafe fn alloc_zeroed(layout: Layout, _source: Source) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { System.alloc_zeroed(layout) }
}

/// Gives a block back.
///
/// # Safety
/// `block` came from here, for `layout`.
pub(crate) unsafe fn dealloc(block: *mut u8, layout: Layout) {
    // SAFETY: the caller's promise.
    unsafe { System.dealloc(block, layout) }
}

/// Resizes a block, moving it if need be; null leaves it as it was.
///
/// # Safety
/// `block` came from here, for `layout`; `new_size` is not zero and does not overflow when aligned.
pub(crate) unsafe fn realloc(block: *mut u8, layout: Layout, new_size: usize, _source: Source) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { System.realloc(block, layout, new_size) }
}
