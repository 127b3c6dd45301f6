//! Calls: a message with a one-shot reply, and the wait for it.
//!
//! Owns nothing of its own; it is the endpoint's, under the same lock and invariants ([`super::endpoint`]).
//! A call is taken like any message; its caller waits on, for the answer, whether the message is queued,
//! with the blocked senders, or being served.

use super::endpoint::{By, Endpoint};
use super::message::Message;
use super::queue::Blocked;
use super::reply::Reply;
use super::waiter::{Parcel, Room, Waiter};
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use khal::time::Instant;
use tessera_abi::Error;

impl Endpoint {
    /// Calls: sends `message` with a reply that leads back here, and blocks for the answer, which may
    /// have up to `room_bytes` bytes. The receiver is run on this core next.
    ///
    /// # Errors
    /// As [`send`](Self::send), with the message left in its place if it was not taken; `PeerDead`
    /// when the reply was dropped unanswered; `WouldDeadlock` when who receives here waits for the
    /// caller.
    pub fn call(
        &self,
        by: By<'_>,
        message: &mut Option<Message>,
        room_bytes: u32,
        deadline: Instant,
    ) -> Result<Message, Error> {
        let By { actor, pass } = by;
        let server = self.server();
        if server.as_ref().is_some_and(|server| server.waits_for(actor)) {
            return Err(Error::WouldDeadlock);
        }
        let ticket = self.start_call(by, message, room_bytes)?;
        actor.set_calling(server.as_ref());
        let ended = actor.block(ticket, deadline, Some((&self.tree, pass)));
        actor.set_calling(None);
        match (ended, actor.take_inbox()) {
            (Ok(Cause::Delivered), Some(Parcel::Message(answer))) => Ok(answer),
            (Ok(Cause::PeerDied), Some(Parcel::Returned(returned))) => {
                *message = Some(returned);
                Err(Error::Closed)
            }
            (Ok(Cause::PeerDied), _) => Err(Error::PeerDead),
            (ended, _) => {
                *message = self.take_back(actor, ticket);
                match ended {
                    Ok(Cause::TimedOut) => Err(Error::TimedOut),
                    Ok(Cause::Revoked) => Err(Error::Revoked),
                    Ok(_) => Err(Error::Cancelled),
                    Err(error) => Err(error),
                }
            }
        }
    }

    fn start_call(
        &self,
        by: By<'_>,
        message: &mut Option<Message>,
        room_bytes: u32,
    ) -> Result<Ticket, Error> {
        let By { actor, pass } = by;
        let mut state = self.state.lock();
        self.tree.holds(pass)?;
        state.open()?;
        let Some(mut offered) = message.take() else { return Err(Error::InvalidArgument) };
        if state.senders.try_reserve(1).is_err() {
            *message = Some(offered);
            return Err(Error::NoMemory);
        }
        let ticket = actor.gate().arm();
        let waiter = || Waiter { actor: actor.clone(), ticket, room: Room::Bytes(room_bytes) };
        offered.reply = Some(Reply::new(waiter()));
        if let Err(offered) = state.offer(&self.tree, offered, self.capacity, Place::Here) {
            state.senders.push_back(Blocked { waiter: waiter(), message: offered, pass: *pass });
        }
        Ok(ticket)
    }
}
