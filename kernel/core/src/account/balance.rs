//! What one account has of one resource.
//!
//! Owns three figures. `free` is what could be charged now; it alone moves without the ledger's lock, by
//! whoever charges and gives back, in one atomic step each. `limit` and `given`, and `free` together with
//! them, move under that lock. `free` is below 0 when the limit was lowered under what is in use: by so much
//! the account is in debt, nothing can be charged, and what comes back pays the debt first.
//! Invariants: `limit = free + used + given`, where `used` is what follows from that and is never below 0; what
//! a parent has given to an account is that one's limit and its debt.
//! Relaxed throughout: each decision rests on what one read-modify-write of `free` returned, whoever reads the
//! other two holds the lock, and nothing else is ordered by the figures.

use khal::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// See the module.
#[derive(Debug)]
pub struct Balance {
    free: AtomicI64,
    limit: AtomicU64,
    given: AtomicU64,
}

/// The figures of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// What the account may use and give.
    pub limit: u64,
    /// What is in use.
    pub used: u64,
    /// What accounts split from it hold.
    pub given: u64,
    /// What could be charged.
    pub free: u64,
    /// What is in use over the limit and owed to the parent.
    pub owed: u64,
}

impl Balance {
    /// With nothing to it but `limit`.
    pub fn new(limit: u64) -> Self {
        let free = AtomicI64::new(signed(limit));
        Balance { free, limit: AtomicU64::new(limit), given: AtomicU64::new(0) }
    }

    /// Takes `amount` out of what is free; whether there is so much.
    pub fn take(&self, amount: u64) -> bool {
        let Ok(amount) = i64::try_from(amount) else { return false };
        // Nothing can be had in debt, too.
        amount == 0
            || self
                .free
                .fetch_update(Relaxed, Relaxed, |free| (free >= amount).then(|| free - amount))
                .is_ok()
    }

    /// Takes what is free, up to `most` of it; how much that was.
    pub fn take_up_to(&self, most: u64) -> u64 {
        let most = signed(most);
        let taken = self
            .free
            .fetch_update(Relaxed, Relaxed, |free| (free > 0 && most > 0).then(|| free - free.min(most)));
        taken.map_or(0, |before| u64::try_from(before.min(most)).unwrap_or(0))
    }

    /// Whether anything is free, a moment ago.
    pub fn has_free(&self) -> bool {
        self.free.load(Relaxed) > 0
    }

    /// Puts back what was taken; how much of it pays a debt, and is to go to the parent.
    #[must_use]
    pub fn put(&self, amount: u64) -> u64 {
        let before = self.free.fetch_add(signed(amount), Relaxed);
        amount.min(debt(before))
    }

    /// The limit. Under the ledger's lock, as all that follows.
    pub fn limit(&self) -> u64 {
        self.limit.load(Relaxed)
    }

    /// Lowers the limit by `amount`; how much of that is free and goes to the parent now. The rest is owed.
    pub fn lower(&self, amount: u64) -> u64 {
        self.limit.fetch_sub(amount, Relaxed);
        let before = self.free.fetch_sub(signed(amount), Relaxed);
        amount.min(u64::try_from(before).unwrap_or(0))
    }

    /// Lowers the limit by what is free of `amount`; how much that was.
    pub fn lower_free(&self, amount: u64) -> u64 {
        let free = self.take_up_to(amount);
        self.limit.fetch_sub(free, Relaxed);
        free
    }

    /// Raises the limit by `amount`, which came from the parent; how much of that pays a debt, as for [`put`](Self::put).
    #[must_use]
    pub fn raise(&self, amount: u64) -> u64 {
        self.limit.fetch_add(amount, Relaxed);
        self.put(amount)
    }

    /// Notes that `amount`, which has been taken, is with an account split from this one.
    pub fn note_given(&self, amount: u64) {
        self.given.fetch_add(amount, Relaxed);
    }

    /// Puts back what an account split from this one had; returns as [`put`](Self::put).
    #[must_use]
    pub fn put_given(&self, amount: u64) -> u64 {
        self.given.fetch_sub(amount, Relaxed);
        self.put(amount)
    }

    /// Notes that an account split from this one has used up `amount` of what it had: from now on this one has.
    pub fn note_spent(&self, amount: u64) {
        self.given.fetch_sub(amount, Relaxed);
    }

    /// The figures.
    pub fn figures(&self) -> Figures {
        let (limit, given, free) = (self.limit(), self.given.load(Relaxed), self.free.load(Relaxed));
        let used = i128::from(limit) - i128::from(given) - i128::from(free);
        debug_assert!(
            used >= 0,
            "more was given back than charged: {limit} limit, {given} given, {free} free"
        );
        Figures {
            limit,
            used: u64::try_from(used).unwrap_or(0),
            given,
            free: u64::try_from(free).unwrap_or(0),
            owed: debt(free),
        }
    }
}

/// An amount as a change of what is free. No amount is larger: [`take`](Balance::take) refuses it, and no limit is
/// over [`AMOUNT_MOST`](tessera_abi::account::AMOUNT_MOST).
fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

/// The debt that a `free` below 0 stands for.
fn debt(free: i64) -> u64 {
    if free < 0 { free.unsigned_abs() } else { 0 }
}
