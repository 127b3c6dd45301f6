//! A message on its way: copied out of its sender, not yet copied into its receiver.
//!
//! Owns the bytes and the capabilities that travel; a message that is dropped drops them, and a
//! reply capability that is dropped tells the caller. Allocates its bytes and the room for its
//! capabilities, fallibly, each only if there are any: a queue keeps room for messages, most of which
//! carry none. What it allocates is charged to its sender's mailbox, from before it is until it is received or
//! dropped; the rest lies in room that the endpoint's maker has paid for.

use super::reply::Reply;
use crate::account::{Account, Charge};
use crate::cap::Capability;
use crate::fallible;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;
use tessera_abi::{Error, MESSAGE_CAPS_MAX, MESSAGE_WORDS, Resource};

/// See the module.
#[derive(Debug, Default)]
pub struct Message {
    /// What it is about, by agreement of sender and receiver.
    pub label: u64,
    /// Its words.
    pub words: [u64; MESSAGE_WORDS],
    /// The badge of the capability that it was sent through.
    pub badge: u64,
    /// Its bytes, at most `MESSAGE_BYTES_MAX`.
    pub bytes: Payload,
    /// Its capabilities, with the rights that are to arrive.
    pub caps: Carried,
    /// For a call: where its answer goes.
    pub reply: Option<Reply>,
}

impl Message {
    /// Drops it for want of room, with what it carries; a caller is told so.
    pub fn refuse(mut self) {
        if let Some(reply) = self.reply.take() {
            reply.refuse();
        }
    }
}

/// The bytes of a message, charged to whoever sends it.
#[derive(Debug, Default)]
pub struct Payload {
    bytes: Box<[u8]>,
    /// `None` where there are no bytes.
    payer: Option<Arc<Account>>,
}

impl Payload {
    /// What `copy` makes, which is to be `len` bytes in room for no more; charged to `payer` first.
    ///
    /// # Errors
    /// `OverQuota`, or those of `copy`; then nothing is charged.
    pub fn charged<E: From<Error>>(
        payer: &Arc<Account>,
        len: usize,
        copy: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        payer.charge(Resource::Mailbox, len as u64)?;
        let refund = |_: &E| payer.give_back(Resource::Mailbox, len as u64);
        let bytes = copy().inspect_err(refund)?;
        debug_assert!(bytes.len() == len && bytes.capacity() == len, "a box of it would take memory");
        Ok(Payload { bytes: bytes.into_boxed_slice(), payer: Some(payer.clone()) })
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        if let Some(payer) = &self.payer {
            payer.give_back(Resource::Mailbox, self.bytes.len() as u64);
        }
    }
}

/// The capabilities of a message, in their places.
#[derive(Debug, Default)]
pub struct Carried(Option<Box<Load>>);

type Places = [Option<Capability>; MESSAGE_CAPS_MAX];

/// What the room for a message's capabilities is charged as, in bytes.
pub const CARRIED_BYTES: usize = size_of::<Load>();

#[derive(Debug)]
struct Load {
    places: Places,
    /// What it takes of the sender's mailbox.
    _charge: Charge,
}

impl Carried {
    /// Room for as many as a message can carry, to be filled by [`put`](Self::put); charged to `payer`.
    ///
    /// # Errors
    /// `OverQuota`, `NoMemory`.
    pub fn charged(payer: &Arc<Account>) -> Result<Self, Error> {
        let charge = Charge::take(payer, Resource::Mailbox, CARRIED_BYTES)?;
        let load = Load { places: [const { None }; MESSAGE_CAPS_MAX], _charge: charge };
        fallible::own(load).map(|load| Carried(Some(load)))
    }

    /// Whether it has no room for any, as most have not.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Puts a capability into place `index`.
    ///
    /// # Errors
    /// The capability, where there is no such place or no room was made.
    pub fn put(&mut self, index: usize, capability: Capability) -> Result<(), Capability> {
        match self.0.as_mut().and_then(|load| load.places.get_mut(index)) {
            Some(place) => {
                *place = Some(capability);
                Ok(())
            }
            None => Err(capability),
        }
    }
}

impl IntoIterator for Carried {
    type Item = Capability;
    type IntoIter = core::iter::Flatten<core::iter::Flatten<core::option::IntoIter<Places>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(|load| load.places).into_iter().flatten().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::Object;
    use tessera_abi::{Amounts, Name, ObjectKind};

    fn first(kind: ObjectKind) -> Capability {
        Capability::first(Object::authority(kind).unwrap()).unwrap()
    }

    #[test]
    fn a_message_without_capabilities_keeps_no_room_for_them() {
        // What every endpoint keeps for each message that it may queue, and every actor once.
        assert!(size_of::<Message>() <= 128, "{}", size_of::<Message>());
        assert!(Message::default().caps.into_iter().next().is_none());
    }

    fn payer(mailbox: u64) -> Arc<Account> {
        Account::machine(Name::EMPTY, &Amounts::NONE.with(Resource::Mailbox, mailbox))
    }

    fn under_way(payer: &Account) -> u64 {
        payer.figures(Resource::Mailbox).used
    }

    #[test]
    fn capabilities_come_out_in_the_order_of_their_places() {
        let payer = payer(CARRIED_BYTES as u64);
        let mut carried = Carried::charged(&payer).unwrap();
        assert!(carried.put(2, first(ObjectKind::Clock)).is_ok());
        assert!(carried.put(0, first(ObjectKind::Log)).is_ok());
        assert_eq!(Carried::charged(&payer).unwrap_err(), Error::OverQuota);
        let kinds: Vec<_> = carried.into_iter().map(|capability| capability.object().kind()).collect();
        assert_eq!(kinds, [ObjectKind::Log, ObjectKind::Clock]);
        assert_eq!(under_way(&payer), 0);
    }

    #[test]
    fn a_capability_without_a_place_comes_back() {
        let mut carried = Carried::charged(&payer(1000)).unwrap();
        assert!(carried.put(MESSAGE_CAPS_MAX, first(ObjectKind::Log)).is_err());
        assert!(Carried::default().put(0, first(ObjectKind::Log)).is_err());
    }

    #[test]
    fn bytes_are_paid_for_while_they_are_under_way() {
        let payer = payer(10);
        let copy =
            |len: usize| Payload::charged(&payer, len, || Ok::<_, Error>(Vec::from_iter(0..len as u8)));
        let payload = copy(7).unwrap();
        assert_eq!((&*payload, under_way(&payer)), (&[0, 1, 2, 3, 4, 5, 6][..], 7));
        assert_eq!(copy(4).unwrap_err(), Error::OverQuota);
        drop(payload);
        assert_eq!(under_way(&payer), 0);
        let failed = Payload::charged(&payer, 9, || Err(Error::BadAddress));
        assert_eq!((failed.unwrap_err(), under_way(&payer)), (Error::BadAddress, 0));
    }
}
