//! Threads as coroutines: what resume and pause promise.
#![expect(unsafe_code, reason = "the rounding mode is reached by instructions only")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use khal::thread::{Pause, Returned, Stack, Thread, abandoned, on_thread, pause};

fn thread(body: impl FnOnce() + Send + 'static) -> Thread {
    Thread::new(Stack::allocate().unwrap(), Box::new(body))
}

#[test]
fn a_thread_pauses_and_goes_on_where_it_was() {
    let steps = Arc::new(AtomicUsize::new(0));
    let seen = steps.clone();
    let mut t = thread(move || {
        seen.store(1, SeqCst);
        pause(Pause::Yield);
        seen.store(2, SeqCst);
        pause(Pause::Block);
        seen.store(3, SeqCst);
    });
    assert_eq!(steps.load(SeqCst), 0);
    assert_eq!(t.resume(), Returned::Yielded);
    assert_eq!(steps.load(SeqCst), 1);
    assert_eq!(t.resume(), Returned::Blocked);
    assert_eq!(steps.load(SeqCst), 2);
    assert!(!t.ended());
    assert_eq!(t.resume(), Returned::Ended);
    assert_eq!(steps.load(SeqCst), 3);
    assert!(t.ended());
}

#[test]
fn only_a_thread_is_on_a_thread() {
    assert!(!on_thread());
    let mut t = thread(|| assert!(on_thread()));
    assert_eq!(t.resume(), Returned::Ended);
    assert!(!on_thread());
}

#[test]
fn a_thread_is_movable_until_it_begins() {
    let mut t = thread(|| pause(Pause::Yield));
    assert!(t.movable());
    t.resume();
    assert!(!t.movable());
    t.resume();
}

/// Several computations in floating point, each with its rounding mode, interleaved at every step.
#[test]
fn floating_point_state_belongs_to_its_thread() {
    fn mxcsr() -> u32 {
        let mut value = 0_u32;
        // SAFETY: stores the register into a local.
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut value) };
        value
    }
    fn set_mxcsr(value: u32) {
        // SAFETY: sets the rounding mode, which this test's thread alone computes with.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const value) };
    }
    let before = mxcsr();
    let results: Vec<_> = (0..4).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let mut threads: Vec<_> = (0..4_u32)
        .map(|mode| {
            let result = results[mode as usize].clone();
            thread(move || {
                assert_eq!(mxcsr() & 0x6000, 0, "a fresh thread rounds to nearest");
                set_mxcsr(0x1F80 | mode << 13);
                let mut sum = 0.0_f64;
                for i in 1..100 {
                    sum += std::hint::black_box(1.0) / std::hint::black_box(f64::from(i));
                    pause(Pause::Yield);
                    assert_eq!(mxcsr() & 0x6000, mode << 13);
                }
                result.store(sum.to_bits() as usize, SeqCst);
            })
        })
        .collect();
    for _ in 0..100 {
        for t in threads.iter_mut().filter(|t| !t.ended()) {
            t.resume();
        }
    }
    assert_eq!(mxcsr() & 0x6000, before & 0x6000);
    let [nearest, down, up, zero] =
        [0, 1, 2, 3].map(|i: usize| f64::from_bits(results[i].load(SeqCst) as u64));
    assert!(down < nearest && nearest < up, "{down} {nearest} {up}");
    assert_eq!(zero, down, "towards zero is down for positive sums");
}

/// A forced pause in the middle of everything keeps registers that no call would keep.
#[test]
fn a_forced_pause_keeps_every_vector_register() {
    let mut t = thread(|| {
        let mut sums = [0.0_f64; 12];
        for round in 0..50 {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum += std::hint::black_box(i as f64);
            }
            khal::host::thread::forced_pause();
            assert_eq!(sums[11], 11.0 * f64::from(round + 1));
        }
    });
    for _ in 0..50 {
        assert_eq!(t.resume(), Returned::Preempted);
    }
    assert_eq!(t.resume(), Returned::Ended);
}

#[test]
fn thousands_of_threads_wait_at_once() {
    const MANY: usize = 4000;
    let done = Arc::new(AtomicUsize::new(0));
    let mut threads: Vec<_> = (0..MANY)
        .map(|i| {
            let done = done.clone();
            thread(move || {
                let mine = std::hint::black_box([i; 64]);
                pause(Pause::Block);
                assert!(mine.iter().all(|word| *word == i));
                done.fetch_add(1, SeqCst);
            })
        })
        .collect();
    assert!(threads.iter_mut().all(|t| t.resume() == Returned::Blocked));
    assert!(threads.iter_mut().rev().all(|t| t.resume() == Returned::Ended));
    assert_eq!(done.load(SeqCst), MANY);
}

#[test]
fn a_stack_serves_one_thread_after_another() {
    let mut stack = Stack::allocate().unwrap();
    let fresh = stack.high_water();
    for _ in 0..10 {
        let mut t = Thread::new(stack, Box::new(|| std::hint::black_box([1_u8; 5000]).iter().for_each(drop)));
        t.resume();
        stack = t.into_stack().unwrap();
    }
    assert_eq!(fresh, 0);
    assert!(stack.high_water() > 5000 && stack.high_water() < Stack::BYTES);
}

#[test]
fn a_thread_in_the_middle_keeps_its_stack() {
    let mut t = thread(|| pause(Pause::Yield));
    t.resume();
    let mut t = t.into_stack().unwrap_err();
    assert_eq!(t.resume(), Returned::Ended);
    assert!(t.into_stack().is_ok());
}

#[test]
fn a_closure_that_never_began_is_dropped_with_its_thread() {
    let token = Arc::new(());
    let held = token.clone();
    drop(thread(move || drop(held)));
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn a_thread_dropped_in_the_middle_is_counted() {
    let token = Arc::new(());
    let held = token.clone();
    let mut t = thread(move || {
        pause(Pause::Block);
        drop(held);
    });
    t.resume();
    let before = abandoned();
    drop(t);
    assert!(abandoned() > before);
    assert_eq!(Arc::strong_count(&token), 2, "what its stack owns is leaked, not freed behind its back");
}

#[test]
fn a_panic_in_a_thread_reaches_the_resumer() {
    let mut t = thread(|| {
        pause(Pause::Yield);
        panic!("from inside");
    });
    t.resume();
    let payload = catch_unwind(AssertUnwindSafe(|| t.resume())).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"from inside"));
    assert!(t.ended() && !on_thread());
    let again = catch_unwind(AssertUnwindSafe(|| t.resume()));
    assert!(again.is_err(), "an ended thread cannot be resumed");
}

#[test]
fn pausing_needs_a_thread_and_no_guard() {
    assert!(catch_unwind(|| pause(Pause::Yield)).is_err());
    let mut t = thread(|| {
        let _guard = khal::sync::PreemptGuard::new();
        assert!(catch_unwind(|| pause(Pause::Yield)).is_err());
    });
    assert_eq!(t.resume(), Returned::Ended);
}

#[test]
fn threads_do_not_nest() {
    let inner = Cell::new(Some(thread(|| ())));
    let mut t = thread(move || {
        let mut inner = inner.take().unwrap();
        assert!(catch_unwind(AssertUnwindSafe(|| inner.resume())).is_err());
    });
    assert_eq!(t.resume(), Returned::Ended);
}

#[test]
fn a_begun_thread_stays_on_its_os_thread() {
    let mut t = thread(|| pause(Pause::Yield));
    t.resume();
    let elsewhere = std::thread::spawn(move || {
        let refused = catch_unwind(AssertUnwindSafe(|| t.resume())).is_err();
        (refused, t)
    });
    let (refused, mut t) = elsewhere.join().unwrap();
    assert!(refused);
    assert_eq!(t.resume(), Returned::Ended);
}

/// Runs in a child process, which must die of the fault and of nothing else.
#[test]
fn an_overflowing_stack_hits_its_guard() {
    fn deeper(n: u64) -> u64 {
        let frame = std::hint::black_box([n; 128]);
        if n == 0 { 0 } else { deeper(n - 1) + frame[5] }
    }
    if std::env::var_os("KHAL_OVERFLOW").is_some() {
        thread(|| assert_ne!(deeper(u64::MAX), 1)).resume();
        unreachable!("the overflow went unnoticed");
    }
    let me = std::env::current_exe().unwrap();
    let child = std::process::Command::new(me)
        .args(["--exact", "an_overflowing_stack_hits_its_guard"])
        .env("KHAL_OVERFLOW", "1")
        .output()
        .unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&child.status);
    assert_eq!(signal, Some(11), "{}", String::from_utf8_lossy(&child.stderr));
}
