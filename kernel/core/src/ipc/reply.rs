//! The one answer to one call.
//!
//! Owns the caller's wait. There is one reply for each call and it is used at most once: answering
//! consumes the wait, and a reply that is dropped unanswered, for whatever reason, tells the caller
//! that its peer died, or that there was no room for what it sent. Whoever ends the call gives back the level that
//! the caller gave him, before the caller is made ready. A caller that has gone (deadline, kill) leaves a reply that answers nobody.
//! Locks: those of [`Waiter::hand`]; before them `REGISTRY` and `QUEUE`, each alone, if a level is given back. So no lock is
//! held where a reply is used or dropped.

use super::message::Message;
use super::waiter::{Parcel, Waiter};
use crate::sched::core::Place;
use crate::sched::gate::Cause;
use tessera_abi::Error;

/// See the module.
#[derive(Debug)]
pub struct Reply {
    caller: Waiter,
}

impl Reply {
    /// The answer that `caller` waits for.
    pub fn new(caller: Waiter) -> Self {
        Reply { caller }
    }

    /// Whether the caller has room for an answer of so many bytes.
    ///
    /// # Errors
    /// `TooLong`; the reply stays good for a shorter answer.
    pub fn check(&self, bytes_len: usize) -> Result<(), Error> {
        if self.caller.has_room_for(bytes_len) { Ok(()) } else { Err(Error::TooLong) }
    }

    /// The wait that it ends.
    pub(super) fn caller(&self) -> &Waiter {
        &self.caller
    }

    /// Answers, and lets the caller run on this core next.
    ///
    /// # Errors
    /// `PeerDead` when the caller has stopped waiting; the answer is dropped.
    pub fn answer(self, message: Message) -> Result<(), Error> {
        let answer = Some(Parcel::Message(message));
        self.end(answer, Cause::Delivered, Place::Here).map_err(|_undelivered| Error::PeerDead)
    }

    /// Tells the caller that its message was dropped for want of room.
    pub fn refuse(self) {
        let _already_over = self.end(Some(Parcel::Dropped), Cause::PeerDied, Place::Home);
    }

    /// Ends the wait. Its level is given back and the caller woken in one go: who is switched out in between is as
    /// unhurried as by himself, with nobody to raise him. A caller who has stopped waiting has taken it back himself.
    fn end(&self, parcel: Option<Parcel>, cause: Cause, place: Place) -> Result<(), Option<Parcel>> {
        self.caller.hand_behind(parcel, cause, (place, None), || self.caller.actor.is_answered())
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        // After an answer the wait is over and this changes nothing.
        let _already_over = self.end(None, Cause::PeerDied, Place::Home);
    }
}
