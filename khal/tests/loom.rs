//! The loom shim: a model sees the locks and atomics of `khal::sync`, and finds what is wrong with them
//! used wrongly. Run with `RUSTFLAGS="--cfg loom"`.
#![cfg(loom)]

use loom::sync::Arc;

use khal::sync::atomic::{AtomicUsize, Ordering};
use khal::sync::{Mutex, Order, PreemptGuard, Rank};

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
