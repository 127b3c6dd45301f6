//! What can be told of an endpoint: what has become of its messages and calls, and how long they took.
//!
//! Owns what is counted and measured beside the queue. It is the endpoint's state, under the same lock and
//! invariants ([`super::queue`]); nothing is decided by any of it.

use super::counters::{Calls, Counters};
use super::endpoint::Endpoint;
use super::latency::{Latencies, Latency};
use super::queue::{Limits, Locked, State};
use crate::fallible;
use crate::stats::{Period, Stats};
use alloc::boxed::Box;
use khal::time::Instant;
use tessera_abi::Error;

/// What an endpoint has once it has been called or measured: there are as many endpoints as idle handlers, and most
/// never are.
#[derive(Debug, Default)]
pub(super) struct Rare {
    calls: Calls,
    latency: Option<Box<Latency>>,
}

impl Endpoint {
    /// The lock for somebody who comes to take something, which is measured while statistics are kept. No clock is
    /// read where there is nothing.
    pub(super) fn lock_to_take(&self, stats: &Stats) -> Locked<'_> {
        let mut state = self.lock();
        if !state.queue.is_empty() || !state.senders.is_empty() {
            state.measure_now(stats);
        }
        state
    }

    /// The lock for somebody who looks whether there is something to take. That alone measures nothing, but where his
    /// coming lets a sender in line hand its message over.
    pub(super) fn lock_to_look(&self, stats: &Stats) -> Locked<'_> {
        let mut state = self.lock();
        if state.limits.capacity == 0 && !state.senders.is_empty() {
            state.measure_now(stats);
        }
        state
    }

    /// The lock for somebody who offers something at `now`, if that is measured.
    pub(super) fn lock_measured(&self, stats: &Stats, now: Option<Instant>) -> Locked<'_> {
        let mut state = self.lock();
        if let Some(now) = now {
            state.measure(stats, now);
        }
        state
    }

    /// The figures at this moment.
    pub fn counters(&self) -> Counters {
        self.lock().figures()
    }

    /// How much it keeps, and has kept.
    pub fn limits(&self) -> Limits {
        self.lock().limits
    }

    /// What has become of its calls.
    pub fn calls(&self) -> Calls {
        self.lock().call_figures()
    }

    /// How long messages waited and calls took in this period of the statistics.
    pub fn latencies(&self, period: Period) -> Latencies {
        self.lock().latencies(period)
    }
}

impl State {
    /// The counters at this moment.
    pub(super) fn figures(&self) -> Counters {
        self.tally.with(self.queue.len(), self.senders.len())
    }

    fn rare(&mut self) -> Result<&mut Rare, Error> {
        match &mut self.rare {
            Some(rare) => Ok(rare),
            none => Ok(none.insert(fallible::own(Rare::default())?)),
        }
    }

    /// Where calls are counted.
    pub(super) fn calls(&mut self) -> Result<&mut Calls, Error> {
        self.rare().map(|rare| &mut rare.calls)
    }

    /// What has become of its calls.
    pub(super) fn call_figures(&self) -> Calls {
        self.rare.as_ref().map_or_else(Calls::default, |rare| rare.calls)
    }

    /// Measures what happens until the lock is left, if statistics are kept.
    fn measure_now(&mut self, stats: &Stats) {
        if let Some(now) = stats.now() {
            self.measure(stats, now);
        }
    }

    /// Measures what happens until the lock is left, as happening at `now`.
    pub(super) fn measure(&mut self, stats: &Stats, now: Instant) {
        if self.measure_or_refuse(stats, now).is_err() {
            stats.miss();
        }
    }

    fn measure_or_refuse(&mut self, stats: &Stats, now: Instant) -> Result<(), Error> {
        let (capacity, period) = (self.limits.capacity, stats.period());
        let latency = match &mut self.rare()?.latency {
            Some(latency) => latency,
            none => none.insert(Latency::new(stats.next_endpoint(), capacity, period)?),
        };
        latency.renew(period);
        latency.now = Some(now);
        Ok(())
    }

    pub(super) fn latency(&mut self) -> Option<&mut Latency> {
        self.rare.as_mut()?.latency.as_deref_mut()
    }

    /// The moment at which what happens under the lock is measured, if it is.
    pub(super) fn measured(&self) -> Option<Instant> {
        self.rare.as_ref()?.latency.as_ref()?.now
    }

    /// What was measured in this period.
    pub(super) fn latencies(&self, period: Period) -> Latencies {
        let latency = self.rare.as_ref().and_then(|rare| rare.latency.as_ref());
        latency.map_or(Latencies::NONE, |latency| latency.of(period))
    }

    /// Counts a delivery of what was offered then, if that is measured.
    pub(super) fn count_delivered(&mut self, offered: Option<Instant>) {
        self.tally.delivered += 1;
        if let Some(offered) = offered
            && let Some(latency) = self.latency()
        {
            latency.delivered(offered);
        }
    }
}
