//! Calls: a message with a one-shot reply, and the wait for it.
//!
//! Owns nothing of its own; it is the endpoint's, under the same lock and invariants ([`super::endpoint`]).
//! A call is taken like any message; its caller waits on, for the answer, whether the message is queued,
//! with the blocked senders, or being served. How it ended is counted by its caller, who knows it best.

use super::counters::CallEnd;
use super::endpoint::{By, Endpoint};
use super::message::Message;
use super::queue::{Blocked, Locked, Offered, Until};
use super::reply::Reply;
use super::waiter::{Parcel, Room, Waiter};
use crate::actor::Actor;
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use alloc::sync::Arc;
use khal::time::Instant;
use tessera_abi::Error;

impl Endpoint {
    /// Calls: sends `message` with a reply that leads back here, and blocks for the answer, which may
    /// have up to `room_bytes` bytes. The receiver is run on this core next.
    ///
    /// # Errors
    /// As [`send`](Self::send), with the message left in its place if it was not taken; `QueueFull` also
    /// when it was taken and then dropped by the policy, with what it carried; `PeerDead`
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
        let called = actor.kernel().stats().now();
        let terms = Terms { room_bytes, may_wait: deadline != Instant::ZERO, called };
        let started = loop {
            let server = self.server();
            // Noted before anybody can have the message, who would else not be refused to call back.
            actor.set_calling(server.as_ref());
            if server.as_ref().is_some_and(|server| server.waits_for(actor)) {
                break Err(Error::WouldDeadlock);
            }
            if let Some(started) = self.start_call(by, message, terms, server.as_ref()) {
                break started;
            }
            // Others receive here by turns: as often as they like, but not for ever.
            if actor.must_stop() {
                break Err(Error::Cancelled);
            }
        };
        let (ticket, dropped) = started.inspect_err(|_| actor.set_calling(None))?;
        if let Some(dropped) = dropped {
            dropped.refuse();
        }
        let ended = actor.block(ticket, deadline, Some((&self.tree, pass)));
        actor.set_calling(None);
        let (end, outcome) = match (ended, actor.take_inbox()) {
            (Ok(Cause::Delivered), Some(Parcel::Message(answer))) => (CallEnd::Replied, Ok(answer)),
            (Ok(Cause::PeerDied), parcel) => (CallEnd::CalleeGone, Err(refused(parcel, message))),
            (ended, _) => {
                *message = self.take_back(actor, ticket);
                (CallEnd::CallerGone, Err(given_up(ended)))
            }
        };
        self.note_end(actor, end, called)?;
        outcome
    }

    /// Counts how a call ended that was made at that moment, if it is measured. Its caller saw it as his turn began,
    /// if he had to leave his core for it: so no clock is read. (One who was switched out by force before he waited, and
    /// answered before he did, has waited for a little longer than is counted.)
    fn note_end(&self, actor: &Actor, end: CallEnd, called: Option<Instant>) -> Result<(), Error> {
        let stats = actor.kernel().stats();
        let ended = called
            .filter(|_| stats.is_on())
            .map(|called| actor.turn_began().filter(|began| *began > called).unwrap_or_else(khal::time::now));
        let mut state = self.lock_measured(stats, ended);
        if let (CallEnd::Replied, Some(called)) = (end, called)
            && let Some(latency) = state.latency()
        {
            latency.answered(called);
        }
        state.calls()?.end(end);
        Ok(())
    }

    /// Sends `message`, which carries the reply of a call that is being served: whoever receives it answers the
    /// caller, who from then on waits for him. On an error the message is left in its place, with the reply.
    ///
    /// # Errors
    /// As [`send`](Self::send); `PeerDead` when the caller has stopped waiting; `WouldDeadlock` when who receives
    /// here waits for the caller, or is the caller; `InvalidArgument` without a reply.
    pub fn forward(&self, by: By<'_>, message: &mut Option<Message>, deadline: Instant) -> Result<(), Error> {
        let reply = message.as_ref().and_then(|message| message.reply.as_ref());
        let caller = reply.and_then(Reply::caller).ok_or(Error::InvalidArgument)?.clone();
        if !caller.waits() {
            return Err(Error::PeerDead);
        }
        let server = self.server();
        caller.actor.follow_call(caller.ticket, server.as_ref());
        let sent = match server {
            Some(server) if server.waits_for(&caller.actor) => Err(Error::WouldDeadlock),
            _ => self.send(by, message, deadline),
        };
        sent.inspect_err(|_| caller.actor.follow_call(caller.ticket, Some(by.actor)))
    }

    /// A call up to where it blocks; with a message that was dropped for it, or its own if that was. Nothing is
    /// done, and `None`, when it is no longer `server` who receives here.
    fn start_call(
        &self,
        by: By<'_>,
        message: &mut Option<Message>,
        terms: Terms,
        server: Option<&Arc<Actor>>,
    ) -> Option<Result<Started, Error>> {
        let state = self.lock_measured(by.actor.kernel().stats(), terms.called);
        state.is_served_by(server).then(|| self.offer_call(state, by, message, terms))
    }

    fn offer_call(
        &self,
        mut state: Locked<'_>,
        by: By<'_>,
        message: &mut Option<Message>,
        terms: Terms,
    ) -> Result<Started, Error> {
        let By { actor, pass } = by;
        self.tree.holds(pass)?;
        state.open()?;
        let Some(mut offered) = message.take() else { return Err(Error::InvalidArgument) };
        if state.senders.try_reserve(1).is_err() || state.calls().is_err() {
            *message = Some(offered);
            return Err(Error::NoMemory);
        }
        let ticket = actor.gate().arm();
        let waiter = || Waiter { actor: actor.clone(), ticket, room: Room::Bytes(terms.room_bytes) };
        offered.reply = Some(Reply::new(waiter()));
        let dropped = match state.offer(&self.tree, offered, Place::Here) {
            Offered::Taken => None,
            Offered::Dropped(gone) => Some(gone),
            Offered::NoRoom(offered) if terms.may_wait && state.lets_wait() => {
                let (waiter, until, pass) = (waiter(), Until::Answer, pass.proof());
                let blocked = Blocked { waiter, until, message: offered, pass, offered: terms.called };
                state.senders.push_back(blocked);
                None
            }
            Offered::NoRoom(offered) => {
                state.tally.rejected += 1;
                // Nobody has seen the reply. Who may have ended the wait is a killer, and that is not forgotten.
                actor.gate().withdraw();
                *message = Some(offered);
                return Err(Error::QueueFull);
            }
        };
        state.calls()?.begin();
        Ok((ticket, dropped))
    }
}

/// What a caller will have of a call.
#[derive(Clone, Copy)]
struct Terms {
    /// The most bytes of an answer.
    room_bytes: u32,
    /// Whether it may stand in line for room.
    may_wait: bool,
    /// When it was made, if that is measured.
    called: Option<Instant>,
}

/// The wait that a call has begun, and the message that was dropped for it, if one was.
type Started = (Ticket, Option<Message>);

/// A message that `receiver` has been given: if it is a call, its caller waits for him from now on, whoever had
/// received before. The receiver says so himself, so he cannot have called anybody before it is noted.
pub(super) fn taken_by(receiver: &Arc<Actor>, message: Message) -> Message {
    if let Some(caller) = message.reply.as_ref().and_then(Reply::caller) {
        caller.actor.follow_call(caller.ticket, Some(receiver));
    }
    message
}

/// What a caller is told whose message will not be answered; one that was never taken comes back.
fn refused(parcel: Option<Parcel>, message: &mut Option<Message>) -> Error {
    match parcel {
        Some(Parcel::Message(returned)) => {
            *message = Some(returned);
            Error::Closed
        }
        Some(Parcel::Dropped) => Error::QueueFull,
        _ => Error::PeerDead,
    }
}

/// What a caller is told that has stopped waiting.
fn given_up(ended: Result<Cause, Error>) -> Error {
    match ended {
        Ok(Cause::TimedOut) => Error::TimedOut,
        Ok(Cause::Revoked) => Error::Revoked,
        Ok(_) => Error::Cancelled,
        Err(error) => error,
    }
}
