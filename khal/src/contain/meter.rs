//! The meter: how much one account's contained work holds of the heap, and how much it may.
//!
//! Owns the figures, and what it has drawn from whoever pays ([`Payer`]), if somebody does: whole steps of
//! [`STEP_BYTES`], one ahead, so that most allocations ask nobody. What is drawn covers what is used, but for
//! what the way out of a scope may not be refused.
//!
//! Figures may be read from any core at any time. They are written by the thread that is in a scope
//! of this meter; two threads in scopes of one meter at once are counted right, but may together
//! overshoot the limit by one allocation. Relaxed throughout: the figures order nothing.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Who pays for what a meter counts. Asked from inside the allocator: it allocates nothing, and takes no lock
/// under which memory is taken in a scope.
pub trait Payer: Send + Sync {
    /// Pays for `bytes`; false if it cannot.
    fn pay(&self, bytes: usize) -> bool;

    /// Takes back what it paid for `bytes`.
    fn pay_back(&self, bytes: usize);
}

/// What a meter draws at a time, in bytes.
pub const STEP_BYTES: usize = 4096;

/// Bytes and allocations charged to one account, with a limit.
pub struct Meter {
    used: AtomicUsize,
    limit: AtomicUsize,
    drawn: AtomicUsize,
    live: AtomicU32,
    fail_after: AtomicU32,
    payer: Option<Arc<dyn Payer>>,
}

/// `fail_after`'s value while nothing is to fail.
const NO_FAILURE: u32 = u32::MAX;

impl Meter {
    /// Nothing charged yet, and refusal past `limit_bytes`.
    pub const fn new(limit_bytes: usize) -> Meter {
        Meter::of(limit_bytes, None)
    }

    /// As [`new`](Self::new), and refusal when `payer` does not pay.
    pub fn paid_by(limit_bytes: usize, payer: Arc<dyn Payer>) -> Meter {
        Meter::of(limit_bytes, Some(payer))
    }

    const fn of(limit_bytes: usize, payer: Option<Arc<dyn Payer>>) -> Meter {
        Meter {
            used: AtomicUsize::new(0),
            limit: AtomicUsize::new(limit_bytes),
            drawn: AtomicUsize::new(0),
            live: AtomicU32::new(0),
            fail_after: AtomicU32::new(NO_FAILURE),
            payer,
        }
    }

    /// Bytes charged and not credited back.
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Allocations charged and not credited back: 0 exactly when the scope's owner leaked nothing.
    pub fn live(&self) -> usize {
        self.live.load(Relaxed) as usize
    }

    /// Bytes past which an allocation is refused.
    pub fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    /// Moves the limit; below `used` it only stops growth.
    pub fn set_limit(&self, limit_bytes: usize) {
        self.limit.store(limit_bytes, Relaxed)
    }

    /// Bytes that somebody has paid for; 0 where nobody does.
    pub fn drawn(&self) -> usize {
        self.drawn.load(Relaxed)
    }

    /// Gives whoever pays back all that nothing is held for.
    pub fn settle(&self) {
        self.return_over(self.used());
    }

    /// For tests: lets `count` more allocations through and refuses the one after, once.
    /// `u64::MAX` takes an injection back, and so does all that a `u32` does not hold.
    pub fn fail_after(&self, count: u64) {
        self.fail_after.store(u32::try_from(count).unwrap_or(NO_FAILURE), Relaxed)
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
        let Some(total) = self.used().checked_add(bytes) else { return false };
        if total > self.limit() || !self.draw(total) {
            return false;
        }
        self.charge_unlimited(bytes, allocations);
        true
    }

    /// Charges without asking.
    pub(super) fn charge_unlimited(&self, bytes: usize, allocations: usize) {
        self.used.fetch_add(bytes, Relaxed);
        self.live.fetch_add(allocations as u32, Relaxed);
    }

    /// Takes a charge back.
    pub(super) fn credit(&self, bytes: usize, allocations: usize) {
        let before = self.used.fetch_sub(bytes, Relaxed);
        self.live.fetch_sub(allocations as u32, Relaxed);
        // One step is kept ahead, so that what comes and goes at the edge of a step asks nobody.
        self.return_over(before.saturating_sub(bytes).saturating_add(STEP_BYTES));
    }

    /// Sees to it that `total` bytes are paid for.
    fn draw(&self, total: usize) -> bool {
        let Some(payer) = &self.payer else { return true };
        let missing = total.saturating_sub(self.drawn());
        let bytes = missing.next_multiple_of(STEP_BYTES);
        if missing != 0 {
            if !payer.pay(bytes) {
                return false;
            }
            self.drawn.fetch_add(bytes, Relaxed);
        }
        true
    }

    /// Gives back the whole steps that are drawn over `bytes`.
    fn return_over(&self, bytes: usize) {
        let Some(payer) = &self.payer else { return };
        let over = |drawn: usize| drawn.saturating_sub(bytes) / STEP_BYTES * STEP_BYTES;
        // Whose exchange succeeds returns them; another would find fewer.
        let update = |drawn| Some(drawn - over(drawn)).filter(|left| *left != drawn);
        if let Ok(drawn) = self.drawn.fetch_update(Relaxed, Relaxed, update) {
            payer.pay_back(over(drawn));
        }
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

impl Drop for Meter {
    fn drop(&mut self) {
        // What was leaked is nobody's any more, and not the payer's either.
        self.return_over(0);
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "meter of {} bytes, {} used", self.limit(), self.used())
    }
}
