//! Waiting for any of several things: messages, bits, ends.
//!
//! Owns nothing that lasts; a wait is registered with each thing, as any other wait is, under one ticket of one
//! gate. So there is one winner by the gate's own rule: whoever hands something over claims the wait first, and
//! the claim of everybody else is refused, who then keep what they have, or give it to the next in their lines.
//!
//! A wait goes: look at each thing, beginning where the caller says, and take from the first that has something;
//! else arm the gate, register with all, sleep, leave every line. Whatever comes after a thing was registered with
//! finds the wait there; what came before is seen by the registration, under the thing's lock, which then says
//! so, and the wait looks again. So no wake is lost. Somebody who was woken without being handed anything
//! (an end, a closing, a message that is too long for him) looks again too; each such round follows something
//! that happened, so nobody spins. Leaving an endpoint's line lets the next receiver look for what was left there.
//!
//! Fair by rotation: which of several is taken is up to where the looking begins, and the SDK begins behind what
//! it was last given. A kernel's own rotor an actor would serve two waits of one actor by turns, and might
//! starve a thing in both.
//! Locks: those of the things, one after the other, never two. Loom model: `tests/loom_any.rs`.

use super::call::taken_by;
use super::endpoint::{By, Endpoint};
use super::message::Message;
use super::notification::Notification;
use super::queue::Receiver;
use super::waiter::{Parcel, Room, Waiter};
use crate::actor::Actor;
use crate::cap::{Pass, Passages, Tree};
use crate::sched::gate::{Cause, Ticket};
use alloc::boxed::Box;
use alloc::sync::Arc;
use khal::time::Instant;
use tessera_abi::Error;

/// What can be waited for.
#[derive(Debug)]
pub enum Source {
    /// A message.
    Endpoint(Arc<Endpoint>),
    /// Bits.
    Notification(Arc<Notification>),
    /// An end.
    Actor(Arc<Actor>),
}

impl Source {
    /// Where it is: equal for two that are the same thing, and for no others while both live.
    pub fn address(&self) -> usize {
        match self {
            Source::Endpoint(endpoint) => Arc::as_ptr(endpoint).addr(),
            Source::Notification(notification) => Arc::as_ptr(notification).addr(),
            Source::Actor(actor) => Arc::as_ptr(actor).addr(),
        }
    }
}

/// One thing that is waited for, and by what leave.
#[derive(Debug)]
pub struct Item {
    /// The thing.
    pub source: Source,
    /// The leave of the capability that names it.
    pub pass: Pass,
}

/// What has come.
#[derive(Debug)]
pub enum Ready {
    /// A message.
    Message(Message),
    /// A notification's bits.
    Bits(u64),
    /// An actor has ended; how can be read at any time.
    Ended,
}

/// Why nothing was taken, and because of which item, if it was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Why.
    pub error: Error,
    /// The item's place.
    pub place: Option<usize>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed { error, place: None }
    }
}

/// One wait for any of several things.
#[derive(Debug)]
pub struct AnyOf<'a> {
    /// Who waits.
    pub actor: &'a Arc<Actor>,
    /// What for, at most `WAIT_ITEMS_MAX`.
    pub items: &'a [Item],
    /// Where to begin to look, a place among them.
    pub first: usize,
    /// Room for a message's bytes.
    pub room_bytes: u32,
}

impl AnyOf<'_> {
    /// Waits, and takes from one of the things; its place and what was taken.
    ///
    /// # Errors
    /// `WouldBlock` at deadline 0; `TimedOut`; `Cancelled` when the actor is to stop; `NoMemory`. With the
    /// place of the item: `Revoked`, `Expired`, `Closed`, and `TooLong` for a message, which stays the oldest.
    pub fn wait(&self, deadline: Instant) -> Result<(usize, Ready), Failed> {
        loop {
            if let Some(found) = self.look()? {
                return Ok(found);
            }
            if deadline == Instant::ZERO {
                return Err(Error::WouldBlock.into());
            }
            if let Some(won) = self.sleep(deadline)? {
                return Ok(won);
            }
        }
    }

    fn in_order(&self) -> impl Iterator<Item = (usize, &Item)> {
        let all = || self.items.iter().enumerate();
        all().skip(self.first).chain(all().take(self.first))
    }

    fn look(&self) -> Result<Option<(usize, Ready)>, Failed> {
        for (place, item) in self.in_order() {
            match item.take(self.actor, self.room_bytes) {
                Ok(ready) => return Ok(Some((place, ready))),
                Err(Error::WouldBlock) => {}
                Err(error) => return Err(Failed { error, place: Some(place) }),
            }
        }
        Ok(None)
    }

    /// Sleeps until one of the things is handed over, or there is a reason to look (`None`).
    fn sleep(&self, deadline: Instant) -> Result<Option<(usize, Ready)>, Failed> {
        let passages = self.passages()?;
        let (deadline, expiring) = self.bound(deadline);
        let ticket = self.actor.gate().arm();
        let ended = match self.register(ticket) {
            Ok(true) => self.actor.block_among(ticket, deadline, passages, || self.first_gone().is_none()),
            // Somebody may have ended the wait meanwhile, and that counts: a parcel may be there.
            Ok(false) => Ok(self.actor.gate().withdraw().unwrap_or(Cause::Delivered)),
            Err(error) => self.actor.gate().withdraw().ok_or(error),
        };
        self.items.iter().for_each(|item| item.source.forget(self.actor, ticket));
        let won = usize::from(self.actor.won());
        match (ended?, self.actor.take_inbox()) {
            (Cause::Delivered, Some(Parcel::Message(message))) => {
                Ok(Some((won, Ready::Message(taken_by(self.actor, message)))))
            }
            (Cause::Delivered, Some(Parcel::Bits(bits))) => Ok(Some((won, Ready::Bits(bits)))),
            (Cause::Delivered | Cause::PeerDied, _) => Ok(None),
            (Cause::TimedOut, _) if expiring.is_some() => {
                Err(Failed { error: Error::Expired, place: expiring })
            }
            (Cause::TimedOut, _) => Err(Error::TimedOut.into()),
            (Cause::Stopped, _) => Err(Error::Cancelled.into()),
            (Cause::Revoked, _) => Err(Failed { error: Error::Revoked, place: self.first_gone() }),
        }
    }

    /// The deadline, or when the first of the capabilities expires, and the place of that.
    fn bound(&self, deadline: Instant) -> (Instant, Option<usize>) {
        let expiries = self.items.iter().enumerate().map(|(place, item)| (item.pass.expires_at(), place));
        match expiries.min() {
            Some((expiry, place)) if expiry < deadline => (expiry, Some(place)),
            _ => (deadline, None),
        }
    }

    /// What the wait goes through.
    fn passages(&self) -> Result<Box<Passages>, Error> {
        let mut passages = Passages::with_room(self.items.len())?;
        for item in self.items {
            if let Some(node) = item.pass.node() {
                passages.add(item.source.tree(), node);
            }
        }
        Ok(passages)
    }

    /// Registers with each thing; false when one of them is to be looked at instead.
    fn register(&self, ticket: Ticket) -> Result<bool, Error> {
        for (place, item) in self.in_order() {
            let room = Room::Among { place: place as u16, bytes: self.room_bytes };
            let waiter = Waiter { actor: self.actor.clone(), ticket, room };
            if !item.source.watch(waiter, &item.pass)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The first item whose capability has been taken back.
    fn first_gone(&self) -> Option<usize> {
        self.items.iter().position(|item| item.source.tree().holds(&item.pass).is_err())
    }
}

impl Item {
    /// Takes what is there, without waiting.
    fn take(&self, actor: &Arc<Actor>, room_bytes: u32) -> Result<Ready, Error> {
        let pass = &self.pass;
        match &self.source {
            Source::Endpoint(endpoint) => {
                endpoint.recv(By { actor, pass }, room_bytes, Instant::ZERO).map(Ready::Message)
            }
            Source::Notification(bell) => bell.wait(actor, pass, Instant::ZERO).map(Ready::Bits),
            Source::Actor(other) => {
                other.end().wait(actor, (other.tree(), pass), Instant::ZERO).map(|_| Ready::Ended)
            }
        }
    }
}

impl Source {
    fn tree(&self) -> &Tree {
        match self {
            Source::Endpoint(endpoint) => endpoint.tree(),
            Source::Notification(bell) => bell.tree(),
            Source::Actor(other) => other.tree(),
        }
    }

    /// Registers; false when there is something to look at instead.
    fn watch(&self, waiter: Waiter, pass: &Pass) -> Result<bool, Error> {
        match self {
            Source::Endpoint(endpoint) => endpoint.watch(waiter, pass),
            Source::Notification(bell) => bell.watch(waiter, pass),
            Source::Actor(other) => other.end().watch(waiter),
        }
    }

    fn forget(&self, actor: &Arc<Actor>, ticket: Ticket) {
        match self {
            Source::Endpoint(endpoint) => endpoint.forget_receiver(actor, ticket),
            Source::Notification(bell) => bell.forget(actor, ticket),
            Source::Actor(other) => other.end().forget(actor, ticket),
        }
    }
}

impl Endpoint {
    /// Puts somebody in line who waits for other things too. False when there is something to look at instead: a
    /// message, the closing, or that the leave is gone.
    fn watch(&self, waiter: Waiter, pass: &Pass) -> Result<bool, Error> {
        let mut state = self.lock();
        if state.closed || state.could_have_message(&self.tree) || self.tree.holds(pass).is_err() {
            return Ok(false);
        }
        state.widen_line()?;
        state.note_server(&waiter.actor);
        state.receivers.push_back(Receiver { waiter, pass: pass.proof() });
        Ok(true)
    }
}
