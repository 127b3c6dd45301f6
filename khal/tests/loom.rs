//! The loom shim: a model sees the locks and atomics of `khal::sync`, and finds what is wrong with them
//! used wrongly. Run with `RUSTFLAGS="--cfg loom"`.
#![cfg(loom)]

use loom::sync::Arc;

use khal::sync::atomic::{AtomicUsize, Ordering};
use khal::sync::{Mutex, Order, PreemptGuard, Rank, TakeCell};

const RANK: Rank = Rank::of(&Order { order: 1, name: "model" });

/// Two threads add one each, by `add`.
fn two_add(add: fn(&Mutex<usize>, &AtomicUsize)) -> usize {
    let shared = Arc::new((Mutex::new(RANK, 0), AtomicUsize::new(0)));
    let theirs = shared.clone();
    let other = loom::thread::spawn(move || add(&theirs.0, &theirs.1));
    add(&shared.0, &shared.1);
    other.join().unwrap();
    let locked = *shared.0.lock();
    locked + shared.1.load(Ordering::SeqCst)
}

#[test]
fn a_lock_excludes_in_every_interleaving() {
    loom::model(|| {
        let sum = two_add(|lock, _| {
            let _guard = PreemptGuard::new();
            *lock.lock() += 1;
        });
        assert_eq!(sum, 2);
    });
}

/// The planted bug: a load and a store where one addition belongs.
#[test]
#[should_panic(expected = "an addition was lost")]
fn a_torn_addition_is_found() {
    loom::model(|| {
        let sum = two_add(|_, count| {
            let seen = count.load(Ordering::SeqCst);
            count.store(seen + 1, Ordering::SeqCst);
        });
        assert_eq!(sum, 2, "an addition was lost");
    });
}

/// One puts something in while another takes and a third puts something else: what was put in came out, or is there.
#[test]
fn what_is_put_into_a_cell_comes_out_whole_and_once() {
    loom::model(|| {
        let cell = Arc::new(TakeCell::new());
        let puts = |thing: usize| {
            let cell = cell.clone();
            loom::thread::spawn(move || cell.put(Box::new(thing)).map_or_else(|refused| *refused, |()| 0))
        };
        let (first, second) = (puts(1), puts(2));
        let taken = cell.take().map_or(0, |thing| *thing);
        let refused = first.join().unwrap() + second.join().unwrap();
        let left = cell.take().map_or(0, |thing| *thing);
        assert_eq!(taken + refused + left, 3);
        assert!(cell.take().is_none());
    });
}

/// The planted bug: a cell whose fullness is told by a flag that orders nothing.
#[test]
#[should_panic(expected = "Causality violation")]
fn a_thing_that_is_told_of_too_early_is_found() {
    loom::model(|| {
        let shared = Arc::new((loom::cell::UnsafeCell::new(0), AtomicUsize::new(0)));
        let theirs = shared.clone();
        let puts = loom::thread::spawn(move || {
            theirs.0.with_mut(|_| ());
            theirs.1.store(1, Ordering::Relaxed);
        });
        if shared.1.load(Ordering::Relaxed) == 1 {
            shared.0.with_mut(|_| ());
        }
        puts.join().unwrap();
    });
}
