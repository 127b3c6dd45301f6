//! From the manifest's entries to capabilities: who gets which object.
//!
//! Owns: root's own capabilities by kind, every actor's endpoint and account, and the actors as they were last started.
//! Invariants: an actor's own endpoint goes into its slot 0, with the right to receive and to hand out ways
//! to send; everything else goes in the manifest's order, with its rights and no more. An actor that is started
//! again has another endpoint; meanwhile whoever is granted one gets the old, which is closed and says so.
//! Does not: wait for anything.

use alloc::vec::Vec;

use actor_sdk::abi::ObjectKind;
use actor_sdk::abi::image::{ActorEntry, ManifestActor, ManifestCap};
use actor_sdk::capability::Slot;
use actor_sdk::{
    Account, Actor, Amounts, Capability, Clock, Console, Endpoint, Error, Factory, Image, Log, NOW,
    Notification, Plan, Port, Random, Rights, Spawner, System,
};

use crate::renewals::Renewals;

/// What an actor may do with its own endpoint.
const OWN_RIGHTS: Rights = Rights::RECEIVE.union(Rights::SEND).union(Rights::GRANT);

/// An actor's endpoint.
enum Door {
    /// It has none.
    None,
    /// Messages wait there, or will.
    Open(Endpoint),
    /// That of one that has ended.
    Closed(Endpoint),
}

impl Door {
    /// The endpoint of an actor that is about to be started.
    fn open(entry: &ActorEntry<'_>, factory: &Factory) -> Result<Self, Error> {
        match entry.head.mailbox {
            0 => Ok(Self::None),
            capacity => factory.endpoint_with(capacity, entry.head.policy).map(Self::Open),
        }
    }

    const fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::None => None,
            Self::Open(endpoint) | Self::Closed(endpoint) => Some(endpoint),
        }
    }
}

/// Which start of an actor's it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    First,
    Again,
}

/// Everything that can be granted.
pub struct Wiring {
    doors: Vec<Door>,
    actors: Vec<Option<Actor>>,
    /// Those that have one of their own, once they have been started.
    accounts: Vec<Option<Account>>,
    renewals: Renewals,
}

impl Wiring {
    /// Makes an endpoint for every actor that has one.
    pub fn new(entries: &[ActorEntry<'_>], factory: &Factory) -> Result<Self, Error> {
        let doors = entries.iter().map(|entry| Door::open(entry, factory)).collect::<Result<_, _>>()?;
        let actors = entries.iter().map(|_| None).collect();
        let accounts = entries.iter().map(|_| None).collect();
        let renewals = Renewals::new(entries.iter().map(|entry| entry.caps().count()));
        Ok(Self { doors, actors, accounts, renewals })
    }

    /// Starts the actor at `index` with what its entry grants; its end sets a bit in a notification. Root holds an
    /// actor once: nothing is left to fail when it runs.
    pub fn start(
        &mut self,
        index: usize,
        entry: &ActorEntry<'_>,
        (ends, bit): (&Notification, u64),
    ) -> Result<Started, Error> {
        let head = &entry.head;
        if let Some(door @ Door::Closed(_)) = self.doors.get_mut(index) {
            *door = Door::open(entry, &Factory::find(ObjectKind::Factory.name())?)?;
        }
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
            plan = self.grant(plan, &cap, index)?;
        }
        if let Some(account) = self.account(index, head)? {
            plan = plan.account(account);
        }
        // Whose end cannot be seen may still live.
        if let Some(before) = self.actor(index).filter(|before| before.wait(NOW).is_ok()) {
            plan = plan.stands_in_for(before);
        }
        let actor = Spawner::find(ObjectKind::Spawner.name())?.spawn(&plan)?;
        let before = self.actors.get_mut(index).and_then(|place| place.replace(actor));
        self.renewals.note_start(index, before.is_some());
        Ok(if before.is_some() { Started::Again } else { Started::First })
    }

    /// The account of the actor at `index`, if it is to have one: split for its first start, and kept for the next.
    fn account(&mut self, index: usize, head: &ManifestActor) -> Result<Option<&Account>, Error> {
        let Some(place) = self.accounts.get_mut(index).filter(|_| head.account != Amounts::NONE) else {
            return Ok(None);
        };
        if place.is_none() {
            let machine = Account::find(ObjectKind::Account.name())?;
            *place = Some(machine.split(head.name.as_str(), &head.account)?);
        }
        Ok(place.as_ref())
    }

    /// The actor at `index` as it was last started.
    pub fn actor(&self, index: usize) -> Option<&Actor> {
        self.actors.get(index)?.as_ref()
    }

    /// What a client's entry grants it at a place, if that is newer than what the client has.
    pub fn renewed(
        &self,
        client: usize,
        (place, cap): (usize, &ManifestCap),
    ) -> Result<Option<(Slot, Rights)>, Error> {
        let target = cap.target as usize;
        if !self.renewals.is_stale(client, place, target) {
            return Ok(None);
        }
        let rights = cap.rights.union(Rights::GRANT);
        let slot = match (cap.kind, self.doors.get(target), self.actor(target)) {
            (ObjectKind::Endpoint, Some(Door::Open(endpoint)), _) => {
                endpoint.derive().rights(rights).badge(cap.badge).get()?.into_slot()
            }
            (ObjectKind::Actor, _, Some(actor)) => actor.narrowed(rights)?.into_slot(),
            _ => return Ok(None),
        };
        Ok(Some((slot, cap.rights)))
    }

    /// The client has received that.
    pub fn note_given(&mut self, client: usize, place: usize) {
        self.renewals.note_given(client, place);
    }

    /// The endpoint at which root is asked.
    pub fn own(&self) -> Option<&Endpoint> {
        self.endpoint(0)
    }

    /// Closes an ended actor's endpoint, whoever else could receive there, so that callers hear of the end.
    pub fn close(&mut self, index: usize) {
        let Some(door) = self.doors.get_mut(index) else { return };
        *door = match core::mem::replace(door, Door::None) {
            Door::Open(endpoint) => {
                // Refused only when it was taken back from root, and so from everybody who could receive there.
                let _taken_back = endpoint.close();
                Door::Closed(endpoint)
            }
            none_or_closed => none_or_closed,
        };
    }

    /// The endpoint of the actor at `index`, which may be closed.
    pub fn endpoint(&self, index: usize) -> Option<&Endpoint> {
        self.doors.get(index)?.endpoint()
    }

    fn grant(&self, plan: Plan, cap: &ManifestCap, client: usize) -> Result<Plan, Error> {
        match cap.kind {
            ObjectKind::Endpoint => {
                let endpoint = self.endpoint(cap.target as usize).ok_or(Error::NotFound)?;
                // Root's own tells it who asks.
                let badge = if cap.target == 0 { client as u64 } else { cap.badge };
                Ok(plan.grant_badged(cap.slot.as_str(), endpoint, cap.rights, badge))
            }
            ObjectKind::Actor => {
                let actor = self.actor(cap.target as usize).ok_or(Error::NotFound)?;
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
            ObjectKind::Account => single::<Account>(plan, cap),
            ObjectKind::Port => single::<Port>(plan, cap),
            ObjectKind::Reply | ObjectKind::Notification | ObjectKind::Region => Err(Error::WrongKind),
        }
    }
}

/// Grants root's one capability of a kind, which the kernel handed over under the kind's name.
fn single<C: Capability>(plan: Plan, cap: &ManifestCap) -> Result<Plan, Error> {
    Ok(plan.grant(cap.slot.as_str(), &C::find(C::KIND.name())?, cap.rights))
}
