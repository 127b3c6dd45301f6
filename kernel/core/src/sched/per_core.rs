//! One core's part of the scheduler: its queue, its deadlines, its figures, its dice.
//!
//! Owns them and decides nothing: [`super::core`] does. The level and the id of what runs are written
//! by the core's own loop and read by wakers and listings.

use super::levels;
use super::queue::RunQueue;
use super::timers::Timers;
use crate::actor::Actor;
use core::time::Duration;
use khal::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use khal::time::{self, Instant};

/// What a core has done. Written by its own loop.
#[derive(Debug, Default)]
pub struct CoreTally {
    /// Times it switched to an actor.
    pub switches: AtomicU64,
    /// Actors it took from other cores' queues.
    pub steals: AtomicU64,
    /// Times an actor was switched out by force.
    pub preempted: AtomicU64,
}

/// One core's part of the scheduler.
#[derive(Debug)]
pub struct Core {
    pub(super) queue: RunQueue<Actor>,
    pub(super) timers: Timers<Actor>,
    pub(super) tally: CoreTally,
    /// The level of what it runs, [`levels::LEVELS`] when idle.
    pub(super) level: AtomicU8,
    /// The id of what it runs, 0 when idle.
    pub(super) running: AtomicU64,
    /// The id of who was handed over to last, before the next pick; 0 for nobody.
    pub(super) handed: AtomicU64,
    /// When the slice ends that this core is in, in ns; only this core uses it.
    slice_ends: AtomicU64,
    /// Whether it had ended when the present turn began.
    slice_over: AtomicBool,
    /// When the last turn of an actor ended, in ns, until the next turn of the loop; only this core uses it.
    left: AtomicU64,
    /// State of the generator that picks victims; only this core uses it.
    dice: AtomicU64,
}

impl Core {
    /// The core with this number (0 to 63), whose dice begin with `seed`.
    pub(super) fn new(number: u8, seed: u64) -> Self {
        Core {
            queue: RunQueue::new(number),
            timers: Timers::new(),
            tally: CoreTally::default(),
            level: AtomicU8::new(levels::LEVELS as u8),
            running: AtomicU64::new(0),
            handed: AtomicU64::new(0),
            slice_ends: AtomicU64::new(0),
            slice_over: AtomicBool::new(false),
            left: AtomicU64::new(Instant::NEVER.as_nanos()),
            dice: AtomicU64::new(seed | 1),
        }
    }

    /// Its deadlines.
    pub fn timers(&self) -> &Timers<Actor> {
        &self.timers
    }

    /// What it has done.
    pub fn tally(&self) -> &CoreTally {
        &self.tally
    }

    /// How many actors are ready on it.
    pub fn queued(&self) -> usize {
        self.queue.len_hint()
    }

    /// The id of the actor that it runs, 0 for none.
    pub fn running(&self) -> u64 {
        self.running.load(Ordering::Relaxed)
    }

    /// The end of the slice in which the actor with this id runs: what is left of the slice of who handed over to
    /// it, or a new one. So two that hand the core to and fro have one slice together, and then their equals
    /// come.
    pub(super) fn slice(&self, id: u64, began: Instant, slice: Duration) -> Instant {
        // Relaxed, all three: only this core writes and reads them.
        let mut ends = Instant::from_nanos(self.slice_ends.load(Ordering::Relaxed));
        if self.handed.swap(0, Ordering::Relaxed) != id {
            ends = began + slice;
            self.slice_ends.store(ends.as_nanos(), Ordering::Relaxed);
        }
        self.slice_over.store(ends <= began, Ordering::Relaxed);
        ends
    }

    /// An actor's turn has ended at `now`.
    pub(super) fn leave(&self, now: Instant) {
        // Relaxed, here and in `turn_begins`: only this core writes and reads it.
        self.left.store(now.as_nanos(), Ordering::Relaxed);
    }

    /// The moment of a turn of the loop that begins: that at which an actor's turn has just ended, as one follows the
    /// other at once and reading a clock is dear; after a sleep, now.
    pub(super) fn turn_begins(&self) -> Instant {
        let left = Instant::from_nanos(self.left.load(Ordering::Relaxed));
        if left == Instant::NEVER {
            return time::now();
        }
        self.left.store(Instant::NEVER.as_nanos(), Ordering::Relaxed);
        left
    }

    /// Whether who runs now has no slice left to hand over.
    pub(super) fn slice_is_over(&self) -> bool {
        self.slice_over.load(Ordering::Relaxed)
    }

    /// The next number of its dice (xorshift64).
    pub(super) fn roll(&self) -> u64 {
        // Relaxed: only this core's loop rolls.
        let mut x = self.dice.load(Ordering::Relaxed);
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.dice.store(x, Ordering::Relaxed);
        x
    }
}
