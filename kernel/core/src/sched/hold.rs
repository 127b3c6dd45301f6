//! Whether an actor is held back, and who puts it into a run queue again.
//!
//! Owns one word an actor. Invariant: an actor that is *aside* is in no queue and on no core, and exactly one
//! `release` is told that it owes the wake.
//!
//! | word      | suspend   | holds_back (core loop) | release (resume, kill) |
//! |-----------|-----------|------------------------|------------------------|
//! | free      | suspended | no: it runs            | free, nothing owed     |
//! | suspended | –         | aside                  | free, nothing owed     |
//! | aside     | –         | –                      | free, wake owed        |
//!
//! A killer raises the stop flag and then releases; the core loop puts the actor aside and then looks at the flag
//! once more, also if it has been suspended again meanwhile: so one of the two sees the other, and whoever is to
//! end runs. All of it is SeqCst. Takes no lock and may be used under any. Loom models: `tests/loom_hold.rs`.

use khal::sync::atomic::{AtomicU8, Ordering};

const FREE: u8 = 0;
const SUSPENDED: u8 = 1;
const ASIDE: u8 = 2;

/// Whether the one who released must put the actor into a run queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an actor that is aside and in no queue never runs again"]
pub enum Release {
    /// It had been put aside: make it ready.
    Owed,
    /// It waits, is in a queue, or runs.
    NotOwed,
}

/// See the module's table.
#[derive(Debug)]
pub struct Hold {
    word: AtomicU8,
}

impl Hold {
    /// Of an actor that runs when it is ready.
    pub fn free() -> Self {
        Hold { word: AtomicU8::new(FREE) }
    }

    /// Of an actor that is aside from the start, in no queue yet.
    pub fn aside() -> Self {
        Hold { word: AtomicU8::new(ASIDE) }
    }

    /// Holds it back from the next chance on. Once more changes nothing.
    pub fn suspend(&self) {
        // What is aside already stays so.
        let _already = self.word.compare_exchange(FREE, SUSPENDED, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Lets it go.
    pub fn release(&self) -> Release {
        match self.word.swap(FREE, Ordering::SeqCst) {
            ASIDE => Release::Owed,
            _ => Release::NotOwed,
        }
    }

    /// Whether it is held back, or is to be.
    pub fn is_suspended(&self) -> bool {
        self.word.load(Ordering::SeqCst) != FREE
    }

    /// Whether it has been put aside.
    pub fn is_aside(&self) -> bool {
        self.word.load(Ordering::SeqCst) == ASIDE
    }

    /// Asked by whoever has taken the actor out of a queue: whether it is aside from now on, and not to be
    /// touched any more. An actor that `must_stop` is not held back.
    pub fn holds_back(&self, must_stop: impl Fn() -> bool) -> bool {
        if !self.is_suspended() || must_stop() {
            return false;
        }
        let put = self.word.compare_exchange(SUSPENDED, ASIDE, Ordering::SeqCst, Ordering::SeqCst);
        if put.is_err() {
            return false;
        }
        // A killer that came before has released what was not aside yet: then it runs here after all.
        !(must_stop() && self.release() == Release::Owed)
    }
}
