//! The fake kernel's wait for any of several things.
//!
//! Invariant: what is there is taken from as the calls for one thing do; nothing else can end the wait.
//! Does not: know two who wait.

use tessera_abi::{Error, Handle, HostCall, NOW, ObjectKind, WAIT_ITEMS_MAX, WaitItem};

use super::{Calls, Outcome};
use crate::fake::Refused;
use crate::fake::state::Object;

impl Calls<'_> {
    #[expect(clippy::too_many_arguments, reason = "a row of the table, as wide as it is there")]
    pub(super) fn wait_any(
        &mut self,
        items: u32,
        count: u32,
        first: u32,
        message: u32,
        deadline: u64,
    ) -> Outcome {
        if count == 0 || count > WAIT_ITEMS_MAX {
            return Err(Error::InvalidArgument.into());
        }
        let at = |place: u32| items + place * WaitItem::SIZE as u32;
        let mut kinds = Vec::new();
        for place in 0..count {
            let record = self.memory.read(at(place), WaitItem::SIZE as u32)?;
            let handle = WaitItem::decode(record).map_err(|_| Error::InvalidArgument)?.handle;
            let call = self.can_wait_for(handle).map_err(|error| self.note(at(place), error))?;
            kinds.push((handle, call));
        }
        if let Some(place) = self.second_of_two(kinds.iter().map(|(handle, _)| *handle)) {
            return Err(self.note(at(place), Error::InvalidArgument).into());
        }
        self.let_in(&kinds).map_err(|(place, error)| self.note(at(place), error))?;
        for place in (0..count).map(|step| (first % count + step) % count) {
            let Some((handle, call)) = kinds.get(place as usize) else { continue };
            match self.take(*handle, *call, message, at(place) + WaitItem::BITS_AT) {
                Ok(_) => return Ok(u64::from(place)),
                Err(Refused::With(Error::WouldBlock)) => {}
                Err(Refused::With(error)) => return Err(self.note(at(place), error).into()),
                Err(stop) => return Err(stop),
            }
        }
        let expiries =
            kinds.iter().enumerate().map(|(place, (handle, _))| (self.expires_at_ns(*handle), place));
        let expiring = expiries.filter_map(|(expiry, place)| Some((expiry?, place))).min();
        self.state.expires_at_ns = expiring.map(|(expiry, _)| expiry);
        match (self.wait(HostCall::WaitAny, deadline), expiring) {
            (Refused::With(Error::Expired), Some((_, place))) => {
                Err(self.note(at(place as u32), Error::Expired).into())
            }
            (refused, _) => Err(refused),
        }
    }

    /// The first place of a thing that an earlier one names too, by whatever capability.
    fn second_of_two(&self, handles: impl Iterator<Item = Handle>) -> Option<u32> {
        let mut earlier = Vec::new();
        for (place, handle) in (0..).zip(handles) {
            let object = self.state.lookup(handle).ok()?.object;
            if earlier.contains(&object) {
                return Some(place);
            }
            earlier.push(object);
        }
        None
    }

    fn expires_at_ns(&self, handle: Handle) -> Option<u64> {
        self.state.lookup(handle).ok()?.limits.expires_at_ns()
    }

    /// The call that waits for this thing alone.
    fn can_wait_for(&self, handle: Handle) -> Result<HostCall, Error> {
        let call = match self.state.usable(handle)?.object.kind() {
            ObjectKind::Endpoint => HostCall::Recv,
            ObjectKind::Notification => HostCall::NotificationWait,
            ObjectKind::Actor => HostCall::ActorWait,
            _ => return Err(Error::WrongKind),
        };
        match self.state.look(call, handle)?.object {
            Object::Myself => Err(Error::WouldDeadlock),
            _ => Ok(call),
        }
    }

    /// Counts a use of each, or of none.
    fn let_in(&self, kinds: &[(Handle, HostCall)]) -> Result<(), (u32, Error)> {
        for (place, (handle, call)) in kinds.iter().enumerate() {
            if let Err(error) = self.state.resolve(*call, *handle) {
                let counted =
                    kinds.iter().take(place).filter_map(|(handle, _)| self.state.lookup(*handle).ok());
                counted.for_each(|held| held.limits.uncount());
                return Err((place as u32, error));
            }
        }
        Ok(())
    }

    fn take(&mut self, handle: Handle, call: HostCall, message: u32, bits: u32) -> Outcome {
        match call {
            HostCall::Recv => self.recv(handle.bits(), message, NOW),
            HostCall::NotificationWait => self.notification_wait(handle.bits(), bits, NOW),
            _ if self.actor(handle.bits())?.end.is_some() => Ok(0),
            _ => Err(Error::WouldBlock.into()),
        }
    }

    /// Writes down in an item that it is what a refusal is about.
    fn note(&mut self, item: u32, error: Error) -> Error {
        let number = u32::from(error.number()).to_le_bytes();
        self.memory.write(item + WaitItem::ERROR_AT, &number).err().unwrap_or(error)
    }
}
