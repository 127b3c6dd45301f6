//! What is asked of the fake kernel's actors, and of the actor under test, before they begin and when they are to end.
//!
//! Invariant: a spawned actor heeds a request to end, so it is for the test to end it.

use tessera_abi::{Error, Handle, SpawnCap};

use super::{Calls, Outcome};

impl Calls<'_> {
    pub(super) fn actor_terminate(&mut self, actor: u64) -> Outcome {
        self.actor(actor)?.terminated = true;
        Ok(0)
    }

    pub(super) fn terminate_notify(&mut self, notification: u64, bits: u64) -> Outcome {
        let asked = self.end_signal(Handle::from_bits(notification), bits)?;
        self.state.asked = (bits != 0).then_some(asked);
        Ok(0)
    }

    pub(super) fn actor_grant(&mut self, actor: u64, grant: u32) -> Outcome {
        let bytes = self.memory.read(grant, SpawnCap::SIZE as u32)?;
        let grant = SpawnCap::decode(bytes).map_err(|_| Error::InvalidArgument)?;
        let held = self.granted(grant.handle, grant.rights)?;
        let limits = held.limits.record(self.state.now_ns);
        let actor = self.actor(actor)?;
        if !actor.draft {
            return Err(Error::InvalidArgument.into());
        }
        actor.caps.push((grant.name.as_str().to_owned(), held.object.kind(), grant.rights));
        actor.limits.push(limits);
        Ok(0)
    }
}
