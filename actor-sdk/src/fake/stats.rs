//! The fake kernel's statistics: a switch, and the records that a test has set.
//!
//! Does not: measure anything.

use tessera_abi::{ActivityRecord, Error, Histogram, LatencyRecord, StatsRecord};

use super::calls::{Calls, Outcome};
use super::state::State;
use super::{Kernel, STATE};

impl Kernel {
    /// Sets what was measured at the endpoint in a slot, itself set by [`add_endpoint`](Self::add_endpoint), of the
    /// actor with this index.
    pub fn add_latency(&mut self, actor_index: u32, record: LatencyRecord) {
        STATE.with_borrow_mut(|state| state.latency_records.push((actor_index, record)));
    }

    /// Sets what was measured of an actor, itself set by [`add_actor`](Self::add_actor).
    pub fn add_activity(&mut self, record: ActivityRecord) {
        STATE.with_borrow_mut(|state| state.activity_records.push(record));
    }

    /// Whether the actor has left statistics on, and since when.
    #[must_use]
    pub fn stats(&self) -> StatsRecord {
        STATE.with_borrow(|state| state.stats)
    }
}

impl State {
    /// What was measured of the first actor at or after an index.
    pub(super) fn activity(&self, index: u64) -> Option<ActivityRecord> {
        let actor = self.actor_records.iter().find(|actor| u64::from(actor.index) >= index)?;
        let set = self.activity_records.iter().find(|record| record.id == actor.id);
        let unmeasured = ActivityRecord { index: actor.index, id: actor.id, ..ActivityRecord::default() };
        Some(set.copied().unwrap_or(unmeasured))
    }

    /// What was measured at the first endpoint of the actor's at or after a slot.
    pub(super) fn latency(&self, actor_index: u32, from: u32) -> Option<LatencyRecord> {
        let mut endpoints = self.endpoint_records.iter();
        let found = endpoints.find(|(owner, record)| *owner == actor_index && record.slot >= from);
        let slot = found?.1.slot;
        let mut measured = self.latency_records.iter();
        let set = measured.find(|(owner, record)| (*owner, record.slot) == (actor_index, slot));
        let (waits, answers) = (Histogram::EMPTY, Histogram::EMPTY);
        Some(set.map_or(LatencyRecord { slot, endpoint: 0, waits, answers }, |(_, record)| *record))
    }
}

impl Calls<'_> {
    pub(super) fn stats_set(&mut self, _system: u64, on: u32) -> Outcome {
        let now_ns = self.state.now_ns;
        match on {
            0 if self.state.stats.is_on() => self.state.stats.until_ns = now_ns,
            0 => {}
            1 => self.state.stats = StatsRecord { began_ns: now_ns, until_ns: u64::MAX, missed: 0 },
            _ => return Err(Error::InvalidArgument.into()),
        }
        Ok(0)
    }
}
