//! Locks: exclusion, their order, and what is measured.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use khal::sync::{Mutex, Order, PerCore, PreemptGuard, Rank, rank_stats};

const LOW: Rank = Rank::of(&Order { order: 3, name: "low" });
const HIGH: Rank = Rank::of(&Order { order: 9, name: "high" });

#[test]
fn a_lock_excludes() {
    static COUNT: Mutex<usize> = Mutex::new(LOW, 0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..20_000).for_each(|_| *COUNT.lock() += 1));
        }
    });
    assert_eq!(*COUNT.lock(), 80_000);
}

#[test]
fn try_lock_does_not_wait() {
    let lock = Mutex::new(LOW, ());
    let held = lock.lock();
    assert!(lock.try_lock().is_none());
    drop(held);
    assert!(lock.try_lock().is_some());
}

#[test]
fn locks_taken_in_order_are_fine_in_any_order_of_release() {
    let (low, high) = (Mutex::new(LOW, 1), Mutex::new(HIGH, 2));
    let a = low.lock();
    let b = high.lock();
    drop(a);
    drop(b);
    let b = high.lock();
    drop(b);
    assert_eq!(*low.lock() + *high.lock(), 3);
}

#[cfg(debug_assertions)]
#[test]
fn a_lock_taken_out_of_order_is_named() {
    let (low, high) = (Mutex::new(LOW, ()), Mutex::new(HIGH, ()));
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _high = high.lock();
        let _low = low.lock();
    }));
    let message = *caught.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("low (rank 3)") && message.contains("high (rank 9)"), "{message}");
    // The unwinding released what was held, and forgot it.
    let _both = (low.lock(), high.lock());
}

#[cfg(debug_assertions)]
#[test]
fn two_locks_of_one_rank_are_out_of_order() {
    let (one, two) = (Mutex::new(LOW, ()), Mutex::new(LOW, ()));
    let _held = one.lock();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(two.lock()))).is_err());
    assert!(two.try_lock().is_some(), "what does not wait may come in any order");
}

#[test]
fn the_longest_hold_is_kept_by_rank() {
    const SLOW: Rank = Rank::of(&Order { order: 40, name: "slow" });
    let lock = Mutex::new(SLOW, ());
    let held = lock.lock();
    std::thread::sleep(std::time::Duration::from_millis(5));
    drop(held);
    drop(lock.lock());
    let stats = rank_stats().find(|stats| stats.rank == SLOW).unwrap();
    assert!(stats.longest_hold_ns >= 4_000_000, "{stats:?}");
    assert!(khal::cpu::stats(khal::cpu::current()).longest_guarded_ns >= 4_000_000);
}

#[test]
fn a_slot_for_each_core() {
    let slots = PerCore::new(|core| AtomicUsize::new(core.index()));
    khal::host::sim::begin(3, 0);
    for core in khal::cpu::all() {
        khal::host::sim::enter_core(core);
        slots.get(&PreemptGuard::new()).fetch_add(10, Relaxed);
    }
    let values: Vec<_> = slots.iter().map(|(_, slot)| slot.load(Relaxed)).collect();
    assert_eq!(values, [10, 11, 12]);
    khal::host::sim::end();
}
