//! A message on its way: copied out of its sender, not yet copied into its receiver.
//!
//! Owns the bytes and the capabilities that travel; a message that is dropped drops them, and a
//! reply capability that is dropped tells the caller. Allocates its bytes and the room for its
//! capabilities, fallibly, each only if there are any: a queue keeps room for messages, most of which
//! carry none.

use super::reply::Reply;
use crate::cap::Capability;
use crate::fallible;
use alloc::boxed::Box;
use alloc::vec::Vec;
use tessera_abi::{Error, MESSAGE_CAPS_MAX, MESSAGE_WORDS};

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
    pub bytes: Vec<u8>,
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

/// The capabilities of a message, in their places.
#[derive(Debug, Default)]
pub struct Carried(Option<Box<Places>>);

type Places = [Option<Capability>; MESSAGE_CAPS_MAX];

impl Carried {
    /// Room for as many as a message can carry, to be filled by [`put`](Self::put).
    ///
    /// # Errors
    /// `NoMemory`.
    pub fn with_room() -> Result<Self, Error> {
        fallible::own([const { None }; MESSAGE_CAPS_MAX]).map(|places| Carried(Some(places)))
    }

    /// Puts a capability into place `index`.
    ///
    /// # Errors
    /// The capability, where there is no such place or no room was made.
    pub fn put(&mut self, index: usize, capability: Capability) -> Result<(), Capability> {
        match self.0.as_mut().and_then(|places| places.get_mut(index)) {
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
        self.0.map(|places| *places).into_iter().flatten().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::Object;
    use tessera_abi::ObjectKind;

    fn first(kind: ObjectKind) -> Capability {
        Capability::first(Object::authority(kind).unwrap()).unwrap()
    }

    #[test]
    fn a_message_without_capabilities_keeps_no_room_for_them() {
        // What every endpoint keeps for each message that it may queue, and every actor once.
        assert!(size_of::<Message>() <= 128, "{}", size_of::<Message>());
        assert!(Message::default().caps.into_iter().next().is_none());
    }

    #[test]
    fn capabilities_come_out_in_the_order_of_their_places() {
        let mut carried = Carried::with_room().unwrap();
        assert!(carried.put(2, first(ObjectKind::Clock)).is_ok());
        assert!(carried.put(0, first(ObjectKind::Log)).is_ok());
        let kinds: Vec<_> = carried.into_iter().map(|capability| capability.object().kind()).collect();
        assert_eq!(kinds, [ObjectKind::Log, ObjectKind::Clock]);
    }

    #[test]
    fn a_capability_without_a_place_comes_back() {
        let mut carried = Carried::with_room().unwrap();
        assert!(carried.put(MESSAGE_CAPS_MAX, first(ObjectKind::Log)).is_err());
        assert!(Carried::default().put(0, first(ObjectKind::Log)).is_err());
    }
}
