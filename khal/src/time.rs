//! The clock, and each core's one-shot timer.
//!
//! One monotonic clock for the whole machine, in ns since boot (in the host's `sim` mode: one a
//! virtual core). Each core has one armed instant; when it comes, that core's resched flag rises, and
//! if the flag still stands a *grace* later the running thread is switched out by force (bare only).
//! This file keeps no list of deadlines: that is the kernel's timer structure.

use core::ops::{Add, Sub};
use core::time::Duration;

use crate::backend;

/// A moment, in ns since boot. Covers 584 years; arithmetic saturates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Instant(u64);

impl Instant {
    /// Boot.
    pub const ZERO: Instant = Instant(0);
    /// Later than anything that comes: a deadline that does not exist.
    pub const NEVER: Instant = Instant(u64::MAX);

    /// The moment `nanos` ns after boot.
    pub const fn from_nanos(nanos: u64) -> Instant {
        Instant(nanos)
    }

    /// ns since boot.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time from `earlier` to this; zero if `earlier` is later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates at `NEVER`.
    fn add(self, span: Duration) -> Instant {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_add(nanos))
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    /// Saturates at boot.
    fn sub(self, span: Duration) -> Instant {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_sub(nanos))
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.since(earlier)
    }
}

/// Now.
#[inline]
pub fn now() -> Instant {
    backend::time::now()
}

/// Sets this core's one-shot: its resched flag rises at `at`, once. Replaces what was armed before;
/// `Instant::NEVER` disarms. An instant in the past fires at once. Call it where the caller cannot
/// migrate (core loop, or under a guard).
#[inline]
pub fn arm(at: Instant) {
    backend::time::arm(at)
}

/// How long a raised resched flag may stand before the running thread is switched out by force; 1 ms
/// unless set. For the whole machine.
pub fn set_grace(grace: Duration) {
    backend::time::set_grace(grace)
}

/// Lets virtual time pass on this core (the host's `sim` mode); elsewhere time passes by itself and
/// this does nothing.
pub fn pass(span: Duration) {
    backend::time::pass(span)
}

/// The processor's time stamp counter, for figures: it runs at a rate of its own, and cores may
/// disagree. Under an emulator that counts instructions it advances by a fixed amount with each.
#[inline]
pub fn cycles() -> u64 {
    backend::time::cycles()
}

/// So many counts of [`cycles`] in ns.
pub fn cycles_to_ns(cycles: u64) -> u64 {
    backend::time::cycles_to_ns(cycles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Instant::NEVER + Duration::from_secs(1), Instant::NEVER);
        assert_eq!(Instant::from_nanos(5) - Duration::from_secs(1), Instant::ZERO);
        assert_eq!(Instant::from_nanos(5) - Instant::from_nanos(9), Duration::ZERO);
        assert_eq!(Instant::from_nanos(1) + Duration::MAX, Instant::NEVER);
    }
}
