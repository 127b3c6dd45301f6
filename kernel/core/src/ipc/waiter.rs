//! Somebody who waits, and how he is handed something.
//!
//! Owns a reference to the actor and the ticket of one wait. Handing over wins the gate, fills the
//! inbox, fires, and makes the actor ready, in this order. Lock: `QUEUE`; may be used under any lock of a lower order,
//! unless something is done first that takes others.

use super::message::Message;
use crate::actor::Actor;
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use alloc::sync::Arc;
use khal::sync::PreemptGuard;
use khal::time::Instant;

/// What a waiter finds in its inbox.
#[derive(Debug)]
pub enum Parcel {
    /// A message, or the answer to a call; with [`Cause::PeerDied`] the waiter's own message, which could not be
    /// delivered.
    Message(Message),
    /// Nothing: the message of the waiter's call was dropped for want of room.
    Dropped,
    /// A notification's bits.
    Bits(u64),
}

/// What a waiter for messages can be handed directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// A message of up to so many bytes.
    Bytes(u32),
    /// Nothing: it is to be woken and will look for itself.
    WakeOnly,
    /// As `Bytes`, for one of several things that it waits for.
    Among {
        /// Which of them this is.
        place: u16,
        /// The bytes.
        bytes: u32,
    },
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Waiter {
    /// Who waits.
    pub actor: Arc<Actor>,
    /// Which of his waits it is.
    pub ticket: Ticket,
    /// What he can be handed.
    pub room: Room,
}

impl Waiter {
    /// Ends the wait. Gives the parcel back when somebody else has ended it.
    ///
    /// # Errors
    /// The parcel, untouched, if the wait is over.
    #[inline]
    pub fn hand(&self, parcel: Option<Parcel>, cause: Cause, place: Place) -> Result<(), Option<Parcel>> {
        self.hand_at(parcel, cause, (place, None))
    }

    /// As [`hand`](Self::hand), at a moment that the caller knows already, if it does.
    ///
    /// # Errors
    /// As [`hand`](Self::hand).
    pub fn hand_at(
        &self,
        parcel: Option<Parcel>,
        cause: Cause,
        at: (Place, Option<Instant>),
    ) -> Result<(), Option<Parcel>> {
        self.hand_behind(parcel, cause, at, || {})
    }

    /// As [`hand_at`](Self::hand_at), behind something that is done once the wait is won and before he can go on: it is
    /// this wait then, and no later one.
    ///
    /// # Errors
    /// As [`hand`](Self::hand), with nothing done.
    #[inline]
    pub fn hand_behind(
        &self,
        parcel: Option<Parcel>,
        cause: Cause,
        (place, now): (Place, Option<Instant>),
        first: impl FnOnce(),
    ) -> Result<(), Option<Parcel>> {
        // From claim to fire nobody may be switched out: somebody else may spin for the fire.
        let _here = PreemptGuard::new();
        let Some(claim) = self.actor.gate().claim(self.ticket) else { return Err(parcel) };
        first();
        if let Some(parcel) = parcel {
            self.actor.put_inbox(parcel);
            if let Room::Among { place, .. } = self.room {
                self.actor.note_won(place);
            }
        }
        self.actor.wake_at(claim.fire(cause), place, now);
        Ok(())
    }

    /// Whether this is the wait `ticket` of `actor`.
    pub fn is(&self, actor: &Arc<Actor>, ticket: Ticket) -> bool {
        self.ticket == ticket && Arc::ptr_eq(&self.actor, actor)
    }

    /// Whether the wait is still on.
    pub fn waits(&self) -> bool {
        self.actor.gate().ticket() == Some(self.ticket)
    }

    /// Whether a message of so many bytes fits what he has room for.
    pub fn has_room_for(&self, bytes_len: usize) -> bool {
        match self.room {
            Room::Bytes(most) | Room::Among { bytes: most, .. } => bytes_len <= most as usize,
            Room::WakeOnly => false,
        }
    }
}
