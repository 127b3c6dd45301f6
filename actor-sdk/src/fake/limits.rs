//! The fake kernel's limits: how often, how fast and how long a capability can be used.
//!
//! Owns: the counts, which copies share.
//! Invariant: as in the real kernel (kernel/core/src/cap/limits.rs), whose rules these are, for one thread.

use std::cell::Cell;
use std::rc::Rc;

use tessera_abi::{Derivation, Error, GrantState, LimitsRecord, UNLIMITED};

/// What limits a capability, if anything does.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    expires_at_ns: Option<u64>,
    uses: Option<Rc<Cell<u64>>>,
    rate: Option<Rc<Rate>>,
}

#[derive(Debug)]
struct Rate {
    uses: u32,
    period_ns: u64,
    burst: u32,
    even_ns: Cell<u64>,
}

impl Limits {
    /// The limits of what is derived as `wanted`; takes its uses out of these.
    pub fn below(&self, wanted: &Derivation) -> Result<Self, Error> {
        let rate = match (&self.rate, rate(wanted)?) {
            (Some(_), Some(_)) => return Err(Error::MissingRight),
            (shared, own) => own.or_else(|| shared.clone()),
        };
        let uses = match (wanted.uses, &self.uses) {
            (0, _) => return Err(Error::InvalidArgument),
            (UNLIMITED, shared) => shared.clone(),
            (own, None) => Some(Rc::new(Cell::new(own))),
            (own, Some(above)) => {
                above.set(above.get().checked_sub(own).ok_or(Error::MissingRight)?);
                Some(Rc::new(Cell::new(own)))
            }
        };
        let own = Some(wanted.expires_at_ns).filter(|at| *at != UNLIMITED);
        let expires_at_ns = own.into_iter().chain(self.expires_at_ns).min();
        Ok(Self { expires_at_ns, uses, rate })
    }

    /// Whether there is time and a use left.
    pub fn check(&self, now_ns: u64) -> Result<(), Error> {
        let over = self.expires_at_ns.is_some_and(|at| at <= now_ns);
        let used_up = self.uses.as_ref().is_some_and(|uses| uses.get() == 0);
        if over || used_up { Err(Error::Expired) } else { Ok(()) }
    }

    /// Counts a use.
    pub fn count(&self, now_ns: u64) -> Result<(), Error> {
        self.check(now_ns)?;
        if let Some(rate) = &self.rate {
            rate.count(now_ns)?;
        }
        if let Some(uses) = &self.uses {
            uses.set(uses.get() - 1);
        }
        Ok(())
    }

    /// Takes a use that was counted back.
    pub fn uncount(&self) {
        if let Some(rate) = &self.rate {
            rate.even_ns.set(rate.even_ns.get().saturating_sub(rate.interval_ns()));
        }
        if let Some(uses) = &self.uses {
            uses.set(uses.get() + 1);
        }
    }

    /// The moment that a wait does not outlast, if there is one.
    pub const fn expires_at_ns(&self) -> Option<u64> {
        self.expires_at_ns
    }

    /// What is left, as `cap_limits` tells it of a capability that has not been taken back.
    pub fn record(&self, now_ns: u64) -> LimitsRecord {
        let rate = self.rate.as_ref();
        LimitsRecord {
            expires_at_ns: self.expires_at_ns.unwrap_or(UNLIMITED),
            uses_left: self.uses.as_ref().map_or(UNLIMITED, |uses| uses.get()),
            rate_uses: rate.map_or(0, |rate| rate.uses),
            rate_burst: rate.map_or(0, |rate| rate.burst),
            rate_period_ns: rate.map_or(0, |rate| rate.period_ns),
            state: if self.check(now_ns).is_ok() { GrantState::Usable } else { GrantState::Expired },
            reserved: [0; 7],
        }
    }
}

fn rate(wanted: &Derivation) -> Result<Option<Rc<Rate>>, Error> {
    let Derivation { rate_uses: uses, rate_period_ns: period_ns, rate_burst: burst, .. } = *wanted;
    match (uses, period_ns, burst) {
        (0, 0, 0) => Ok(None),
        (0, ..) | (_, 0, _) | (_, _, 0) => Err(Error::InvalidArgument),
        _ => Ok(Some(Rc::new(Rate { uses, period_ns, burst, even_ns: Cell::new(0) }))),
    }
}

impl Rate {
    fn interval_ns(&self) -> u64 {
        self.period_ns.div_ceil(u64::from(self.uses))
    }

    fn count(&self, now_ns: u64) -> Result<(), Error> {
        let interval_ns = self.interval_ns();
        let even_ns = self.even_ns.get().max(now_ns);
        if even_ns == u64::MAX || even_ns - now_ns > interval_ns.saturating_mul(u64::from(self.burst) - 1) {
            return Err(Error::Busy);
        }
        self.even_ns.set(even_ns.saturating_add(interval_ns));
        Ok(())
    }
}
