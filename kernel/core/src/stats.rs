//! Whether statistics are kept, and since when.
//!
//! Owns a period: from when they were switched on until they were switched off. What is measured belongs to the
//! period in which it was, and counts for nothing once another has begun, so nobody has to go round and clear it.
//! Whoever measures keeps his figures himself, in memory that he takes when he first has something to measure;
//! where there is none he does without, which is counted here. While they are off, asking costs one load.
//! Takes no lock.

use khal::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use khal::time::{self, Instant};
use tessera_abi::StatsRecord;

/// See the module.
#[derive(Debug)]
pub struct Stats {
    began_ns: AtomicU64,
    /// `Instant::NEVER` while they are kept.
    until_ns: AtomicU64,
    missed: AtomicU64,
    endpoints: AtomicU32,
}

/// When statistics were or are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// From then on.
    pub began: Instant,
    /// Until then; `Instant::NEVER` while they are.
    pub until: Instant,
}

impl Stats {
    /// None are kept, nor ever were.
    pub fn new() -> Self {
        let zero = || AtomicU64::new(0);
        Stats { began_ns: zero(), until_ns: zero(), missed: zero(), endpoints: AtomicU32::new(0) }
    }

    /// Begins a period, or ends the present one. To begin while one is on is to begin anew.
    pub fn set(&self, on: bool) {
        let now_ns = time::now().as_nanos();
        // Relaxed, here and below: a figure more or less around the switching is nobody's loss.
        if on {
            self.began_ns.store(now_ns, Ordering::Relaxed);
            self.until_ns.store(Instant::NEVER.as_nanos(), Ordering::Relaxed);
        } else if self.is_on() {
            self.until_ns.store(now_ns, Ordering::Relaxed);
        }
    }

    /// Whether they are kept.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.until_ns.load(Ordering::Relaxed) == Instant::NEVER.as_nanos()
    }

    /// The moment for whoever is to measure; `None`, without looking at a clock, while nobody is.
    #[inline]
    pub fn now(&self) -> Option<Instant> {
        self.is_on().then(time::now)
    }

    /// The present period, or the last one.
    pub fn period(&self) -> Period {
        let at = |ns: &AtomicU64| Instant::from_nanos(ns.load(Ordering::Relaxed));
        Period { began: at(&self.began_ns), until: at(&self.until_ns) }
    }

    /// The number of the next endpoint that is measured, never 0 before four thousand million of them.
    pub(crate) fn next_endpoint(&self) -> u32 {
        self.endpoints.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts that there was no memory to measure something.
    pub fn miss(&self) {
        self.missed.fetch_add(1, Ordering::Relaxed);
    }

    /// What there is to tell of them.
    pub fn record(&self) -> StatsRecord {
        let Period { began, until } = self.period();
        let missed = self.missed.load(Ordering::Relaxed);
        StatsRecord { began_ns: began.as_nanos(), until_ns: until.as_nanos(), missed }
    }
}

impl Default for Stats {
    fn default() -> Self {
        Self::new()
    }
}
