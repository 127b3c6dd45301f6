//! The one answer to one call.
//!
//! Owns the caller's wait. There is one reply for each call and it is used at most once: answering
//! consumes the wait, and a reply that is dropped unanswered, for whatever reason, tells the caller
//! that its peer died, or that there was no room for what it sent. Whoever ends the call gives back the level that
//! the caller gave him, before the caller is made ready. A caller that has gone (deadline, kill) leaves a reply that
//! answers nobody.
//! Locks: those of [`Waiter::hand`]; before them `REGISTRY` and `QUEUE`, each alone, if a level is given back. So no lock is
//! held where a reply is used or dropped.

use super::message::Message;
use super::waiter::{Parcel, Waiter};
use crate::account::{CallId, Loan};
use crate::sched::core::Place;
use crate::sched::gate::Cause;
use alloc::sync::Arc;
use tessera_abi::Error;

/// See the module.
#[derive(Debug)]
pub struct Reply {
    /// `None` once it has been used.
    caller: Option<Waiter>,
}

impl Reply {
    /// The answer that `caller` waits for.
    pub fn new(caller: Waiter) -> Self {
        Reply { caller: Some(caller) }
    }

    /// Whether the caller has room for an answer of so many bytes.
    ///
    /// # Errors
    /// `TooLong`; the reply stays good for a shorter answer.
    pub fn check(&self, bytes_len: usize) -> Result<(), Error> {
        match &self.caller {
            Some(caller) if !caller.has_room_for(bytes_len) => Err(Error::TooLong),
            _ => Ok(()),
        }
    }

    /// The call that it answers, if it has not.
    pub fn call(&self) -> Option<CallId> {
        self.caller().map(|caller| CallId { caller: caller.actor.id(), ticket: caller.ticket })
    }

    /// What its caller lends with the call; `None` when he waits no more.
    pub fn loan(&self) -> Option<Arc<Loan>> {
        let caller = self.caller()?;
        caller.actor.loans()?.lent_while(|| caller.waits())
    }

    /// The wait that it ends, if it has not.
    pub(super) fn caller(&self) -> Option<&Waiter> {
        self.caller.as_ref()
    }

    /// Answers, and lets the caller run on this core next.
    ///
    /// # Errors
    /// `PeerDead` when the caller has stopped waiting; the answer is dropped.
    pub fn answer(mut self, message: Message) -> Result<(), Error> {
        let answer = Some(Parcel::Message(message));
        self.end(answer, Cause::Delivered, Place::Here).map_err(|_undelivered| Error::PeerDead)
    }

    /// Tells the caller that its message was dropped for want of room.
    pub fn refuse(mut self) {
        let _already_over = self.end(Some(Parcel::Dropped), Cause::PeerDied, Place::Home);
    }

    /// Ends the wait, if that has not been done. The caller's level is given back and he is woken in one go: who is
    /// switched out in between is as unhurried as by himself, with nobody to raise him. A caller who has stopped
    /// waiting has taken it back himself.
    #[inline]
    fn end(&mut self, parcel: Option<Parcel>, cause: Cause, place: Place) -> Result<(), Option<Parcel>> {
        let Some(caller) = self.caller.take() else { return Err(parcel) };
        caller.hand_behind(parcel, cause, (place, None), || caller.actor.is_answered())
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        // After an answer this does nothing.
        let _already_over = self.end(None, Cause::PeerDied, Place::Home);
    }
}
