//! Preemption and kicks, each in a form that hangs if the mechanism is not there.
//!
//! What would hang gives up after `PATIENCE` and panics: so a lost interrupt is a failure and not a
//! time-out. Nothing else here depends on how long anything takes.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;

use khal::cpu::{self, CoreId, MAX_CORES};
use khal::sync::PreemptGuard;
use khal::thread::{Returned, Stack, Thread};
use khal::time::{self, Instant};

use super::finish;

const PATIENCE: Duration = Duration::from_secs(60);
const SLICE: Duration = Duration::from_micros(500);

static FLAGS: [AtomicBool; MAX_CORES] = [const { AtomicBool::new(false) }; MAX_CORES];

/// On every core, a thread waits, without ever asking or pausing, for what a second thread of the same
/// core does: it must be switched out in the middle.
pub fn forced(me: CoreId) -> ! {
    let mut waiter = thread(move || wait_for(flag(me), "a thread that never asks was not switched out"));
    let mut setter = thread(move || flag(me).store(true, SeqCst));
    assert_eq!(resume(&mut waiter), Returned::Preempted);
    assert!(cpu::stats(me).forced_switches > 0, "it was switched in an interrupt");
    while resume(&mut setter) != Returned::Ended {}
    while resume(&mut waiter) != Returned::Ended {}
    finish(me, "forced", || {})
}

/// On every core, a thread holds a guard until long after its slice and its grace: it must keep the
/// core that long, and lose it at the guard's drop.
pub fn deferred(me: CoreId) -> ! {
    let mut holder = thread(move || {
        let guard = PreemptGuard::new();
        wait(cpu::resched_due, "the slice never ended");
        let end = time::now() + 20 * SLICE;
        wait(|| time::now() > end, "time stands still");
        flag(me).store(true, SeqCst);
        drop(guard);
    });
    assert_eq!(resume(&mut holder), Returned::Preempted);
    assert!(flag(me).load(SeqCst), "it was switched out under its guard");
    assert!(cpu::stats(me).deferred_switches > 0, "the guard's drop made the switch");
    while resume(&mut holder) != Returned::Ended {}
    finish(me, "deferred", || {})
}

/// Cores sleep without a limit; a kick, and nothing else, wakes each, the boot core's own included.
pub fn kick(me: CoreId) -> ! {
    time::arm(Instant::NEVER);
    if me == CoreId::BOOT {
        for core in cpu::all() {
            let asleep = || core == me || cpu::stats(core).idle_ns > 0;
            wait(asleep, "a core with nothing to do does not sleep");
            cpu::kick(core);
            if core != me {
                wait_for(flag(core), "a kicked core did not wake");
            }
        }
    }
    while !cpu::acknowledge_kick() {
        cpu::idle(None);
    }
    flag(me).store(true, SeqCst);
    finish(me, "kick", || {})
}

fn thread(body: impl FnOnce() + Send + 'static) -> Thread {
    match Stack::allocate() {
        Some(stack) => Thread::new(stack, Box::new(body)),
        None => unreachable!("there is memory for a stack"),
    }
}

fn resume(thread: &mut Thread) -> Returned {
    cpu::acknowledge_kick();
    cpu::clear_resched();
    time::arm(time::now() + SLICE);
    thread.resume()
}

fn flag(core: CoreId) -> &'static AtomicBool {
    let [first, ..] = &FLAGS;
    FLAGS.get(core.index()).unwrap_or(first)
}

fn wait_for(flag: &AtomicBool, complaint: &str) {
    wait(|| flag.load(SeqCst), complaint);
}

fn wait(done: impl Fn() -> bool, complaint: &str) {
    let end = time::now() + PATIENCE;
    while !done() {
        assert!(time::now() < end, "{complaint}");
    }
}
