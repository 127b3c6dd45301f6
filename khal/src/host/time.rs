//! The host's clock: the process's monotonic one, or the simulation's.

use core::time::Duration;
use std::sync::OnceLock;

use super::local::local;
use super::{cpu, sim};
use crate::time::Instant;

/// The process's beginning, as far as khal knows, on both clocks.
fn origin() -> (std::time::Instant, u64) {
    static ORIGIN: OnceLock<(std::time::Instant, u64)> = OnceLock::new();
    *ORIGIN.get_or_init(|| (std::time::Instant::now(), cycles()))
}

pub(crate) fn now() -> Instant {
    if local().simulated.get() { sim::now() } else { real_now() }
}

/// The process's clock, whatever the mode.
pub(crate) fn real_now() -> Instant {
    Instant::ZERO + origin().0.elapsed()
}

pub(crate) fn arm(at: Instant) {
    if local().simulated.get() { sim::arm(at) } else { cpu::arm(at) }
}

/// Nothing is switched by force here.
pub(crate) fn set_grace(_grace: Duration) {}

pub(crate) fn pass(span: Duration) {
    if local().simulated.get() {
        sim::pass(span);
    }
}

/// The processor's time stamp counter.
#[inline]
pub(crate) fn cycles() -> u64 {
    // SAFETY: every x86_64 processor has the instruction, and Linux lets user space execute it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Cycles in ns, by the rate seen since the process's beginning (waits until that is 2 ms ago).
pub(crate) fn cycles_to_ns(cycles_spent: u64) -> u64 {
    let (began, at) = origin();
    while began.elapsed() < Duration::from_millis(2) {
        core::hint::spin_loop();
    }
    let (nanos, ticks) = (began.elapsed().as_nanos(), u128::from(cycles().wrapping_sub(at)));
    u64::try_from(u128::from(cycles_spent) * nanos / ticks.max(1)).unwrap_or(u64::MAX)
}
