//! A value for each core.
//!
//! The own core's slot is reached under a preemption guard, so it stays the own one while it is used;
//! any core's slot may be read by whoever shows figures. Slots are shared references in both cases:
//! what changes in them is atomic, or behind a lock of its own.

use core::fmt;

use super::PreemptGuard;
use crate::cpu::{self, CoreId, MAX_CORES};

/// `MAX_CORES` slots of `T`, each on cache lines of its own.
pub struct PerCore<T> {
    slots: [Slot<T>; MAX_CORES],
}

#[repr(align(64))]
struct Slot<T>(T);

impl<T> PerCore<T> {
    /// A slot for each core, made by `fill`.
    pub fn new(mut fill: impl FnMut(CoreId) -> T) -> PerCore<T> {
        // The array has MAX_CORES slots, so every index is a core number.
        PerCore { slots: core::array::from_fn(|i| Slot(fill(CoreId::new(i).unwrap_or(CoreId::BOOT)))) }
    }

    /// This core's slot; the guard keeps it this core's.
    pub fn get<'a>(&'a self, _guard: &'a PreemptGuard) -> &'a T {
        self.of(cpu::current())
    }

    /// `core`'s slot.
    pub fn of(&self, core: CoreId) -> &T {
        let [first, ..] = &self.slots;
        &self.slots.get(core.index()).unwrap_or(first).0
    }

    /// The slots of this machine's cores, in order.
    pub fn iter(&self) -> impl Iterator<Item = (CoreId, &T)> {
        cpu::all().map(|core| (core, self.of(core)))
    }
}

impl<T> fmt::Debug for PerCore<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerCore").finish_non_exhaustive()
    }
}
