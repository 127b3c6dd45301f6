//! From the allocator to the current scope's meter.
//!
//! Each change is a `Ticket`, which a failed allocation refunds to the meter that was charged.
//! Nothing here allocates, and nothing here is reachable except from the allocator.

use super::meter::Meter;
use super::scope::State;

/// On whose behalf memory is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The kernel itself: may use the last reserve.
    Kernel,
    /// An actor, by contained work or by a host call: must leave the reserve alone.
    Actor,
}

/// A change made to the current meter, if there is one.
#[must_use]
pub(crate) struct Ticket<'a> {
    meter: Option<&'a Meter>,
    grown: usize,
    shrunk: usize,
    allocations: usize,
    source: Source,
}

impl Ticket<'_> {
    /// Whom the memory is for. Work on its way out of a scope counts as the kernel's.
    pub(crate) fn source(&self) -> Source {
        self.source
    }

    /// Undoes the change.
    pub(crate) fn refund(self) {
        if let Some(meter) = self.meter {
            meter.credit(self.grown, self.allocations);
            meter.charge_unlimited(self.shrunk, 0);
        }
    }
}

/// Charges a new allocation of `bytes`; `None` if refused.
pub(crate) fn take<'a>(bytes: usize) -> Option<Ticket<'a>> {
    ticket(bytes, 0, 1)
}

/// Charges a change of size; `None` if refused. Shrinking is never refused.
pub(crate) fn resize<'a>(old: usize, new: usize) -> Option<Ticket<'a>> {
    ticket(new.saturating_sub(old), old.saturating_sub(new), 0)
}

/// Credits a freed allocation of `bytes`.
pub(crate) fn give(bytes: usize) {
    if let Some(meter) = State::current().meter() {
        meter.credit(bytes, 1);
    }
}

fn ticket<'a>(grown: usize, shrunk: usize, allocations: usize) -> Option<Ticket<'a>> {
    let state = State::current();
    let meter = state.meter();
    let mut source = if state.in_scope() { Source::Actor } else { Source::Kernel };
    if let Some(meter) = meter {
        if state.escaping() || (grown == 0 && shrunk > 0) {
            meter.charge_unlimited(grown, allocations);
            meter.credit(shrunk, 0);
            // The way out must not fail.
            source = Source::Kernel;
        } else if !meter.charge(grown, allocations) {
            return None;
        }
    }
    Some(Ticket { meter, grown, shrunk, allocations, source })
}
