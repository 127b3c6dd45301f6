//! Containment: what is charged, what is refused, what comes back.

use std::collections::{BinaryHeap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use khal::contain::{Escape, Meter, Payer, STEP_BYTES, enter, leave};
use khal::thread::{Pause, Returned, Stack, Thread, pause};

const PLENTY: usize = 1 << 24;

/// Work that allocates in many shapes: growth, tables, strings, boxes, zeroed and shrunk memory.
fn workload() -> usize {
    let mut numbers = Vec::new();
    (0..300_u32).for_each(|i| numbers.push(i));
    let map: HashMap<u32, String> = numbers.iter().map(|i| (*i, format!("number {i}"))).collect();
    let heap: BinaryHeap<u32> = numbers.iter().copied().filter(|i| i % 3 == 0).collect();
    let boxed: Vec<Box<[u8]>> = (1..40).map(|i| vec![0_u8; i * 7].into_boxed_slice()).collect();
    numbers.truncate(10);
    numbers.shrink_to_fit();
    map.len() + boxed.len() + numbers.len() + heap.len()
}

#[test]
fn a_result_comes_through() {
    let meter = Meter::new(PLENTY);
    assert_eq!(enter(&meter, workload), Ok(449));
    assert_eq!((meter.used(), meter.live()), (0, 0));
}

#[test]
fn a_panic_comes_back_with_message_and_place() {
    let meter = Meter::new(PLENTY);
    let escape = enter(&meter, || {
        let _owned = Box::new([1, 2, 3]);
        panic!("the number is {}", 7);
    });
    let Err(Escape::Panic { message, file, line }) = escape else { panic!("{escape:?}") };
    assert_eq!(&*message, "the number is 7");
    assert!(file.ends_with("tests/contain.rs"));
    assert!(line > 0);
    assert_eq!((meter.used(), meter.live()), (0, 0));
}

#[test]
fn an_engine_like_panic_keeps_its_words() {
    let meter = Meter::new(PLENTY);
    let index = std::hint::black_box(9);
    let escape = enter(&meter, || [1, 2, 3][index]).unwrap_err();
    assert!(escape.to_string().contains("the len is 3 but the index is 9"), "{escape}");
}

/// Whatever allocation fails, the scope ends and nothing of it stays.
#[test]
fn failing_the_nth_allocation_leaks_nothing_for_any_n() {
    let before = Meter::new(PLENTY);
    before.fail_after(u64::MAX);
    let mut n = 0;
    loop {
        let meter = Meter::new(PLENTY);
        meter.fail_after(n);
        let outcome = enter(&meter, workload);
        assert_eq!((meter.used(), meter.live()), (0, 0), "leaked when allocation {n} failed");
        match outcome {
            Err(Escape::OutOfMemory { bytes }) => assert!(bytes > 0),
            Ok(449) => break,
            other => panic!("{other:?} when allocation {n} failed"),
        }
        assert!(!meter.failure_pending());
        n += 1;
    }
    assert!(n > 300, "the workload allocates more than {n} times");
}

#[test]
fn the_limit_refuses_and_says_how_much_was_wanted() {
    let meter = Meter::new(10_000);
    let escape = enter(&meter, || Vec::<u8>::with_capacity(10_001).capacity());
    assert_eq!(escape, Err(Escape::OutOfMemory { bytes: 10_001 }));
    assert_eq!(enter(&meter, || Vec::<u8>::with_capacity(10_000).capacity()), Ok(10_000));
}

#[test]
fn a_fallible_reservation_is_refused_without_an_escape() {
    let meter = Meter::new(1000);
    let refused = enter(&meter, || Vec::<u8>::new().try_reserve(2000).is_err());
    assert_eq!(refused, Ok(true));
}

#[test]
fn growth_is_charged_by_its_difference() {
    let meter = Meter::new(1000);
    enter(&meter, || {
        let mut bytes: Vec<u8> = Vec::with_capacity(600);
        bytes.push(1);
        bytes.reserve_exact(899);
        assert_eq!((meter.used(), meter.live()), (900, 1));
        bytes.shrink_to(100);
        assert_eq!((meter.used(), meter.live()), (100, 1));
        assert!(bytes.try_reserve_exact(1001).is_err());
        assert_eq!((meter.used(), meter.live()), (100, 1));
    })
    .unwrap();
    assert_eq!(meter.used(), 0);
}

#[test]
fn the_kernels_own_work_is_not_charged() {
    let meter = Meter::new(100);
    let kept = enter(&meter, || leave(|| vec![0_u8; 5000])).unwrap();
    assert_eq!(kept.len(), 5000);
    assert_eq!((meter.used(), meter.live()), (0, 0));
}

#[test]
fn scopes_nest_in_both_directions() {
    let (outer, inner) = (Meter::new(PLENTY), Meter::new(PLENTY));
    enter(&outer, || {
        let mine = Box::new([0_u8; 100]);
        let escape = leave(|| {
            enter(&inner, || {
                let _theirs = Box::new([0_u8; 50]);
                assert_eq!((outer.used(), inner.used()), (100, 50));
                leave(|| drop(vec![0_u8; 25]));
                assert_eq!((outer.used(), inner.used()), (100, 50));
                panic!("inner only");
            })
        });
        assert!(matches!(escape, Err::<(), _>(Escape::Panic { .. })));
        assert_eq!((outer.used(), inner.used()), (mine.len(), 0));
        // An escape inside does not spoil the outer scope.
        assert_eq!(leave(|| enter(&inner, || 1)), Ok(1));
    })
    .unwrap();
    assert_eq!((outer.live(), inner.live()), (0, 0));
}

#[test]
fn a_panic_in_the_kernels_part_passes_every_containment() {
    let meter = Meter::new(PLENTY);
    let outcome = catch_unwind(AssertUnwindSafe(|| enter(&meter, || leave(|| panic!("a kernel bug")))));
    let payload = outcome.unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"a kernel bug"));
    // And the machinery is as before.
    assert!(matches!(enter(&meter, || panic!("contained")), Err::<(), _>(Escape::Panic { .. })));
}

/// Freeing and allocating on the way out must work even with the meter at its limit.
#[test]
fn a_destructor_may_allocate_while_its_scope_unwinds() {
    struct Fussy;
    impl Drop for Fussy {
        fn drop(&mut self) {
            assert_eq!(vec![0_u8; 4000].len(), 4000);
        }
    }
    let meter = Meter::new(1000);
    let escape = enter(&meter, || {
        let _fussy = Fussy;
        Vec::<u8>::with_capacity(1001)
    });
    assert_eq!(escape.err(), Some(Escape::OutOfMemory { bytes: 1001 }));
    assert_eq!((meter.used(), meter.live()), (0, 0));
}

#[test]
fn a_leak_shows_in_the_meter() {
    let meter = Meter::new(PLENTY);
    enter(&meter, || std::mem::forget(vec![0_u8; 30])).unwrap();
    assert_eq!((meter.used(), meter.live()), (30, 1));
}

/// Two threads in scopes of their own, interleaved: each is charged for its own work alone.
#[test]
fn scopes_follow_their_threads() {
    static METERS: [Meter; 2] = [const { Meter::new(PLENTY) }; 2];
    let mut threads: Vec<_> = METERS
        .iter()
        .zip([1000, 10])
        .map(|(meter, size)| {
            let body = move || {
                let escape = enter(meter, || {
                    let mut kept = Vec::new();
                    for round in 1..20 {
                        kept.push(vec![0_u8; size]);
                        pause(Pause::Yield);
                        let boxes = kept.capacity() * size_of::<Vec<u8>>();
                        assert_eq!(meter.used(), round * size + boxes);
                    }
                    if size == 10 {
                        panic!("one of them");
                    }
                });
                assert_eq!(escape.is_err(), size == 10);
            };
            Thread::new(Stack::allocate().unwrap(), Box::new(body))
        })
        .collect();
    let meter = Meter::new(0);
    while threads.iter().any(|t| !t.ended()) {
        for t in threads.iter_mut().filter(|t| !t.ended()) {
            assert_ne!(t.resume(), Returned::Preempted);
        }
    }
    assert!(METERS.iter().all(|meter| meter.live() == 0));
    assert_eq!(meter.used(), 0);
}

/// The escape does not depend on the stack that it happens on being the OS thread's.
#[test]
fn a_thread_contains_failures_on_its_own_stack() {
    let body = || {
        for n in 0..200 {
            let meter = Meter::new(PLENTY);
            meter.fail_after(n);
            assert!(enter(&meter, workload).is_err());
            pause(Pause::Yield);
            assert_eq!(meter.live(), 0);
        }
    };
    let mut t = Thread::new(Stack::allocate().unwrap(), Box::new(body));
    while t.resume() != Returned::Ended {}
}

/// Pays while it has something.
struct Purse(AtomicUsize);

impl Payer for Purse {
    fn pay(&self, bytes: usize) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }

    fn pay_back(&self, bytes: usize) {
        self.0.fetch_add(bytes, Relaxed);
    }
}

#[test]
fn whoever_pays_is_asked_a_step_at_a_time_and_gets_back_all() {
    let purse = Arc::new(Purse(AtomicUsize::new(3 * STEP_BYTES)));
    let left = || purse.0.load(Relaxed) / STEP_BYTES;
    let meter = Meter::paid_by(PLENTY, purse.clone());
    enter(&meter, || {
        let first = vec![0_u8; 100];
        assert_eq!((meter.drawn(), left()), (STEP_BYTES, 2), "whole steps");
        let second = vec![0_u8; STEP_BYTES - 100];
        assert_eq!((meter.drawn(), left()), (STEP_BYTES, 2), "and none before it is needed");
        let third = vec![0_u8; STEP_BYTES + 1];
        assert_eq!((meter.drawn(), left()), (3 * STEP_BYTES, 0));
        let refused = Vec::<u8>::new().try_reserve(STEP_BYTES).is_err();
        assert!(refused, "nothing that is not paid for");
        drop((first, third));
        assert_eq!((meter.drawn(), left()), (2 * STEP_BYTES, 1), "what nothing is held for, but for a step");
        drop(second);
        assert_eq!((meter.drawn(), left()), (STEP_BYTES, 2));
    })
    .unwrap();
    meter.settle();
    assert_eq!((meter.drawn(), left()), (0, 3));
}

#[test]
fn what_is_leaked_is_not_the_payers_for_ever() {
    let purse = Arc::new(Purse(AtomicUsize::new(STEP_BYTES)));
    let meter = Meter::paid_by(PLENTY, purse.clone());
    enter(&meter, || std::mem::forget(Box::new(1_u8))).unwrap();
    meter.settle();
    assert_eq!(purse.0.load(Relaxed), 0);
    drop(meter);
    assert_eq!(purse.0.load(Relaxed), STEP_BYTES);
}
