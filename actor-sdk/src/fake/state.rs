//! What the fake kernel knows: one actor's table, the objects behind it, and what a test has scripted.
//!
//! Owns: the lookup from handle to object, with the same errors as the real one.
//! Invariant: a slot's generation rises each time that it is emptied.
//! Does not: answer calls (`calls` does) or know two actors: the other side of everything is the test.

use std::collections::VecDeque;

use tessera_abi::inspect::{
    ActorRecord, CapabilityRecord, CoreRecord, EndpointRecord, HolderRecord, LogEntry, MachineRecord,
};
use tessera_abi::{
    AccountRecord, ActivityRecord, EndReason, EndRecord, Error, GrantState, Handle, HostCall, LatencyRecord,
    LimitsRecord, Line, LineageRecord, Needs, ObjectKind, Policy, PulseRecord, RevokeScope, Rights,
    StatsRecord, TraceRecord, Usage,
};

use super::limits::Limits;
use super::parcel::Parcel;
use super::port::FakePort;
use super::spawned::Spawned;

/// What a capability names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    Single(ObjectKind),
    Endpoint(usize),
    Notification(usize),
    Region(Window),
    Account(usize),
    Actor(usize),
    /// The actor under test.
    Myself,
    Reply(usize),
}

impl Object {
    pub const fn kind(self) -> ObjectKind {
        match self {
            Self::Single(kind) => kind,
            Self::Endpoint(_) => ObjectKind::Endpoint,
            Self::Notification(_) => ObjectKind::Notification,
            Self::Region(_) => ObjectKind::Region,
            Self::Actor(_) | Self::Myself => ObjectKind::Actor,
            Self::Account(_) => ObjectKind::Account,
            Self::Reply(_) => ObjectKind::Reply,
        }
    }
}

/// Some bytes of a region's memory: its place, and where they begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub memory: usize,
    pub start: u64,
    pub end: u64,
}

/// A capability.
#[derive(Clone, Debug)]
pub struct Held {
    pub object: Object,
    pub rights: Rights,
    pub badge: u64,
    pub name: String,
    /// What it was copied from.
    pub from: Option<Handle>,
    pub state: GrantState,
    pub usage: Usage,
    pub limits: Limits,
}

impl Held {
    /// A capability that comes from no other.
    pub fn first(object: Object, rights: Rights, name: String) -> Self {
        let (state, usage, limits) = (GrantState::Usable, Usage::Never, Limits::default());
        Self { object, rights, badge: 0, name, from: None, state, usage, limits }
    }
}

/// What a test lets a peer answer.
pub type Answer = Box<dyn FnMut(&Parcel) -> Result<Parcel, Error>>;

pub struct FakeEndpoint {
    pub queue: VecDeque<Parcel>,
    pub capacity: usize,
    pub policy: Policy,
    pub closed: bool,
    pub answer: Option<Answer>,
}

impl FakeEndpoint {
    /// An empty one that nobody answers.
    pub fn new(capacity: usize, policy: Policy) -> Self {
        Self { queue: VecDeque::new(), capacity, policy, closed: false, answer: None }
    }

    /// Queues a message, or does as the policy says.
    ///
    /// # Errors
    /// [`Error::QueueFull`] when its sender is to be told, or to wait.
    pub fn offer(&mut self, parcel: Parcel) -> Result<(), Error> {
        if self.queue.len() >= self.capacity {
            match self.policy {
                Policy::Block | Policy::Reject => return Err(Error::QueueFull),
                Policy::DropNewest => return Ok(()),
                Policy::DropOldest | Policy::Conflate => drop(self.queue.pop_front()),
            }
        }
        self.queue.push_back(parcel);
        Ok(())
    }
}

pub struct Refusal {
    pub call: HostCall,
    pub passes: usize,
    pub error: Error,
}

#[derive(Default)]
pub struct FakeSlot {
    pub generation: u32,
    pub held: Option<Held>,
}

/// Everything.
#[derive(Default)]
pub struct State {
    pub slots: Vec<FakeSlot>,
    pub slots_max: usize,
    pub endpoints: Vec<FakeEndpoint>,
    pub notifications: Vec<u64>,
    /// By which capability, which notification is signalled, and how, when the actor under test is asked to end.
    pub asked: Option<(Handle, usize, u64)>,
    /// The bytes of every region; they stay when nobody names them.
    pub memories: Vec<Vec<u8>>,
    pub actors: Vec<Spawned>,
    /// How often the actor under test has said that it gets on.
    pub heartbeats: u64,
    pub pulse_records: Vec<PulseRecord>,
    pub lineage_records: Vec<LineageRecord>,
    /// Places of those that end with the actor under test.
    pub own_links: Vec<usize>,
    /// What each call of a test's peer was answered with.
    pub replies: Vec<Option<Parcel>>,
    pub refusals: Vec<Refusal>,
    pub log: Vec<LogEntry>,
    pub now_ns: u64,
    /// When the capability of the call that is being answered expires, if it does.
    pub expires_at_ns: Option<u64>,
    pub random: u64,
    pub console_in: VecDeque<u8>,
    pub console_out: Vec<u8>,
    pub port: FakePort,
    pub image: Vec<u8>,
    pub args: String,
    pub cores: Vec<CoreRecord>,
    pub actor_records: Vec<ActorRecord>,
    pub accounts: Vec<AccountRecord>,
    pub capability_records: Vec<(u32, CapabilityRecord)>,
    pub limits_records: Vec<(u32, u32, LimitsRecord)>,
    pub endpoint_records: Vec<(u32, EndpointRecord)>,
    pub trace: Vec<TraceRecord>,
    pub activity_records: Vec<ActivityRecord>,
    pub latency_records: Vec<(u32, LatencyRecord)>,
    pub stats: StatsRecord,
    /// Whether the trace is on.
    pub traces: bool,
    pub holder_records: Vec<(u64, u32, HolderRecord)>,
    /// What was taken back of other actors' capabilities: the actor's id, the slot, how much.
    pub revoked: Vec<(u64, u32, RevokeScope)>,
    pub machine: Option<MachineRecord>,
}

impl State {
    /// Puts a capability into the first free slot.
    pub fn install(&mut self, held: Held) -> Result<Handle, Error> {
        let free = self.slots.iter().position(|slot| slot.held.is_none());
        let index = match free {
            Some(index) => index,
            None if self.slots.len() < self.slots_max => {
                self.slots.push(FakeSlot { generation: Handle::FIRST_GENERATION, held: None });
                self.slots.len() - 1
            }
            None => return Err(Error::TableFull),
        };
        let slot = self.slots.get_mut(index).ok_or(Error::TableFull)?;
        slot.held = Some(held);
        Ok(Handle::new(slot.generation, u32::try_from(index).map_err(|_| Error::TableFull)?))
    }

    /// The one lookup: the capability that the handle names.
    pub fn lookup(&self, handle: Handle) -> Result<&Held, Error> {
        let slot = self.slots.get(handle.index() as usize).ok_or(Error::BadHandle)?;
        match &slot.held {
            Some(held) if slot.generation == handle.generation() => Ok(held),
            _ if handle.generation() == 0 || handle.generation() > slot.generation => Err(Error::BadHandle),
            _ => Err(Error::StaleHandle),
        }
    }

    /// What a slot holds, to be changed.
    pub fn held_mut(&mut self, handle: Handle) -> Result<&mut Held, Error> {
        let slot = self.slots.get_mut(handle.index() as usize).ok_or(Error::BadHandle)?;
        slot.held.as_mut().ok_or(Error::StaleHandle)
    }

    /// The capability, if it has not been taken back.
    pub fn usable(&self, handle: Handle) -> Result<&Held, Error> {
        let held = self.lookup(handle)?;
        if held.state == GrantState::Usable { Ok(held) } else { Err(Error::Revoked) }
    }

    /// The handles of what was copied from this one, directly or not.
    pub fn derived_from(&self, handle: Handle) -> Vec<Handle> {
        let mut all = Vec::new();
        let mut tops = vec![handle];
        while let Some(top) = tops.pop() {
            for (index, slot) in (0..).zip(&self.slots) {
                if slot.held.as_ref().is_some_and(|held| held.from == Some(top)) {
                    let found = Handle::new(slot.generation, index);
                    all.push(found);
                    tops.push(found);
                }
            }
        }
        all
    }

    /// Makes a capability unusable; it stays in its slot.
    pub fn take_back(&mut self, handle: Handle) {
        let slot = self.slots.get_mut(handle.index() as usize);
        if let Some(held) = slot.and_then(|slot| slot.held.as_mut()) {
            held.state = GrantState::Revoked;
        }
    }

    /// The capability, if it has not been taken back and has the kind and the rights that the call needs.
    pub fn look(&self, call: HostCall, handle: Handle) -> Result<&Held, Error> {
        // Dropping is what one does with a capability that has been taken back.
        let held = if call == HostCall::CapDrop { self.lookup(handle)? } else { self.usable(handle)? };
        let row = call.row();
        match row.needs {
            Needs::Kind(kind) if kind != held.object.kind() => Err(Error::WrongKind),
            _ if !held.rights.contains(row.rights) => Err(Error::MissingRight),
            _ => Ok(held),
        }
    }

    /// As [`look`](Self::look), if it is good for that. Using it counts.
    pub fn resolve(&self, call: HostCall, handle: Handle) -> Result<&Held, Error> {
        let held = self.look(call, handle)?;
        match call.row().needs {
            Needs::Kind(_) => held.limits.count(self.now_ns).map(|()| held),
            // What is derived or looked at has to have something left; taken back or dropped it can be always.
            _ if matches!(
                call,
                HostCall::CapCopy
                    | HostCall::CapDerive
                    | HostCall::CapInfo
                    | HostCall::RegionPart
                    | HostCall::RegionLen
            ) =>
            {
                held.limits.check(self.now_ns).map(|()| held)
            }
            _ => Ok(held),
        }
    }

    /// Empties the slot.
    pub fn remove(&mut self, handle: Handle) -> Result<Held, Error> {
        self.lookup(handle)?;
        let slot = self.slots.get_mut(handle.index() as usize).ok_or(Error::BadHandle)?;
        slot.generation += 1;
        slot.held.take().ok_or(Error::StaleHandle)
    }

    /// Ends an actor, and those that end with it. One that has ended stays as it ended.
    pub fn end(&mut self, place: usize, reason: EndReason, detail: &str) {
        let time_ns = self.now_ns;
        let Some(actor) = self.actors.get_mut(place).filter(|actor| actor.end.is_none()) else { return };
        actor.end = Some(EndRecord { reason, reserved: 0, time_ns, detail: Line::new_truncated(detail) });
        for (index, bits) in &actor.end_signals {
            if let Some(word) = self.notifications.get_mut(*index) {
                *word |= bits;
            }
        }
        let links = std::mem::take(&mut actor.links);
        for other in links.into_iter().filter(|_| reason != EndReason::Exited(0)) {
            self.end(other, EndReason::Orphaned, "");
        }
    }

    /// The capability that was handed over under this name.
    pub fn find(&self, name: &str) -> Option<(Handle, &Held)> {
        (0..).zip(&self.slots).find_map(|(index, slot)| {
            let held = slot.held.as_ref().filter(|held| held.name == name && !name.is_empty())?;
            Some((Handle::new(slot.generation, index), held))
        })
    }

    /// How many slots are in use.
    pub fn slots_used(&self) -> usize {
        self.slots.iter().filter(|slot| slot.held.is_some()).count()
    }

    /// How many slots are free or can still be made.
    pub fn slots_free(&self) -> usize {
        self.slots_max - self.slots_used()
    }

    /// The refusal that a test has injected for this use of the call, if any.
    pub fn injected(&mut self, call: HostCall) -> Option<Error> {
        let index = self.refusals.iter().position(|refusal| refusal.call == call)?;
        let refusal = self.refusals.get_mut(index)?;
        if refusal.passes > 0 {
            refusal.passes -= 1;
            return None;
        }
        Some(self.refusals.remove(index).error)
    }
}
