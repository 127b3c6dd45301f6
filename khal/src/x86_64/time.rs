//! The clock: the time stamp counter, in ns since boot.
//!
//! Owns the conversion, measured once at boot against a counter of known rate (`calibrate`). All
//! cores share one base: `smp` starts no core whose counter disagrees. The counter is taken to run at
//! a constant rate, which is true of every processor with an invariant TSC and of QEMU.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;

use super::timer;
use crate::time::Instant;

/// Counter at boot, and ns per count times 2^32. Written once, before other cores run: Relaxed.
static BASE: AtomicU64 = AtomicU64::new(0);
static NANOS_PER_CYCLE: AtomicU64 = AtomicU64::new(1 << 32);

/// ns since boot.
pub fn nanos() -> u64 {
    // SAFETY: LFENCE waits for earlier loads, so that the counter is not read ahead of them.
    unsafe { core::arch::x86_64::_mm_lfence() };
    cycles_to_ns(cycles().wrapping_sub(BASE.load(Relaxed)))
}

pub(crate) fn now() -> Instant {
    Instant::from_nanos(nanos())
}

pub(crate) fn arm(at: Instant) {
    timer::arm(at.as_nanos());
}

pub(crate) fn set_grace(grace: Duration) {
    timer::set_grace(u64::try_from(grace.as_nanos()).unwrap_or(u64::MAX));
}

/// Time passes by itself here.
pub(crate) fn pass(_span: Duration) {}

/// The time stamp counter.
#[inline]
pub(crate) fn cycles() -> u64 {
    // SAFETY: every x86-64 processor has RDTSC, and nothing forbids it in ring 0.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Counts of the time stamp counter in ns.
pub(crate) fn cycles_to_ns(cycles: u64) -> u64 {
    ((u128::from(cycles) * u128::from(NANOS_PER_CYCLE.load(Relaxed))) >> 32) as u64
}

/// Sets the rate: `nanos` passed while the counter counted `cycles`, the boot being at count `base`.
pub(super) fn set_rate(nanos: u64, cycles: u64, base: u64) {
    let rate = (u128::from(nanos) << 32) / u128::from(cycles.max(1));
    NANOS_PER_CYCLE.store(rate as u64, Relaxed);
    BASE.store(base, Relaxed);
}

/// Spins for `span`; for bring-up and delays that devices ask for.
pub(super) fn spin_for(span: Duration) {
    let end = now() + span;
    while now() < end {
        core::hint::spin_loop();
    }
}
