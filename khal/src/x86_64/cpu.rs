//! Cores, on the machine: flags in the core's block, kicks by interrupt, sleep by HLT.
//!
//! A kick sets its flags, then sends the interrupt; a sleeper masks interrupts, looks at the flags,
//! and only then enables and halts in one step, so the interrupt of a kick that came in between ends
//! the halt (SDM volume 2, STI: the next instruction still runs masked). Flags are SeqCst: they
//! pair with the kernel's queues on either side.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

use x86_64::instructions::interrupts;

use super::{apic, percpu, time, timer};
use crate::cpu::{CoreId, CpuStats};
use crate::sync;
use crate::time::Instant;

static COUNT: AtomicUsize = AtomicUsize::new(1);

/// Sets how many cores run; the boot core does, before it tells anybody.
pub(super) fn set_count(cores: usize) {
    COUNT.store(cores, Relaxed);
}

#[inline]
pub(crate) fn current() -> CoreId {
    percpu::core()
}

pub(crate) fn count() -> usize {
    COUNT.load(Relaxed)
}

pub(crate) fn kick(core: CoreId) {
    interrupts::without_interrupts(|| {
        let target = percpu::of(core);
        target.resched.store(true, SeqCst);
        let fresh = !target.kicked.swap(true, SeqCst);
        if core == current() {
            timer::start_grace();
        } else if fresh {
            percpu::here().ipis_sent.fetch_add(1, Relaxed);
            apic::kick(core);
        }
    });
}

#[inline]
pub(crate) fn acknowledge_kick() -> bool {
    percpu::here().kicked.swap(false, SeqCst)
}

pub(crate) fn idle(until: Option<Instant>) {
    interrupts::disable();
    let core = percpu::here();
    let began = time::now();
    let until = until.unwrap_or(Instant::NEVER);
    if core.kicked.load(SeqCst) || until <= began {
        interrupts::enable();
        return;
    }
    timer::arm_for_sleep(until.as_nanos());
    core.asleep_since.store(began.as_nanos(), Relaxed);
    interrupts::enable_and_hlt();
    core.asleep_since.store(u64::MAX, Relaxed);
    let slept = time::nanos().saturating_sub(began.as_nanos());
    core.idle_ns.fetch_add(slept, Relaxed);
}

#[inline]
pub(crate) fn resched_due() -> bool {
    percpu::here().resched.load(SeqCst)
}

pub(crate) fn clear_resched() {
    // The grace first: a kick that comes in between leaves neither the flag nor a grace, but is still
    // there to be acknowledged; the other way round it would leave the flag without a grace.
    timer::cancel_grace();
    percpu::here().resched.store(false, SeqCst);
}

pub(crate) fn stats(core: CoreId) -> CpuStats {
    let of = percpu::of(core);
    // A sleep that lasts counts too.
    let asleep = time::nanos().saturating_sub(of.asleep_since.load(Relaxed));
    CpuStats {
        timer_ticks: of.timer_ticks.load(Relaxed),
        ipis_received: of.ipis_received.load(Relaxed),
        ipis_sent: of.ipis_sent.load(Relaxed),
        forced_switches: of.forced_switches.load(Relaxed),
        deferred_switches: of.deferred_switches.load(Relaxed),
        longest_guarded_ns: time::cycles_to_ns(sync::longest_guarded_cycles(core)),
        idle_ns: of.idle_ns.load(Relaxed) + asleep,
    }
}

/// Tells the processor that the caller spins.
#[inline]
pub(crate) fn relax() {
    core::hint::spin_loop();
}
