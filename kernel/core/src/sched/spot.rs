//! Which run queue a thing is on, and at which level.
//!
//! Owns two words a thing. *Where* is written and read under a queue's lock only, and says for certain whether it is
//! on that queue. *Last* names the queue that it was pushed to last, and is read without a lock, to know which to take.
//!
//! A thing's priority may change while it is on its way into a queue. Whoever pushes it enters the queue in *last* and
//! then reads the priority; whoever changes the priority does that and then looks at *last*. Both are read-modify-writes
//! of one word, so one comes after the other and sees what was before it: either the pusher has the new priority,
//! or the changer finds the queue, takes its lock, and moves the thing.
//! Takes no lock and may be used under any. Loom model: `tests/loom_spot.rs`.

use khal::sync::atomic::{AtomicU8, AtomicU16, Ordering};

const NOWHERE: u16 = 0;

/// The bits of *where* that hold the level; above them is the core's number and one.
const LEVEL: u16 = 0b11;

/// See the module.
#[derive(Debug)]
pub struct Spot {
    /// The core's number and one; 0 before the first push.
    last: AtomicU8,
    /// Relaxed throughout: a queue's lock orders it.
    place: AtomicU16,
}

fn on(core: u8, level: usize) -> u16 {
    (u16::from(core) + 1) << 2 | level as u16 & LEVEL
}

impl Spot {
    /// On no queue yet.
    pub fn nowhere() -> Self {
        Spot { last: AtomicU8::new(0), place: AtomicU16::new(NOWHERE) }
    }

    /// It is about to be on the queue of `core`, whose lock is held; its level follows.
    pub(super) fn enter(&self, core: u8) {
        // AcqRel, with `last_core`: see the module.
        self.last.swap(core + 1, Ordering::AcqRel);
    }

    /// It is on the queue of `core`, whose lock is held, at this level.
    pub(super) fn note(&self, core: u8, level: usize) {
        self.place.store(on(core, level), Ordering::Relaxed);
    }

    /// It has been taken off its queue, whose lock is held.
    pub(super) fn leave(&self) {
        self.place.store(NOWHERE, Ordering::Relaxed);
    }

    /// At which level it is, if it is on the queue of `core`, whose lock is held.
    pub(super) fn level_on(&self, core: u8) -> Option<usize> {
        let word = self.place.load(Ordering::Relaxed);
        (word >> 2 == u16::from(core) + 1).then_some(usize::from(word & LEVEL))
    }

    /// The number of the core to whose queue it was pushed last, for somebody who has just changed its priority.
    pub fn last_core(&self) -> Option<u8> {
        self.last.fetch_or(0, Ordering::AcqRel).checked_sub(1)
    }
}
