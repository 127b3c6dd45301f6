//! Each core's one-shot: two instants, one hardware counter.
//!
//! Owns *armed* (when the kernel wants the reschedule flag raised) and *grace* (when a flag that
//! stands becomes a forced switch); the counter runs to the nearer one. While the flag stands, the
//! grace is running, whoever runs at the moment: a flag that rises in the core loop, after it has
//! armed the timer and before it has resumed a thread, would otherwise never be enforced. Both are
//! written by their own core alone, with interrupts masked, so that an interrupt never sees them half
//! done; they are atomics only to be shareable. The counter is never set later than the nearer one, so arming what
//! is armed already leaves it alone: that is most turns, since two that hand the core to and fro have one slice.
//! An interrupt that comes early (the counter and the clock are calibrated apart) finds nothing due and runs the
//! counter on.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst};

use x86_64::instructions::interrupts::without_interrupts;

use super::{apic, percpu, time};
use crate::cpu::{CoreId, MAX_CORES};

const NEVER: u64 = u64::MAX;
/// Least time between two attempts at a forced switch.
const RETRY_NS: u64 = 100_000;

struct Timer {
    armed: AtomicU64,
    grace: AtomicU64,
}

static TIMERS: [Timer; MAX_CORES] =
    [const { Timer { armed: AtomicU64::new(NEVER), grace: AtomicU64::new(NEVER) } }; MAX_CORES];
static GRACE_NS: AtomicU64 = AtomicU64::new(1_000_000);

/// What an expiry asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing more.
    Done,
    /// The flag has stood for a whole grace: switch the running thread out.
    Force,
}

/// Arms this core's one-shot for `at` (ns since boot; `u64::MAX`: never).
pub fn arm(at: u64) {
    let timer = here();
    // If it comes right after this look, it has come as it would have right after arming.
    if timer.armed.load(Relaxed) == at {
        return;
    }
    without_interrupts(|| {
        timer.armed.store(at, Relaxed);
        program(timer);
    });
}

/// How long a raised flag may stand, in ns.
pub fn set_grace(nanos: u64) {
    GRACE_NS.store(nanos, Relaxed);
}

/// The flag was taken back: no forced switch is owed. The counter may still fire once for nothing.
pub fn cancel_grace() {
    without_interrupts(|| here().grace.store(NEVER, Relaxed));
}

/// The flag is up: from now on the grace runs, unless it does already.
pub fn start_grace() {
    without_interrupts(|| {
        let timer = here();
        if percpu::here().resched.load(SeqCst) && timer.grace.load(Relaxed) == NEVER {
            timer.grace.store(grace_from(time::nanos()), Relaxed);
            program(timer);
        }
    });
}

/// The core goes to sleep until `at` (as in `arm`): there is nobody to switch out, so no grace runs.
pub fn arm_for_sleep(at: u64) {
    cancel_grace();
    arm(at);
}

/// The counter ran out: raises the flag if the armed instant has come, and says whether the grace is
/// over; then the next grace begins, in case nobody could be switched out. In the interrupt handler.
pub fn expire() -> Verdict {
    let (core, timer, now) = (percpu::here(), here(), time::nanos());
    if timer.armed.load(Relaxed) <= now {
        timer.armed.store(NEVER, Relaxed);
        core.resched.store(true, SeqCst);
        if timer.grace.load(Relaxed) == NEVER {
            timer.grace.store(grace_from(now), Relaxed);
        }
    }
    let stands = core.resched.load(SeqCst);
    let over = timer.grace.load(Relaxed) <= now;
    if over {
        timer.grace.store(if stands { retry_from(now) } else { NEVER }, Relaxed);
    }
    program(timer);
    if over && stands { Verdict::Force } else { Verdict::Done }
}

fn grace_from(now: u64) -> u64 {
    now.saturating_add(GRACE_NS.load(Relaxed))
}

/// When to try again: not at once, since it is a guard or the core loop itself that is in the way,
/// and a short grace would leave them no time to go on.
fn retry_from(now: u64) -> u64 {
    now.saturating_add(GRACE_NS.load(Relaxed).max(RETRY_NS))
}

fn program(timer: &Timer) {
    let next = timer.armed.load(Relaxed).min(timer.grace.load(Relaxed));
    let left = if next == NEVER { None } else { Some(next.saturating_sub(time::nanos())) };
    apic::set_timer(left);
}

/// This core's timer; the caller cannot migrate.
fn here() -> &'static Timer {
    of(percpu::core())
}

fn of(core: CoreId) -> &'static Timer {
    let [first, ..] = &TIMERS;
    TIMERS.get(core.index()).unwrap_or(first)
}
