//! What is done to the fake kernel's actors, and to the actor under test, before they begin and when they are to end.
//!
//! Invariant: a spawned actor heeds a request to end, so it is for the test to end it.

use tessera_abi::{EndReason, Error, Handle, HostCall, SpawnCap, SpawnRequest, SpawnRole};

use super::{Calls, Outcome};
use crate::fake::state::{Held, Object};

impl Calls<'_> {
    pub(super) fn actor_kill(&mut self, actor: u64) -> Outcome {
        self.end_for(actor, EndReason::Killed)
    }

    pub(super) fn actor_kill_for(&mut self, actor: u64, reason: u32) -> Outcome {
        self.end_for(actor, EndReason::given(reason).ok_or(Error::InvalidArgument)?)
    }

    fn end_for(&mut self, actor: u64, reason: EndReason) -> Outcome {
        let Held { object: Object::Actor(place), .. } = *self.state.lookup(Handle::from_bits(actor))? else {
            return Err(Error::WrongKind.into());
        };
        self.actor(actor)?.killed = true;
        self.state.end(place, reason, "");
        Ok(0)
    }

    pub(super) fn actor_terminate(&mut self, actor: u64) -> Outcome {
        self.actor(actor)?.terminated = true;
        Ok(0)
    }

    pub(super) fn terminate_notify(&mut self, notification: u64, bits: u64) -> Outcome {
        let by = Handle::from_bits(notification);
        let (index, bits) = self.end_signal(by, bits)?;
        self.state.asked = (bits != 0).then_some((by, index, bits));
        Ok(0)
    }

    pub(super) fn actor_grant(&mut self, actor: u64, grant: u32) -> Outcome {
        let bytes = self.memory.read(grant, SpawnCap::SIZE as u32)?;
        let grant = SpawnCap::decode(bytes).map_err(|_| Error::InvalidArgument)?;
        if grant.role != SpawnRole::HandedOver {
            return Err(Error::InvalidArgument.into());
        }
        let held = self.granted(grant.handle, grant.rights)?;
        let limits = held.limits.record(self.state.now_ns);
        let actor = self.actor(actor)?;
        if !actor.draft {
            return Err(Error::InvalidArgument.into());
        }
        if actor.caps.len() >= actor.slots_max {
            return Err(Error::TableFull.into());
        }
        actor.caps.push((grant.name.as_str().to_owned(), held.object.kind(), grant.rights));
        actor.limits.push(limits);
        Ok(0)
    }

    /// How many the new actor stands in for, and how many of those ended by a fault.
    pub(super) fn stood_in_for(&mut self, request: &SpawnRequest<'_>) -> Result<(u32, u32), Error> {
        let Some(cap) = request.caps().find(|cap| cap.role == SpawnRole::Predecessor) else {
            return Ok((0, 0));
        };
        self.state.resolve(HostCall::ActorWait, cap.handle)?;
        let before = self.actor(cap.handle.bits())?;
        let end = before.end.ok_or(Error::InvalidArgument)?.reason;
        let (restarts, faults) = before.stands_in_for;
        Ok((restarts + 1, faults + u32::from(matches!(end, EndReason::Fault(_)))))
    }
}
