//! The fake kernel's actors and the machine around them.
//!
//! Invariant: what was spawned never runs; it ends when it is killed, or when the test says so.
//! Does not: gather figures; `inspect` answers with the records that a test has set.

use tessera_abi::actor::MODULE_BYTES_MAX;
use tessera_abi::inspect::HolderRecord;
use tessera_abi::{
    EndReason, Error, Handle, HostCall, LimitsRecord, PowerAction, PulseRecord, RevokeReceipt, RevokeScope,
    Rights, SpawnRequest, SpawnRole, Spell, Subject, TraceRecord,
};

use super::{Calls, Outcome};
use crate::fake::spawned::Spawned;
use crate::fake::state::{Held, Object};
use crate::fake::{Refused, Stop};

/// The slots of an actor whose request does not say.
const SLOTS_DEFAULT: usize = 64;

fn fits(module_len: u32) -> Result<(), Error> {
    if module_len > MODULE_BYTES_MAX { Err(Error::TooLong) } else { Ok(()) }
}

fn is_draft(number: u32) -> Result<bool, Error> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::InvalidArgument),
    }
}

impl Calls<'_> {
    pub(super) fn spawn(&mut self, _spawner: u64, request: u32, len: u32) -> Outcome {
        self.make(request, len, None, false)
    }

    pub(super) fn spawn_draft(&mut self, _spawner: u64, request: u32, len: u32) -> Outcome {
        self.make(request, len, None, true)
    }

    #[expect(clippy::too_many_arguments, reason = "a row of the table, as wide as it is there")]
    pub(super) fn spawn_bytes(
        &mut self,
        _spawner: u64,
        request: u32,
        len: u32,
        module: u32,
        module_len: u32,
        draft: u32,
    ) -> Outcome {
        fits(module_len)?;
        let code = self.memory.read(module, module_len)?.to_vec();
        self.make(request, len, Some(code), is_draft(draft)?)
    }

    #[expect(clippy::too_many_arguments, reason = "a row of the table, as wide as it is there")]
    pub(super) fn spawn_region(
        &mut self,
        _spawner: u64,
        request: u32,
        len: u32,
        region: u64,
        module_len: u32,
        draft: u32,
    ) -> Outcome {
        fits(module_len)?;
        self.state.resolve(HostCall::RegionRead, Handle::from_bits(region))?;
        let code = self.region_bytes(region, 0, u64::from(module_len))?.to_vec();
        self.make(request, len, Some(code), is_draft(draft)?)
    }

    pub(super) fn actor_monitor(&mut self, actor: u64, notification: u64, bits: u64) -> Outcome {
        let signal = self.end_signal(Handle::from_bits(notification), bits)?;
        if self.is_myself(actor)? {
            // Nobody is left to see it.
            return Ok(0);
        }
        let actor = self.actor(actor)?;
        if actor.end.is_none() {
            actor.end_signals.push(signal);
        } else if let Some(word) = self.state.notifications.get_mut(signal.0) {
            *word |= signal.1;
        }
        Ok(0)
    }

    pub(super) fn actor_link(&mut self, actor: u64, other: u64) -> Outcome {
        let other = match *self.state.resolve(HostCall::ActorKill, Handle::from_bits(other))? {
            Held { object: Object::Actor(index), .. } => index,
            _ => return Err(Error::WrongKind.into()),
        };
        if self.is_myself(actor)? {
            self.state.own_links.push(other);
            return Ok(0);
        }
        let actor = self.actor(actor)?;
        match actor.end {
            None => actor.links.push(other),
            Some(end) if end.reason != EndReason::Exited(0) => self.state.end(other, EndReason::Orphaned, ""),
            Some(_) => {}
        }
        Ok(0)
    }

    pub(super) fn actor_suspend(&mut self, actor: u64) -> Outcome {
        self.actor(actor)?.suspended = true;
        Ok(0)
    }

    pub(super) fn actor_resume(&mut self, actor: u64) -> Outcome {
        let actor = self.actor(actor)?;
        (actor.suspended, actor.draft) = (false, false);
        Ok(0)
    }

    fn make(&mut self, request: u32, len: u32, code: Option<Vec<u8>>, draft: bool) -> Outcome {
        let bytes = self.memory.read(request, len)?.to_vec();
        let request = SpawnRequest::decode(&bytes).map_err(|_| Error::InvalidArgument)?;
        let (mut caps, mut limits) = (Vec::new(), Vec::new());
        for cap in request.caps().filter(|cap| cap.role == SpawnRole::HandedOver) {
            let held = self.granted(cap.handle, cap.rights)?;
            limits.push(held.limits.record(self.state.now_ns));
            caps.push((cap.name.as_str().to_owned(), held.object.kind(), cap.rights));
        }
        let slots_max =
            if request.head.slots_max == 0 { SLOTS_DEFAULT } else { request.head.slots_max as usize };
        if caps.len() > slots_max {
            return Err(Error::TableFull.into());
        }
        let end_signals = match request.head.end_notification {
            Handle::NONE => Vec::new(),
            handle => vec![self.end_signal(handle, request.head.end_bits)?],
        };
        let stands_in_for = self.stood_in_for(&request)?;
        if self.state.slots_free() == 0 {
            return Err(Error::TableFull.into());
        }
        self.state.actors.push(Spawned {
            name: request.head.name.as_str().to_owned(),
            module: request.head.module.as_str().to_owned(),
            code,
            args: request.args.to_owned(),
            caps,
            limits,
            account: self.account_to_live_in(&request)?,
            stands_in_for,
            killed: false,
            terminated: false,
            suspended: draft,
            draft,
            slots_max,
            id: self.state.actors.len() as u64 + 2,
            pulse: PulseRecord {
                index: 0,
                spell: Spell::AtRest,
                reserved: [0; 3],
                id: 0,
                spell_ns: 0,
                silent_ns: 0,
            },
            end: None,
            end_signals,
            links: Vec::new(),
        });
        self.install_new(Object::Actor(self.state.actors.len() - 1))
    }

    pub(super) fn actor_self(&mut self) -> Outcome {
        let held = Held::first(Object::Myself, Rights::WAIT.union(Rights::GRANT), String::new());
        Ok(self.state.install(held)?.bits())
    }

    pub(super) fn heartbeat(&mut self) -> Outcome {
        self.state.heartbeats += 1;
        Ok(0)
    }

    /// As the test has said; at rest until it does.
    pub(super) fn actor_pulse(&mut self, actor: u64, pulse: u32) -> Outcome {
        let actor = self.actor(actor)?;
        if actor.end.is_some() {
            return Err(Error::NotFound.into());
        }
        let record = actor.pulse.encode();
        self.memory.write(pulse, &record)?;
        Ok(0)
    }

    fn is_myself(&self, handle: u64) -> Result<bool, Error> {
        Ok(self.state.lookup(Handle::from_bits(handle))?.object == Object::Myself)
    }

    pub(super) fn actor_wait(&mut self, actor: u64, end: u32, deadline: u64) -> Outcome {
        if self.is_myself(actor)? {
            return Err(Error::WouldDeadlock.into());
        }
        match self.actor(actor)?.end {
            Some(record) => self.memory.write(end, &record.encode()).map(|()| 0).map_err(Refused::from),
            None => Err(self.wait(HostCall::ActorWait, deadline)),
        }
    }

    pub(super) fn actor_open(&mut self, _system: u64, id: u64) -> Outcome {
        let index = self.state.actors.iter().position(|actor| actor.id == id).ok_or(Error::NotFound)?;
        self.install_new(Object::Actor(index))
    }

    /// The holders of a capability, as the test has told them.
    fn holders_of(&self, owner: u64, capability: u64) -> impl Iterator<Item = &HolderRecord> {
        let slot = Handle::from_bits(capability).index();
        let records = self.state.holder_records.iter();
        records.filter(move |record| (record.0, record.1) == (owner, slot)).map(|record| &record.2)
    }

    #[expect(clippy::too_many_arguments, reason = "a row of the table, as wide as it is there")]
    pub(super) fn holders(
        &mut self,
        _system: u64,
        actor: u64,
        capability: u64,
        place: u64,
        buffer: u32,
        capacity: u32,
    ) -> Outcome {
        let record = self.holders_of(actor, capability).find(|record| u64::from(record.place) >= place);
        let record = record.ok_or(Error::NotFound)?.encode();
        if record.len() > capacity as usize {
            return Err(Error::TooLong.into());
        }
        self.memory.write(buffer, &record)?;
        Ok(record.len() as u64)
    }

    /// Every holder that the test has told of counts as taken back, the first only with a whole scope.
    #[expect(clippy::too_many_arguments, reason = "a row of the table, as wide as it is there")]
    pub(super) fn slot_revoke(
        &mut self,
        system: u64,
        actor: u64,
        capability: u64,
        scope: u32,
        receipt: u32,
    ) -> Outcome {
        let scope = RevokeScope::from_number(scope).ok_or(Error::InvalidArgument)?;
        let counts = matches!(scope, RevokeScope::CountBelow | RevokeScope::CountWhole);
        let may = self.state.lookup(Handle::from_bits(system))?.rights.contains(Rights::REVOKE);
        if !counts && !may {
            return Err(Error::MissingRight.into());
        }
        let spared = usize::from(matches!(scope, RevokeScope::Below | RevokeScope::CountBelow));
        let nodes = self.holders_of(actor, capability).skip(spared).count() as u64;
        self.memory.write(receipt, &RevokeReceipt { nodes, actors: nodes, waiters: 0 }.encode())?;
        if !counts {
            self.state.revoked.push((actor, Handle::from_bits(capability).index(), scope));
        }
        Ok(0)
    }

    #[expect(clippy::too_many_arguments, reason = "a row of the table, as wide as it is there")]
    pub(super) fn inspect(
        &mut self,
        _system: u64,
        subject: u32,
        index: u64,
        buffer: u32,
        capacity: u32,
    ) -> Outcome {
        let (high, low) = ((index >> 32) as u32, index as u32);
        let state = &*self.state;
        let record = match Subject::from_number(subject).ok_or(Error::InvalidArgument)? {
            Subject::Machine => state.machine.filter(|_| index == 0).map(|record| record.encode().to_vec()),
            Subject::Core => state
                .cores
                .iter()
                .find(|core| u64::from(core.index) == index)
                .map(|record| record.encode().to_vec()),
            Subject::Actor => {
                let mut later = state.actor_records.iter().filter(|actor| u64::from(actor.index) >= index);
                later.next().map(|record| record.encode().to_vec())
            }
            Subject::Capability => {
                let mut later = state
                    .capability_records
                    .iter()
                    .filter(|(owner, record)| *owner == high && record.slot >= low);
                later.next().map(|(_, record)| record.encode().to_vec())
            }
            Subject::Limits => {
                let set = state.limits_records.iter().find(|(owner, slot, _)| (*owner, *slot) == (high, low));
                Some(set.map_or(LimitsRecord::NONE, |(_, _, record)| *record).encode().to_vec())
            }
            Subject::Trace => {
                let (core, number) = TraceRecord::parts(index);
                let kept = state.trace.iter().filter(|record| record.core == core);
                let mut later = kept.filter(|record| record.sequence >= number);
                later.next().map(|record| record.encode().to_vec())
            }
            Subject::Endpoint => {
                let mut later = state
                    .endpoint_records
                    .iter()
                    .filter(|(owner, record)| *owner == high && record.slot >= low);
                later.next().map(|(_, record)| record.encode().to_vec())
            }
            Subject::Pulse => {
                let mut later = state.pulse_records.iter().filter(|pulse| u64::from(pulse.index) >= index);
                later.next().map(|record| record.encode().to_vec())
            }
            Subject::Lineage => state.lineage(index).map(|record| record.encode().to_vec()),
            Subject::Account => {
                let mut later = state.accounts.iter().filter(|account| u64::from(account.index) >= index);
                later.next().map(|record| record.encode().to_vec())
            }
            Subject::Stats => Some(state.stats.encode().to_vec()).filter(|_| index == 0),
            Subject::Activity => state.activity(index).map(|record| record.encode().to_vec()),
            Subject::Latency => state.latency(high, low).map(|record| record.encode().to_vec()),
        };
        let record = record.ok_or(Error::NotFound)?;
        if record.len() > capacity as usize {
            return Err(Error::TooLong.into());
        }
        self.put_some(buffer, capacity, &record)
    }

    pub(super) fn trace_set(&mut self, _system: u64, on: u32) -> Outcome {
        self.state.traces = match on {
            0 => false,
            1 => true,
            _ => return Err(Error::InvalidArgument.into()),
        };
        Ok(0)
    }

    pub(super) fn power(&mut self, _system: u64, action: u32) -> Outcome {
        Err(Stop::Power(PowerAction::from_number(action).ok_or(Error::InvalidArgument)?).into())
    }

    pub(super) fn actor(&mut self, handle: u64) -> Result<&mut Spawned, Error> {
        match self.state.lookup(Handle::from_bits(handle))?.object {
            Object::Actor(index) => self.state.actors.get_mut(index).ok_or(Error::WrongKind),
            _ => Err(Error::WrongKind),
        }
    }

    pub(super) fn end_signal(&self, handle: Handle, bits: u64) -> Result<(usize, u64), Error> {
        match self.state.resolve(HostCall::NotificationSignal, handle)?.object {
            Object::Notification(index) => Ok((index, bits)),
            _ => Err(Error::WrongKind),
        }
    }
}
