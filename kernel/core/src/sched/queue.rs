//! One core's run queue: the owner's end and the thieves' end of [`Levels`].
//!
//! Owns a lock and a count that may be read without it. The locking is obviously right and the
//! roles are types, so a lock-free queue can take its place when a benchmark asks for it. Locks:
//! its own, rank `QUEUE`; never two queues at once (a thief lets go of the victim before it pushes).
//! Loom model: `tests/loom_queue.rs`.

use super::levels::{Levels, Ready};
use crate::ranks;
use alloc::sync::Arc;
use khal::sync::Mutex;
use khal::sync::atomic::{AtomicUsize, Ordering};

/// How many things one theft takes at the most: bounds the time the victim's lock is held.
pub const STEAL_MOST: usize = 32;

/// See the module.
#[derive(Debug)]
pub struct RunQueue<T: Ready> {
    levels: Mutex<Levels<T>>,
    /// Follows `levels.len()`; written under the lock, read without it as a hint for thieves.
    len: AtomicUsize,
}

/// The end of the core whose queue it is.
#[derive(Debug)]
pub struct Owner<'a, T: Ready>(&'a RunQueue<T>);

/// The end of every other core.
#[derive(Debug)]
pub struct Thief<'a, T: Ready>(&'a RunQueue<T>);

impl<T: Ready> RunQueue<T> {
    /// The empty queue of the core with this number.
    pub fn new(core: u8) -> Self {
        RunQueue { levels: Mutex::new(ranks::QUEUE, Levels::new(core)), len: AtomicUsize::new(0) }
    }

    /// The owner's role; only the core itself takes it.
    pub fn owner(&self) -> Owner<'_, T> {
        Owner(self)
    }

    /// A thief's role.
    pub fn thief(&self) -> Thief<'_, T> {
        Thief(self)
    }

    /// Makes `thing` ready here, from any core, behind its equals; at which level.
    pub fn push(&self, thing: Arc<T>) -> usize {
        self.with(|levels| levels.push(thing))
    }

    /// As [`push`](Self::push), before its equals.
    pub fn push_first(&self, thing: Arc<T>) -> usize {
        self.with(|levels| levels.push_first(thing))
    }

    /// Moves `thing`, whose priority has changed, to its level, if it is here and not there already; to which.
    pub fn settle(&self, thing: &Arc<T>) -> Option<usize> {
        self.with(|levels| levels.settle(thing))
    }

    /// Whether something is ready here at a higher level than this one.
    pub fn has_above(&self, level: usize) -> bool {
        self.len_hint() > 0 && self.with(|levels| levels.highest().is_some_and(|highest| highest < level))
    }

    /// How many things were ready a moment ago.
    pub fn len_hint(&self) -> usize {
        // SeqCst: an idle core publishes that it sleeps and then reads this, a waker pushes and then
        // reads who sleeps; one of them must see the other (`Scheduler::rest`).
        self.len.load(Ordering::SeqCst)
    }

    fn with<R>(&self, change: impl FnOnce(&mut Levels<T>) -> R) -> R {
        let mut levels = self.levels.lock();
        let result = change(&mut levels);
        self.len.store(levels.len(), Ordering::SeqCst);
        result
    }
}

impl<T: Ready> Owner<'_, T> {
    /// Takes what this core is to run next.
    pub fn pop(&self) -> Option<Arc<T>> {
        self.0.with(Levels::pop)
    }
}

impl<T: Ready> Thief<'_, T> {
    /// Moves half of what may move, at most [`STEAL_MOST`], to `to`; how many that were.
    pub fn steal_into(&self, to: &RunQueue<T>) -> usize {
        if self.0.len_hint() == 0 {
            return 0;
        }
        let mut loot = super::fifo::Fifo::new();
        let stolen = self.0.with(|levels| {
            let most = levels.len().div_ceil(2).min(STEAL_MOST);
            levels.steal(most, |thing| loot.push_back(thing))
        });
        if stolen > 0 {
            to.with(|levels| {
                while let Some(thing) = loot.pop_front() {
                    levels.push(thing);
                }
            });
        }
        stolen
    }
}
