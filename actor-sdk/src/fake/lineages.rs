//! What a test lets `inspect` say of whom actors stand in for.
//!
//! Does not: follow what the actor under test has started; that is in [`Spawned`](super::Spawned).

use tessera_abi::LineageRecord;

use super::state::State;
use super::{Kernel, STATE};

impl Kernel {
    /// Sets whom an actor stands in for, itself set by [`add_actor`](Self::add_actor).
    pub fn add_lineage(&mut self, record: LineageRecord) {
        STATE.with_borrow_mut(|state| state.lineage_records.push(record));
    }
}

impl State {
    /// Whom the first actor at or after an index stands in for.
    pub(super) fn lineage(&self, index: u64) -> Option<LineageRecord> {
        let actor = self.actor_records.iter().find(|actor| u64::from(actor.index) >= index)?;
        let set = self.lineage_records.iter().find(|record| record.id == actor.id);
        Some(set.copied().unwrap_or(LineageRecord::first(actor.index, actor.id)))
    }
}
