//! The meter: how much one account's contained work holds of the heap, and how much it may.
//!
//! Figures may be read from any core at any time. They are written by the thread that is in a scope
//! of this meter; two threads in scopes of one meter at once are counted right, but may together
//! overshoot the limit by one allocation. Relaxed throughout: the figures order nothing.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Bytes and allocations charged to one account, with a limit.
#[derive(Debug)]
pub struct Meter {
    used: AtomicUsize,
    live: AtomicUsize,
    high_water: AtomicUsize,
    limit: AtomicUsize,
    fail_after: AtomicU64,
}

/// `fail_after`'s value while nothing is to fail.
const NO_FAILURE: u64 = u64::MAX;

impl Meter {
    /// Nothing charged yet, and refusal past `limit_bytes`.
    pub const fn new(limit_bytes: usize) -> Meter {
        Meter {
            used: AtomicUsize::new(0),
            live: AtomicUsize::new(0),
            high_water: AtomicUsize::new(0),
            limit: AtomicUsize::new(limit_bytes),
            fail_after: AtomicU64::new(NO_FAILURE),
        }
    }

    /// Bytes charged and not credited back.
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Allocations charged and not credited back: 0 exactly when the scope's owner leaked nothing.
    pub fn live(&self) -> usize {
        self.live.load(Relaxed)
    }

    /// The most that `used` has been, in bytes.
    pub fn high_water(&self) -> usize {
        self.high_water.load(Relaxed)
    }

    /// Bytes past which an allocation is refused.
    pub fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    /// Moves the limit; below `used` it only stops growth.
    pub fn set_limit(&self, limit_bytes: usize) {
        self.limit.store(limit_bytes, Relaxed)
    }

    /// For tests: lets `count` more allocations through and refuses the one after, once.
    /// `u64::MAX` takes an injection back.
    pub fn fail_after(&self, count: u64) {
        self.fail_after.store(count, Relaxed)
    }

    /// Whether an injected failure was set and has not come yet.
    pub fn failure_pending(&self) -> bool {
        self.fail_after.load(Relaxed) != NO_FAILURE
    }

    /// Charges `allocations` holding `bytes` in all; false, with nothing charged, if refused.
    pub(super) fn charge(&self, bytes: usize, allocations: usize) -> bool {
        if self.injected() {
            return false;
        }
        let used = self.used.load(Relaxed);
        if used.checked_add(bytes).is_none_or(|total| total > self.limit()) {
            return false;
        }
        self.charge_unlimited(bytes, allocations);
        true
    }

    /// Charges without asking.
    pub(super) fn charge_unlimited(&self, bytes: usize, allocations: usize) {
        let total = self.used.fetch_add(bytes, Relaxed).wrapping_add(bytes);
        self.live.fetch_add(allocations, Relaxed);
        if total > self.high_water() {
            self.high_water.fetch_max(total, Relaxed);
        }
    }

    /// Takes a charge back.
    pub(super) fn credit(&self, bytes: usize, allocations: usize) {
        self.used.fetch_sub(bytes, Relaxed);
        self.live.fetch_sub(allocations, Relaxed);
    }

    /// Counts an injected failure down; true when this allocation is the one.
    fn injected(&self) -> bool {
        match self.fail_after.load(Relaxed) {
            NO_FAILURE => false,
            0 => {
                self.fail_after.store(NO_FAILURE, Relaxed);
                true
            }
            left => {
                self.fail_after.store(left - 1, Relaxed);
                false
            }
        }
    }
}
