//! The kernel's lock: a spin lock that holds preemption off and knows its rank.
//!
//! Invariant: the lock word is released before the preemption guard drops, since that drop may be a
//! forced switch; the fields of `MutexGuard` are in that order. A guard is not `Send`: it belongs to
//! the core that took it. A panic while the lock is held releases it and does not poison it: inside
//! containment no kernel lock is held across the actor's code, and outside a panic is the end.

use core::fmt;
use core::ops::{Deref, DerefMut};

use super::measure;
use super::{PreemptGuard, Rank};

#[cfg(loom)]
use loom::sync::{Mutex as Raw, MutexGuard as RawGuard};
#[cfg(not(loom))]
type Raw<T> = spin::mutex::SpinMutex<T, Relax>;
#[cfg(not(loom))]
type RawGuard<'a, T> = spin::mutex::SpinMutexGuard<'a, T, Relax>;

/// What to do while another core holds the lock: on the host, let its OS thread run.
#[cfg(not(loom))]
struct Relax;

#[cfg(not(loom))]
impl spin::RelaxStrategy for Relax {
    #[inline]
    fn relax() {
        super::relax();
    }
}

/// Whether the order of ranks is checked. Not under loom, whose threads share one OS thread, and so
/// what is kept for it.
const CHECKED: bool = cfg!(all(debug_assertions, not(loom)));

/// Mutual exclusion between cores, for short sections that do not block.
pub struct Mutex<T: ?Sized> {
    rank: Rank,
    raw: Raw<T>,
}

impl<T> Mutex<T> {
    /// A free lock around `value`.
    #[cfg(not(loom))]
    pub const fn new(rank: Rank, value: T) -> Mutex<T> {
        Mutex { rank, raw: Raw::new(value) }
    }

    /// A free lock around `value`. Not `const` under loom.
    #[cfg(loom)]
    pub fn new(rank: Rank, value: T) -> Mutex<T> {
        Mutex { rank, raw: Raw::new(value) }
    }

    /// The value, without the lock.
    pub fn into_inner(self) -> T {
        #[cfg(not(loom))]
        return self.raw.into_inner();
        #[cfg(loom)]
        return self.raw.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Takes the lock, spinning until it is free. Debug builds panic if a lock of this rank or a
    /// higher one is already held here.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        let preempt = PreemptGuard::new();
        if CHECKED {
            crate::backend::thread::core_local().check_order(self.rank);
        }
        #[cfg(not(loom))]
        let (raw, waited) = match self.raw.try_lock() {
            Some(raw) => (raw, false),
            None => (self.raw.lock(), true),
        };
        #[cfg(loom)]
        let (raw, waited) = (self.raw.lock().unwrap_or_else(|poisoned| poisoned.into_inner()), true);
        self.guard(raw, preempt, waited)
    }

    /// Takes the lock if it is free at this moment. Since it does not wait, any rank may.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let preempt = PreemptGuard::new();
        #[cfg(not(loom))]
        let raw = self.raw.try_lock()?;
        #[cfg(loom)]
        let raw = self.raw.try_lock().ok()?;
        Some(self.guard(raw, preempt, false))
    }

    /// The value, when no one else can reach the lock.
    pub fn get_mut(&mut self) -> &mut T {
        #[cfg(not(loom))]
        return self.raw.get_mut();
        #[cfg(loom)]
        return self.raw.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
    }

    #[inline]
    fn guard<'a>(&self, raw: RawGuard<'a, T>, preempt: PreemptGuard, waited: bool) -> MutexGuard<'a, T> {
        if CHECKED {
            crate::backend::thread::core_local().note_held(self.rank);
        }
        let note = Note { rank: self.rank, since: measure::lock_taken(waited) };
        MutexGuard { note, raw, _preempt: preempt }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").field("rank", &self.rank).finish_non_exhaustive()
    }
}

/// The right to the value, until dropped.
#[must_use = "the lock is free again when the guard drops"]
pub struct MutexGuard<'a, T: ?Sized> {
    // In order of their drops: note the hold, release the lock, allow preemption.
    note: Note,
    raw: RawGuard<'a, T>,
    _preempt: PreemptGuard,
}

impl<T: ?Sized> MutexGuard<'_, T> {
    /// The rank of the lock that is held.
    pub fn rank(&self) -> Rank {
        self.note.rank
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.raw
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.raw
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// A hold's rank and beginning, written down when it ends.
struct Note {
    rank: Rank,
    since: u64,
}

impl Drop for Note {
    #[inline]
    fn drop(&mut self) {
        measure::held(self.rank, self.since);
        if CHECKED {
            crate::backend::thread::core_local().note_released(self.rank);
        }
    }
}
