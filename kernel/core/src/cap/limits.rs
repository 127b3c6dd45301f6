//! What a capability may be used for at the most: until when, how often, how fast.
//!
//! Owns the counts. Most capabilities have no limits and pay one look at a pointer for that. Invariants, along
//! every derivation:
//! * An expiry is never later than that of what it was derived from.
//! * Uses of one's own are taken out of what one was derived from, for good. So all capabilities below a limited
//!   one together have no more uses than it was given, and a lookup asks one count however long the chain.
//! * A rate, once set, stays: whatever is derived below shares its bucket.
//! * What is derived without limits of its own shares those that there are: copies are no way to more.
//!
//! A use is one operation that the table's lookup lets in, whatever comes of it then; looking, deriving and
//! taking back are none. Takes no lock; may be used under any.

use crate::fallible;
use alloc::sync::Arc;
use core::num::{NonZeroU32, NonZeroU64};
use khal::sync::atomic::{AtomicU64, Ordering};
use khal::time::Instant;
use tessera_abi::{Error, GrantState};

/// At most so many uses a period, of which so many may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Uses in each period.
    pub uses: NonZeroU32,
    /// The period, in ns.
    pub period_ns: NonZeroU64,
    /// Uses that may come at once.
    pub burst: NonZeroU32,
}

/// The limits that a derived capability is to have of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The moment from which it is expired.
    pub expires_at: Instant,
    /// How often it can be used.
    pub uses: Option<NonZeroU64>,
    /// How fast.
    pub pace: Option<Pace>,
}

impl Asked {
    /// None of its own.
    pub const NOTHING: Asked = Asked { expires_at: Instant::NEVER, uses: None, pace: None };
}

/// What is left of some limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The moment from which it is expired.
    pub expires_at: Instant,
    /// How often it can still be used.
    pub uses: Option<u64>,
    /// How fast.
    pub pace: Option<Pace>,
}

/// The limits of one capability, and of every plain copy of it.
#[derive(Debug)]
pub struct Limits {
    expires_at: Instant,
    uses: Option<Arc<AtomicU64>>,
    rate: Option<Arc<Bucket>>,
}

impl Limits {
    /// The limits of what is derived from a capability with the limits `above`. The uses that are asked for
    /// are not taken out of anything yet: see [`take_out`].
    ///
    /// # Errors
    /// `MissingRight` to set a rate below another; `NoMemory`.
    pub(super) fn below(above: Option<&Arc<Self>>, asked: &Asked) -> Result<Option<Arc<Self>>, Error> {
        if *asked == Asked::NOTHING {
            return Ok(above.cloned());
        }
        let (uses, rate) = above.map_or((None, None), |above| (above.uses.clone(), above.rate.clone()));
        let rate = match (rate, asked.pace) {
            (Some(_), Some(_)) => return Err(Error::MissingRight),
            (None, Some(pace)) => Some(fallible::share(Bucket::new(pace))?),
            (shared, None) => shared,
        };
        let uses = match asked.uses {
            Some(own) => Some(fallible::share(AtomicU64::new(own.get()))?),
            None => uses,
        };
        let latest = above.map_or(Instant::NEVER, |above| above.expires_at);
        let expires_at = asked.expires_at.min(latest);
        fallible::share(Limits { expires_at, uses, rate }).map(Some)
    }

    /// Counts one use; until when what was begun by it may last.
    ///
    /// # Errors
    /// `Expired` when time or uses have run out, `Busy` when it comes too soon; nothing is counted then.
    pub(super) fn count(&self) -> Result<Instant, Error> {
        let now = khal::time::now();
        self.check(now)?;
        if let Some(rate) = &self.rate {
            rate.count(now)?;
        }
        if let Some(uses) = &self.uses
            && take(uses, 1).is_err()
        {
            // Another core took the last one since the check.
            self.rate.iter().for_each(|rate| rate.uncount());
            return Err(Error::Expired);
        }
        Ok(self.expires_at)
    }

    /// Takes one use that was counted back, of what was not let in after all.
    pub(super) fn uncount(&self) {
        self.rate.iter().for_each(|rate| rate.uncount());
        if let Some(uses) = &self.uses {
            uses.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether there is time and a use left.
    ///
    /// # Errors
    /// `Expired`.
    pub(super) fn check(&self, now: Instant) -> Result<(), Error> {
        // Relaxed, as all of it: counts that order nothing else.
        let used_up = self.uses.as_ref().is_some_and(|uses| uses.load(Ordering::Relaxed) == 0);
        if used_up || self.expires_at <= now { Err(Error::Expired) } else { Ok(()) }
    }

    /// What is left of them.
    pub fn left(&self) -> Left {
        Left {
            expires_at: self.expires_at,
            uses: self.uses.as_ref().map(|uses| uses.load(Ordering::Relaxed)),
            pace: self.rate.as_ref().map(|rate| rate.pace),
        }
    }

    /// For listings.
    pub fn state(&self) -> GrantState {
        match self.check(khal::time::now()) {
            Ok(()) => GrantState::Usable,
            Err(_) => GrantState::Expired,
        }
    }
}

/// Takes the uses that a derived capability is to have out of what it is derived from, if that is counted.
///
/// # Errors
/// `MissingRight` when fewer are left.
pub(super) fn take_out(above: Option<&Limits>, asked: &Asked) -> Result<(), Error> {
    match (above.and_then(|above| above.uses.as_ref()), asked.uses) {
        (Some(uses), Some(own)) => take(uses, own.get()).map_err(|()| Error::MissingRight),
        _ => Ok(()),
    }
}

/// Puts back what [`take_out`] took, for a capability that did not come to be.
pub(super) fn put_back(above: Option<&Limits>, asked: &Asked) {
    if let (Some(uses), Some(own)) = (above.and_then(|above| above.uses.as_ref()), asked.uses) {
        uses.fetch_add(own.get(), Ordering::Relaxed);
    }
}

fn take(uses: &AtomicU64, count: u64) -> Result<(), ()> {
    let taken = uses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count));
    taken.map(|_| ()).map_err(|_| ())
}

/// A rate, kept by the generic cell rate algorithm (ITU-T I.371): one word says when all that has been used so
/// far would have come at an even pace, and a use may be ahead of that by the burst.
#[derive(Debug)]
struct Bucket {
    even_ns: AtomicU64,
    pace: Pace,
}

impl Bucket {
    fn new(pace: Pace) -> Self {
        Bucket { even_ns: AtomicU64::new(0), pace }
    }

    /// How far apart uses come at an even pace.
    fn interval_ns(&self) -> u64 {
        self.pace.period_ns.get().div_ceil(u64::from(self.pace.uses.get()))
    }

    fn count(&self, now: Instant) -> Result<(), Error> {
        let interval_ns = self.interval_ns();
        let ahead_most_ns = interval_ns.saturating_mul(u64::from(self.pace.burst.get()) - 1);
        let step = |even_ns: u64| {
            let even_ns = even_ns.max(now.as_nanos());
            // At the end of time nothing is allowed any more, rather than everything.
            let allowed = even_ns < u64::MAX && even_ns - now.as_nanos() <= ahead_most_ns;
            allowed.then(|| even_ns.saturating_add(interval_ns))
        };
        let counted = self.even_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        counted.map(|_| ()).map_err(|_| Error::Busy)
    }

    /// As if a use that was counted had never come.
    fn uncount(&self) {
        // The end of time stays.
        let step = |even_ns: u64| (even_ns < u64::MAX).then(|| even_ns.saturating_sub(self.interval_ns()));
        let _uncounted = self.even_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
    }
}

#[cfg(test)]
#[cfg(not(loom))]
#[path = "limits_tests.rs"]
mod tests;
