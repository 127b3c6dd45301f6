//! Models of being held back: the kernel's own word, between the core loop that takes an actor out of a queue and
//! those who suspend, resume and kill it.
//!
//! What counts is that the actor ends up in one place: run by the core loop, or put into a queue by whoever
//! released it; never in both, and in none only while it is suspended. Each model has a twin in which one step is
//! left out; a twin must panic, else the model sees nothing.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

use khal::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::cell::Cell;
use std::sync::Arc;
use tessera_core::sched::hold::{Hold, Release};

struct Actor {
    hold: Hold,
    stop: AtomicBool,
    /// Times that it was run or put into a queue.
    places: AtomicUsize,
}

impl Actor {
    fn suspended() -> Arc<Self> {
        let hold = Hold::free();
        hold.suspend();
        Arc::new(Actor { hold, stop: AtomicBool::new(false), places: AtomicUsize::new(0) })
    }

    fn release(&self) {
        if self.hold.release() == Release::Owed {
            self.places.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn kill(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.release();
    }

    fn places(&self) -> usize {
        self.places.load(Ordering::SeqCst)
    }
}

/// A core loop has taken the actor out of a queue; somebody resumes it.
fn resume_against(take: fn(&Actor)) {
    loom::model(move || {
        let actor = Actor::suspended();
        let other = actor.clone();
        let core = loom::thread::spawn(move || take(&other));
        actor.release();
        core.join().unwrap();
        assert_eq!(actor.places(), 1, "in one place");
    });
}

#[test]
fn whoever_is_resumed_runs_once() {
    resume_against(|actor| {
        if !actor.hold.holds_back(|| false) {
            actor.places.fetch_add(1, Ordering::SeqCst);
        }
    });
}

/// The planted bug: the core loop looks and then puts aside, as two steps.
#[test]
#[should_panic(expected = "in one place")]
fn putting_aside_what_was_suspended_a_moment_ago_is_found() {
    resume_against(|actor| {
        if !actor.hold.is_suspended() {
            actor.places.fetch_add(1, Ordering::SeqCst);
            return;
        }
        actor.hold.suspend();
        let _aside = actor.hold.holds_back(|| false);
    });
}

/// A core loop has taken the actor out of a queue; one kills it, another suspends it again.
fn kill_against(looks: usize) {
    loom::model(move || {
        let actor = Actor::suspended();
        let (at_core, at_other) = (actor.clone(), actor.clone());
        let core = loom::thread::spawn(move || {
            let left = Cell::new(looks);
            let must_stop = || {
                let look = left.get() > 0;
                left.set(left.get().saturating_sub(1));
                look && at_core.stop.load(Ordering::SeqCst)
            };
            if !at_core.hold.holds_back(must_stop) {
                at_core.places.fetch_add(1, Ordering::SeqCst);
            }
        });
        let other = loom::thread::spawn(move || at_other.hold.suspend());
        actor.kill();
        core.join().unwrap();
        other.join().unwrap();
        assert_eq!(actor.places(), 1, "in one place");
    });
}

#[test]
fn whoever_is_killed_runs_once_also_if_suspended_again() {
    kill_against(2);
}

/// The planted bug: the stop flag is not looked at again after the actor was put aside.
#[test]
#[should_panic(expected = "in one place")]
fn not_looking_at_the_flag_again_is_found() {
    kill_against(1);
}
