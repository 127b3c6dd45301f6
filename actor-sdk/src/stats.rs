//! Statistics: switching them on, and reading what was measured.
//!
//! Owns: the methods of [`System`] for them, one a record.
//! Does not: format anything, or remember between readings.

use tessera_abi::inspect::ActorRecord;
use tessera_abi::{Error, LatencyRecord, StatsRecord, Subject};

use crate::capability::{Capability, System};
use crate::sys;

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
    pub fn latencies(&self, actor: &ActorRecord) -> impl Iterator<Item = LatencyRecord> {
        let owner = u64::from(actor.index) << 32;
        self.walk(Subject::Latency, owner, LatencyRecord::SIZE, move |bytes| {
            LatencyRecord::decode(bytes).ok().map(|record| (record, owner | (u64::from(record.slot) + 1)))
        })
    }
}
