//! A place for at most one shared thing, swapped atomically.
//!
//! Owns the reference it holds: what is put in is kept alive until it is taken out or the slot drops.
//! Used for intrusive lists, where the link must not allocate and must be safe to touch through `&`.
//! Takes no lock and may be used under any.

use super::atomic::{AtomicPtr, Ordering};
use alloc::sync::Arc;
use core::marker::PhantomData;
use core::ptr;

/// See the module.
pub struct ArcSlot<T> {
    raw: AtomicPtr<T>,
    /// The slot owns an `Arc<T>`, so it is `Send` and `Sync` only where that is.
    owns: PhantomData<Arc<T>>,
}

impl<T> ArcSlot<T> {
    /// An empty slot.
    pub fn new() -> Self {
        ArcSlot { raw: AtomicPtr::new(ptr::null_mut()), owns: PhantomData }
    }

    /// Puts `new` in and gives back what was there.
    pub fn put(&self, new: Option<Arc<T>>) -> Option<Arc<T>> {
        let new = new.map_or(ptr::null_mut(), |thing| Arc::into_raw(thing).cast_mut());
        // AcqRel: releases the thing put in to, and acquires the thing taken out from, the other
        // `put` of this slot that it exchanges it with.
        let old = self.raw.swap(new, Ordering::AcqRel);
        if old.is_null() {
            return None;
        }
        // SAFETY: every non-null pointer in `raw` came from `Arc::into_raw` above, and the swap took
        // it out, so this reference is claimed exactly once.
        Some(unsafe { Arc::from_raw(old) })
    }
}

impl<T> Default for ArcSlot<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for ArcSlot<T> {
    fn drop(&mut self) {
        drop(self.put(None));
    }
}

impl<T> core::fmt::Debug for ArcSlot<T> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("ArcSlot")
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn the_slot_owns_what_it_holds() {
        let thing = Arc::new(7);
        let slot = ArcSlot::new();
        assert!(slot.put(Some(thing.clone())).is_none());
        assert_eq!(Arc::strong_count(&thing), 2);
        assert_eq!(slot.put(None).as_deref(), Some(&7));
        slot.put(Some(thing.clone()));
        drop(slot);
        assert_eq!(Arc::strong_count(&thing), 1);
    }
}
