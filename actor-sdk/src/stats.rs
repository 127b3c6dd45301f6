//! Statistics: switching them on, and reading what was measured.
//!
//! Owns: the methods of [`System`] for them, one a record.
//! Does not: format anything, or remember between readings.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use tessera_abi::inspect::{ActorRecord, EndpointRecord};
use tessera_abi::{ActivityRecord, Error, LatencyRecord, ObjectKind, Rights, StatsRecord, Subject};

use crate::capability::{Capability, System};
use crate::sys;

/// An endpoint, somebody who may receive there, and what became of what was sent there.
#[derive(Clone, Copy, Debug)]
pub struct EndpointStats {
    /// Who may receive.
    pub actor: ActorRecord,
    /// How many.
    pub endpoint: EndpointRecord,
    /// How long.
    pub latency: LatencyRecord,
}

impl System {
    /// Begins to keep statistics anew, or stops; what was measured stays until they begin again.
    ///
    /// # Errors
    /// Those of using the capability.
    pub fn set_stats(&self, on: bool) -> Result<(), Error> {
        sys::stats_set(self.handle(), on)
    }

    /// Whether statistics are kept, and since when.
    ///
    /// # Errors
    /// Those of using the capability.
    pub fn stats(&self) -> Result<StatsRecord, Error> {
        let mut record = [0; StatsRecord::SIZE];
        sys::inspect(self.handle(), Subject::Stats, 0, &mut record)?;
        StatsRecord::decode(&record).map_err(|_| Error::InvalidArgument)
    }

    /// How long messages waited and calls took at the endpoints that an actor holds, in the order of
    /// [`endpoints`](System::endpoints).
    pub fn latencies<'a>(&'a self, actor: &ActorRecord) -> impl Iterator<Item = LatencyRecord> + use<'a> {
        let owner = u64::from(actor.index) << 32;
        self.walk(Subject::Latency, owner, LatencyRecord::SIZE, move |bytes| {
            LatencyRecord::decode(bytes).ok().map(|record| (record, owner | (u64::from(record.slot) + 1)))
        })
    }

    /// Where an actor's time went, and what it sent.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the actor is forgotten.
    pub fn activity(&self, actor: &ActorRecord) -> Result<ActivityRecord, Error> {
        let mut record = [0; ActivityRecord::SIZE];
        sys::inspect(self.handle(), Subject::Activity, actor.index.into(), &mut record)?;
        let found = ActivityRecord::decode(&record).map_err(|_| Error::InvalidArgument)?;
        if found.id == actor.id { Ok(found) } else { Err(Error::NotFound) }
    }

    /// Every endpoint that somebody may receive from, each once if it was ever measured: of several who may it is with
    /// the last of the actors, since whoever makes an endpoint is there before those to whom it is handed.
    pub fn endpoint_stats(&self) -> impl Iterator<Item = EndpointStats> {
        let mut with = BTreeMap::new();
        for one in self.actors().flat_map(|actor| self.received_by(actor)) {
            with.insert(one.latency.endpoint, (one.actor.id, one.latency.slot));
        }
        self.actors().flat_map(|actor| self.received_by(actor)).filter(move |one| {
            let number = one.latency.endpoint;
            number == 0 || with.get(&number) == Some(&(one.actor.id, one.latency.slot))
        })
    }

    /// The endpoints that an actor may receive from.
    fn received_by(&self, actor: ActorRecord) -> impl Iterator<Item = EndpointStats> {
        let may_receive: Vec<u32> = self
            .capabilities(&actor)
            .filter(|one| one.info.kind == ObjectKind::Endpoint && one.info.rights.contains(Rights::RECEIVE))
            .map(|one| one.slot)
            .collect();
        let pairs = self.endpoints(&actor).zip(self.latencies(&actor));
        // An actor that changes its table between the two readings is looked at again next time.
        let same = pairs.filter(move |(endpoint, latency)| {
            endpoint.slot == latency.slot && may_receive.contains(&endpoint.slot)
        });
        same.map(move |(endpoint, latency)| EndpointStats { actor, endpoint, latency })
    }
}
