//! What a test lets the fake kernel say of the machine, and what the actor has done to others.
//!
//! Does not: gather figures; `inspect` answers with what was set here.

use tessera_abi::inspect::{
    ActorRecord, CapabilityRecord, CoreRecord, EndpointRecord, HolderRecord, MachineRecord,
};
use tessera_abi::{AccountRecord, LimitsRecord, RevokeScope, TraceRecord};

use super::{Kernel, STATE};

impl Kernel {
    /// Sets what `inspect` says about the machine.
    pub fn set_machine(&mut self, record: MachineRecord) {
        STATE.with_borrow_mut(|state| state.machine = Some(record));
    }

    /// Adds a core to what `inspect` says.
    pub fn add_core(&mut self, record: CoreRecord) {
        STATE.with_borrow_mut(|state| state.cores.push(record));
    }

    /// Adds an actor to what `inspect` says, in the order of their indices.
    pub fn add_actor(&mut self, record: ActorRecord) {
        STATE.with_borrow_mut(|state| state.actor_records.push(record));
    }

    /// Adds a capability of the actor with this index to what `inspect` says, in the order of slots.
    pub fn add_capability(&mut self, actor_index: u32, record: CapabilityRecord) {
        STATE.with_borrow_mut(|state| state.capability_records.push((actor_index, record)));
    }

    /// Limits a capability of the actor with this index, for what `inspect` says.
    pub fn add_limits(&mut self, actor_index: u32, slot: u32, record: LimitsRecord) {
        STATE.with_borrow_mut(|state| state.limits_records.push((actor_index, slot, record)));
    }

    /// Adds an account to what `inspect` says, in the order of their places.
    pub fn add_account(&mut self, record: AccountRecord) {
        STATE.with_borrow_mut(|state| state.accounts.push(record));
    }

    /// Adds an event to the trace, in the order of each core's numbers.
    pub fn add_event(&mut self, record: TraceRecord) {
        STATE.with_borrow_mut(|state| state.trace.push(record));
    }

    /// Whether the actor has left the trace on.
    pub fn traces(&self) -> bool {
        STATE.with_borrow(|state| state.traces)
    }

    /// Adds an endpoint of the actor with this index to what `inspect` says, in the order of slots.
    pub fn add_endpoint(&mut self, actor_index: u32, record: EndpointRecord) {
        STATE.with_borrow_mut(|state| state.endpoint_records.push((actor_index, record)));
    }

    /// Adds a node to what `holders` says of a slot of the actor with this id, in the order of places.
    pub fn add_holder(&mut self, actor: u64, slot: u32, record: HolderRecord) {
        STATE.with_borrow_mut(|state| state.holder_records.push((actor, slot, record)));
    }

    /// What the actor has taken back of others' capabilities: whose (its id), which slot, how much.
    #[must_use]
    pub fn revoked(&self) -> Vec<(u64, u32, RevokeScope)> {
        STATE.with_borrow(|state| state.revoked.clone())
    }

    /// The names of those that end with the actor under test, should it fail, in the order in which they were linked.
    #[must_use]
    pub fn linked(&self) -> Vec<String> {
        STATE.with_borrow(|state| {
            let named = |place: &usize| state.actors.get(*place).map(|actor| actor.name.clone());
            state.own_links.iter().filter_map(named).collect()
        })
    }
}
