//! A cell for at most one thing, which one party puts in and another takes out, without a lock.
//!
//! Owns what is in it. It is for what changes hands in an order made elsewhere: whoever puts something in tells him
//! who is to take it out only afterwards (a gate is fired, an actor is published). So they never meet here, nobody
//! waits, and preemption need not be held off. Should they meet all the same, who comes second finds the cell as if
//! it were not for him: what he would put in comes back, or he finds nothing.
//!
//! | state | put         | take        |
//! |-------|-------------|-------------|
//! | empty | busy, full  | nothing     |
//! | busy  | comes back  | nothing     |
//! | full  | comes back  | busy, empty |
//!
//! Takes no lock and may be used under any. Loom model: `khal/tests/loom.rs`.

use super::atomic::{AtomicU8, Ordering};

#[cfg(loom)]
use loom::cell::UnsafeCell;

const EMPTY: u8 = 0;
const BUSY: u8 = 1;
const FULL: u8 = 2;

/// See the module.
pub struct TakeCell<T> {
    state: AtomicU8,
    thing: UnsafeCell<Option<T>>,
}

// SAFETY: the thing is touched only by whoever has made the state busy, one at a time, and goes with that from one
// thread to another, which it may as it is `Send`.
unsafe impl<T: Send> Sync for TakeCell<T> {}

impl<T> TakeCell<T> {
    /// An empty cell.
    pub fn new() -> Self {
        TakeCell { state: AtomicU8::new(EMPTY), thing: UnsafeCell::new(None) }
    }

    /// Puts `thing` in.
    ///
    /// # Errors
    /// The thing, if the cell is not empty.
    #[inline]
    pub fn put(&self, thing: T) -> Result<(), T> {
        if !self.begin(EMPTY) {
            return Err(thing);
        }
        // SAFETY: the state is busy by this call's doing, so nobody else is at the thing; the pointer is the cell's own.
        self.thing.with_mut(|place| unsafe { *place = Some(thing) });
        // Release, with `begin`.
        self.state.store(FULL, Ordering::Release);
        Ok(())
    }

    /// Takes out what is in it.
    #[inline]
    pub fn take(&self) -> Option<T> {
        if !self.begin(FULL) {
            return None;
        }
        // SAFETY: as in `put`.
        let thing = self.thing.with_mut(|place| unsafe { (*place).take() });
        // Release, with `begin`.
        self.state.store(EMPTY, Ordering::Release);
        thing
    }

    /// Makes the state busy if it is `state`; whether it was.
    #[inline]
    fn begin(&self, state: u8) -> bool {
        // Acquire, with the store that ended the put or take before.
        self.state.compare_exchange(state, BUSY, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

impl<T> Default for TakeCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> core::fmt::Debug for TakeCell<T> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("TakeCell")
    }
}

/// As much of loom's as is used here.
#[cfg(not(loom))]
struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    fn new(value: T) -> Self {
        UnsafeCell(core::cell::UnsafeCell::new(value))
    }

    #[inline]
    fn with_mut<R>(&self, touch: impl FnOnce(*mut T) -> R) -> R {
        touch(self.0.get())
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use alloc::sync::Arc;

    #[test]
    fn what_is_put_in_comes_out_once() {
        let cell = TakeCell::new();
        assert_eq!(cell.take(), None);
        assert_eq!(cell.put(7), Ok(()));
        assert_eq!(cell.put(8), Err(8), "it is full");
        assert_eq!((cell.take(), cell.take()), (Some(7), None));
        assert_eq!(cell.put(9), Ok(()), "it can be used again");
    }

    #[test]
    fn who_comes_into_the_middle_finds_it_not_for_him() {
        let cell = TakeCell::new();
        assert!(cell.begin(EMPTY));
        assert_eq!((cell.put(7), cell.take()), (Err(7), None));
    }

    #[test]
    fn the_cell_owns_what_is_in_it() {
        let thing = Arc::new(7);
        let cell = TakeCell::new();
        assert!(cell.put(thing.clone()).is_ok());
        assert_eq!(Arc::strong_count(&thing), 2);
        drop(cell);
        assert_eq!(Arc::strong_count(&thing), 1);
    }
}
