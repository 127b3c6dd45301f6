//! Cores as OS threads: flags, kicks by park tokens, sleep with a limit.
//!
//! A kick sets the flag before it unparks, and a sleeper looks at the flag before it parks; an unpark
//! that comes in between leaves a token, so that park returns at once. Flags are SeqCst: this is the
//! host, and the pairing (flag, then queue, on either side) is not worth a weaker argument.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::OnceLock;

use super::local::local;
use super::{sim, time};
use crate::cpu::{CoreId, CpuStats, MAX_CORES};
use crate::sync;
use crate::time::Instant;

struct Core {
    os_thread: OnceLock<std::thread::Thread>,
    kicked: AtomicBool,
    resched: AtomicBool,
    /// When the resched flag is to rise, in ns; `NEVER` when it is not.
    armed: AtomicU64,
    /// When that was last compared with the clock, in cycles.
    looked_at: AtomicU64,
    ticks: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    idle_ns: AtomicU64,
    /// When it fell asleep, in ns; `u64::MAX` while it is awake.
    asleep_since: AtomicU64,
}

/// Cycles (some µs) between two looks at the clock, which is dear to read; how late the flag may rise.
const LOOK_CYCLES: u64 = 10_000;

static COUNT: AtomicUsize = AtomicUsize::new(1);
static CORES: [Core; MAX_CORES] = [const {
    Core {
        os_thread: OnceLock::new(),
        kicked: AtomicBool::new(false),
        resched: AtomicBool::new(false),
        armed: AtomicU64::new(u64::MAX),
        looked_at: AtomicU64::new(0),
        ticks: AtomicU64::new(0),
        received: AtomicU64::new(0),
        sent: AtomicU64::new(0),
        idle_ns: AtomicU64::new(0),
        asleep_since: AtomicU64::new(u64::MAX),
    }
}; MAX_CORES];

#[inline]
fn of(core: CoreId) -> &'static Core {
    let [first, ..] = &CORES;
    CORES.get(core.index()).unwrap_or(first)
}

#[inline]
fn here() -> &'static Core {
    of(current())
}

/// Sets the number of cores; the machine's start does, before any other core runs.
pub(super) fn set_count(cores: usize) {
    COUNT.store(cores, SeqCst);
}

/// Makes the calling OS thread `core`.
pub(super) fn become_core(core: CoreId) {
    local().core.set(core);
    // Each core is one OS thread for the process's life; a second registration changes nothing.
    let _ = of(core).os_thread.set(std::thread::current());
}

#[inline]
pub(crate) fn current() -> CoreId {
    local().core.get()
}

pub(crate) fn count() -> usize {
    if local().simulated.get() { sim::count() } else { COUNT.load(Relaxed) }
}

pub(crate) fn kick(core: CoreId) {
    if local().simulated.get() {
        return sim::kick(core);
    }
    let target = of(core);
    target.resched.store(true, SeqCst);
    let fresh = !target.kicked.swap(true, SeqCst);
    if fresh && !core::ptr::eq(target, here()) || target_is_foreign(core) {
        here().sent.fetch_add(1, Relaxed);
        if let Some(os_thread) = target.os_thread.get() {
            os_thread.unpark();
        }
    }
}

/// Whether the caller is no core at all (the console's reader) although it counts as `core`.
fn target_is_foreign(core: CoreId) -> bool {
    let me = std::thread::current().id();
    current() == core && of(core).os_thread.get().is_some_and(|os_thread| os_thread.id() != me)
}

pub(crate) fn acknowledge_kick() -> bool {
    if local().simulated.get() { sim::acknowledge_kick() } else { here().kicked.swap(false, SeqCst) }
}

pub(crate) fn idle(until: Option<Instant>) {
    if local().simulated.get() {
        return sim::idle(until);
    }
    let core = here();
    let began = time::real_now();
    // The slice of who ran last means nothing now; once past, it would end every sleep before it began.
    core.armed.store(u64::MAX, SeqCst);
    let limit = until.unwrap_or(Instant::NEVER);
    core.asleep_since.store(began.as_nanos(), Relaxed);
    while !core.kicked.load(SeqCst) {
        let now = time::real_now();
        if now >= limit {
            break;
        }
        if limit == Instant::NEVER { std::thread::park() } else { std::thread::park_timeout(limit - now) }
    }
    core.asleep_since.store(u64::MAX, Relaxed);
    core.received.fetch_add(u64::from(core.kicked.load(SeqCst)), Relaxed);
    let slept = (time::real_now() - began).as_nanos();
    core.idle_ns.fetch_add(u64::try_from(slept).unwrap_or(u64::MAX), Relaxed);
}

pub(super) fn arm(at: Instant) {
    here().armed.store(at.as_nanos(), SeqCst);
}

#[inline]
pub(crate) fn resched_due() -> bool {
    if local().simulated.get() {
        return sim::resched_due();
    }
    let core = here();
    let cycles = time::cycles();
    if cycles.wrapping_sub(core.looked_at.load(Relaxed)) < LOOK_CYCLES {
        return core.resched.load(SeqCst);
    }
    core.looked_at.store(cycles, Relaxed);
    let armed = core.armed.load(SeqCst);
    if armed != u64::MAX && time::real_now().as_nanos() >= armed {
        core.armed.store(u64::MAX, SeqCst);
        core.ticks.fetch_add(1, Relaxed);
        core.resched.store(true, SeqCst);
    }
    core.resched.load(SeqCst)
}

/// Sees this core's timer come once, as bare metal does at bring-up.
pub(super) fn test_timer() {
    arm(time::real_now());
    while !resched_due() {
        core::hint::spin_loop();
    }
    clear_resched();
}

pub(crate) fn clear_resched() {
    if local().simulated.get() { sim::clear_resched() } else { here().resched.store(false, SeqCst) }
}

pub(crate) fn stats(core: CoreId) -> CpuStats {
    let longest_guarded_ns = time::cycles_to_ns(sync::longest_guarded_cycles(core));
    if local().simulated.get() {
        return CpuStats { longest_guarded_ns, ..sim::stats(core) };
    }
    let of = of(core);
    // A sleep that lasts counts too.
    let asleep = time::real_now().as_nanos().saturating_sub(of.asleep_since.load(Relaxed));
    CpuStats {
        timer_ticks: of.ticks.load(Relaxed),
        ipis_received: of.received.load(Relaxed),
        ipis_sent: of.sent.load(Relaxed),
        forced_switches: 0,
        deferred_switches: 0,
        longest_guarded_ns,
        idle_ns: of.idle_ns.load(Relaxed) + asleep,
    }
}

/// Lets another OS thread run: the one that holds the lock may be waiting for this very processor.
pub(crate) fn relax() {
    std::thread::yield_now();
}
