//! From the manifest's entries to capabilities: who gets which object.
//!
//! Owns: root's own capabilities by kind, and every actor's endpoint.
//! Invariant: an actor's own endpoint goes into its slot 0, with the right to receive and to hand out ways
//! to send; everything else goes in the manifest's order, with its rights and no more.
//! Does not: wait for anything.

use alloc::vec::Vec;

use actor_sdk::abi::ObjectKind;
use actor_sdk::abi::image::{ActorEntry, Manifest, ManifestCap};
use actor_sdk::{
    Actor, Capability, Clock, Console, Endpoint, Error, Factory, Image, Log, Notification, Plan, Random,
    Rights, Spawner, System,
};

/// What an actor may do with its own endpoint.
const OWN_RIGHTS: Rights = Rights::RECEIVE.union(Rights::SEND).union(Rights::GRANT);

/// Everything that can be granted.
pub struct Wiring {
    endpoints: Vec<Option<Endpoint>>,
    actors: Vec<Option<Actor>>,
}

impl Wiring {
    /// Makes an endpoint for every actor that has one.
    pub fn new(manifest: &Manifest<'_>, factory: &Factory) -> Result<Self, Error> {
        let mut endpoints = Vec::new();
        let mut actors = Vec::new();
        for entry in manifest.actors() {
            let capacity = entry.head.mailbox;
            endpoints.push(if capacity == 0 { None } else { Some(factory.endpoint(capacity)?) });
            actors.push(None);
        }
        Ok(Self { endpoints, actors })
    }

    /// Starts the actor at `index` with what its entry grants; its end sets a bit in a notification.
    pub fn start(
        &mut self,
        index: usize,
        entry: &ActorEntry<'_>,
        (ends, bit): (&Notification, u64),
    ) -> Result<Actor, Error> {
        let head = &entry.head;
        let mut plan = Plan::new(head.name.as_str(), head.module.as_str())
            .shape(head.shape)
            .priority(head.priority)
            .memory_max_bytes(head.memory_max_bytes)
            .stack_max_bytes(head.stack_max_bytes)
            .slots_max(head.slots_max)
            .args(entry.args)
            .on_end(ends, bit);
        if let Some(own) = self.endpoint(index) {
            plan = plan.grant("", own, OWN_RIGHTS);
        }
        for cap in entry.caps() {
            plan = self.grant(plan, &cap)?;
        }
        let actor = Spawner::find(ObjectKind::Spawner.name())?.spawn(&plan)?;
        if let Some(place) = self.actors.get_mut(index) {
            *place = Some(actor.narrowed(Rights::of(ObjectKind::Actor))?);
        }
        Ok(actor)
    }

    /// Gives up an ended actor's endpoint and its own capability, so that callers hear of the end.
    pub fn close(&mut self, index: usize) {
        if let Some(endpoint) = self.endpoints.get_mut(index) {
            *endpoint = None;
        }
        if let Some(actor) = self.actors.get_mut(index) {
            *actor = None;
        }
    }

    fn endpoint(&self, index: usize) -> Option<&Endpoint> {
        self.endpoints.get(index)?.as_ref()
    }

    fn grant(&self, plan: Plan, cap: &ManifestCap) -> Result<Plan, Error> {
        match cap.kind {
            ObjectKind::Endpoint => {
                let endpoint = self.endpoint(cap.target as usize).ok_or(Error::NotFound)?;
                Ok(plan.grant_badged(cap.slot.as_str(), endpoint, cap.rights, cap.badge))
            }
            ObjectKind::Actor => {
                let actor =
                    self.actors.get(cap.target as usize).and_then(Option::as_ref).ok_or(Error::NotFound)?;
                Ok(plan.grant(cap.slot.as_str(), actor, cap.rights))
            }
            ObjectKind::Log => single::<Log>(plan, cap),
            ObjectKind::Clock => single::<Clock>(plan, cap),
            ObjectKind::Random => single::<Random>(plan, cap),
            ObjectKind::Factory => single::<Factory>(plan, cap),
            ObjectKind::Spawner => single::<Spawner>(plan, cap),
            ObjectKind::Console => single::<Console>(plan, cap),
            ObjectKind::Image => single::<Image>(plan, cap),
            ObjectKind::System => single::<System>(plan, cap),
            ObjectKind::Reply | ObjectKind::Notification => Err(Error::WrongKind),
        }
    }
}

/// Grants root's one capability of a kind, which the kernel handed over under the kind's name.
fn single<C: Capability>(plan: Plan, cap: &ManifestCap) -> Result<Plan, Error> {
    Ok(plan.grant(cap.slot.as_str(), &C::find(C::KIND.name())?, cap.rights))
}
