//! What an endpoint's lock guards, and how a message moves in it.
//!
//! Owns queue, receivers, blocked senders, counters, and what is measured of them. The invariants are the endpoint's
//! ([`super::endpoint`]): every function here is called, and leaves them true, under its lock.
//! Handing over takes `QUEUE`. No message is dropped here: what is to go is handed out.

use super::counters::Tally;
use super::endpoint::By;
use super::figures::Rare;
use super::message::Message;
use super::waiter::{Parcel, Room, Waiter};
use crate::actor::Actor;
use crate::cap::{Proof, Tree};
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use core::ops::{Deref, DerefMut};
use khal::sync::MutexGuard;
use khal::time::Instant;
use tessera_abi::{Error, Policy};

/// A receiver, and the leave by which it waits.
#[derive(Debug)]
pub(super) struct Receiver {
    pub waiter: Waiter,
    pub pass: Proof,
}

/// What ends a blocked sender's wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Room for its message.
    Room,
    /// The answer to it.
    Answer,
}

/// A sender that waits for room, what it sends, and by what leave.
#[derive(Debug)]
pub(super) struct Blocked {
    pub waiter: Waiter,
    pub until: Until,
    pub message: Message,
    pub pass: Proof,
    /// When the message was offered, if that is measured.
    pub offered: Option<Instant>,
}

/// How much an endpoint keeps.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many messages.
    pub capacity: u32,
    /// What it does with more.
    pub policy: Policy,
    /// The most that it has ever kept.
    pub high_water: u32,
}

/// All that the endpoint's lock guards.
#[derive(Debug)]
pub(super) struct State {
    pub queue: VecDeque<Message>,
    pub receivers: VecDeque<Receiver>,
    pub senders: VecDeque<Blocked>,
    pub tally: Tally,
    pub rare: Option<Box<Rare>>,
    pub limits: Limits,
    pub closed: bool,
    /// Who received last: whom a call waits for, as far as can be seen.
    pub server: Weak<Actor>,
}

/// What came of offering a message.
#[must_use]
pub(super) enum Offered {
    /// It was handed over or queued.
    Taken,
    /// There was no room, and this one was dropped for that: it, or an older one. To be
    /// [refused](Message::refuse) outside the lock.
    Dropped(Message),
    /// There is no room for it, and it is still its sender's.
    NoRoom(Message),
}

impl State {
    pub(super) fn open(&self) -> Result<(), Error> {
        if self.closed { Err(Error::Closed) } else { Ok(()) }
    }

    /// Who receives next, as far as can be seen: the first in line, else who received last.
    pub(super) fn next_server(&self) -> Option<Arc<Actor>> {
        self.first_in_line().cloned().or_else(|| self.server.upgrade())
    }

    /// Whether it is `actor` who receives next; `None` is nobody.
    pub(super) fn is_served_by(&self, actor: Option<&Arc<Actor>>) -> bool {
        match (self.first_in_line(), actor) {
            (Some(first), Some(actor)) => Arc::ptr_eq(first, actor),
            (Some(_), None) => false,
            (None, Some(actor)) => self.server.as_ptr() == Arc::as_ptr(actor),
            (None, None) => self.server.strong_count() == 0,
        }
    }

    fn first_in_line(&self) -> Option<&Arc<Actor>> {
        self.receivers.front().map(|first| &first.waiter.actor)
    }

    pub(super) fn note_server(&mut self, actor: &Arc<Actor>) {
        if self.server.as_ptr() != Arc::as_ptr(actor) {
            self.server = Arc::downgrade(actor);
        }
    }

    /// The next receiver whose leave is still good. Another is told by whoever took it back.
    fn next_receiver(&mut self, tree: &Tree) -> Option<Waiter> {
        while let Some(Receiver { waiter, pass }) = self.receivers.pop_front() {
            if tree.holds(&pass).is_ok() {
                return Some(waiter);
            }
        }
        None
    }

    /// Hands `message` to a receiver or queues it, or does as the policy says. Counts it, unless it comes back.
    pub(super) fn offer(&mut self, tree: &Tree, message: Message, place: Place) -> Offered {
        self.tally.offered += 1;
        match self.hand_over(tree, message, place) {
            None => Offered::Taken,
            Some(message) => self.keep(tree, message),
        }
    }

    /// Hands `message` to the first who waits. Gives it back if nobody does.
    fn hand_over(&mut self, tree: &Tree, message: Message, place: Place) -> Option<Message> {
        let mut message = message;
        while self.queue.is_empty()
            && let Some(waiter) = self.next_receiver(tree)
        {
            if !waiter.has_room_for(message.bytes.len()) {
                // It is for him all the same: he is woken and finds it in the queue.
                if waiter.hand_at(None, Cause::Delivered, (place, self.measured())).is_ok() {
                    self.push(message, self.measured());
                    return None;
                }
                continue;
            }
            let parcel = Some(Parcel::Message(message));
            match waiter.hand_at(parcel, Cause::Delivered, (place, self.measured())) {
                Ok(()) => {
                    self.count_delivered(self.measured());
                    return None;
                }
                Err(Some(Parcel::Message(returned))) => message = returned,
                Err(_) => return None,
            }
        }
        Some(message)
    }

    /// Queues `message` if there is room, or what the policy does instead.
    fn keep(&mut self, tree: &Tree, message: Message) -> Offered {
        if self.queue.len() < self.limits.capacity as usize {
            self.push(message, self.measured());
            self.wake_receiver(tree);
            return Offered::Taken;
        }
        // Without a capacity there is room for exactly what somebody has been woken for.
        if self.limits.capacity == 0 && self.queue.try_reserve(1).is_ok() && self.wake_receiver(tree) {
            self.push(message, self.measured());
            return Offered::Taken;
        }
        match self.limits.policy {
            Policy::Block | Policy::Reject => Offered::NoRoom(message),
            Policy::DropNewest => self.drop_of(message),
            Policy::DropOldest | Policy::Conflate => match self.pop() {
                Some((oldest, _)) => {
                    self.push(message, self.measured());
                    self.drop_of(oldest)
                }
                None => Offered::NoRoom(message),
            },
        }
    }

    /// Queues a message that was offered then, if that is measured.
    fn push(&mut self, message: Message, offered: Option<Instant>) {
        self.queue.push_back(message);
        if let Some(latency) = self.latency() {
            latency.queued(offered);
        }
        self.limits.high_water = self.limits.high_water.max(self.queue.len() as u32);
    }

    /// Takes the oldest message out of the queue, and when it was offered, if that was measured.
    fn pop(&mut self) -> Option<(Message, Option<Instant>)> {
        let oldest = self.queue.pop_front()?;
        let left = self.queue.len();
        Some((oldest, self.latency().and_then(|latency| latency.left(left))))
    }

    fn drop_of(&mut self, message: Message) -> Offered {
        self.tally.dropped += 1;
        Offered::Dropped(message)
    }

    /// Whether whoever does not get `message` in at once is to wait in line.
    pub(super) fn lets_wait(&self) -> bool {
        self.limits.policy == Policy::Block
    }

    /// Lets a receiver that waits behind a queued message look for itself; whether there is one.
    pub(super) fn wake_receiver(&mut self, tree: &Tree) -> bool {
        while let Some(waiter) = self.next_receiver(tree) {
            if waiter.hand_at(None, Cause::Delivered, (Place::Home, self.measured())).is_ok() {
                return true;
            }
        }
        false
    }

    /// Lets the next receiver look, if there is a message: who was woken for it does not take it.
    pub(super) fn hand_on(&mut self, tree: &Tree) {
        if !self.queue.is_empty() {
            self.wake_receiver(tree);
        }
    }

    pub(super) fn block_sender(&mut self, by: By<'_>, message: Message) -> Result<Ticket, Message> {
        if self.senders.try_reserve(1).is_err() {
            self.tally.rejected += 1;
            return Err(message);
        }
        let ticket = by.actor.gate().arm();
        let waiter = Waiter { actor: by.actor.clone(), ticket, room: Room::WakeOnly };
        let (pass, offered) = (by.pass.proof(), self.measured());
        self.senders.push_back(Blocked { waiter, until: Until::Room, message, pass, offered });
        Ok(ticket)
    }

    /// Makes room for one more in the line of receivers.
    pub(super) fn widen_line(&mut self) -> Result<(), Error> {
        // Most endpoints have one receiver, and there are as many as there are idle handlers.
        if self.receivers.len() == self.receivers.capacity() {
            let more = self.receivers.len().max(1);
            self.receivers.try_reserve_exact(more).map_err(|_| Error::NoMemory)?;
        }
        Ok(())
    }

    pub(super) fn wait_for_message(&mut self, by: By<'_>, room: Room) -> Result<Ticket, Error> {
        self.widen_line()?;
        let ticket = by.actor.gate().arm();
        let waiter = Waiter { actor: by.actor.clone(), ticket, room };
        self.receivers.push_back(Receiver { waiter, pass: by.pass.proof() });
        Ok(ticket)
    }

    /// Whether a receiver that has come finds a message. Without a capacity, his coming is what lets the first
    /// sender in line hand its message over.
    pub(super) fn has_message(&mut self, tree: &Tree) -> bool {
        if self.limits.capacity == 0 {
            self.refill(tree, 1);
        }
        !self.queue.is_empty()
    }

    /// Whether [`has_message`](Self::has_message) would find one, without letting anybody hand one over.
    pub(super) fn could_have_message(&self, tree: &Tree) -> bool {
        let could_go = |blocked: &Blocked| tree.holds(&blocked.pass).is_ok() && blocked.waiter.waits();
        !self.queue.is_empty() || self.limits.capacity == 0 && self.senders.iter().any(could_go)
    }

    /// Takes the oldest message, if there is one.
    ///
    /// # Errors
    /// `TooLong`; it stays, and the next receiver looks.
    pub(super) fn take_oldest(&mut self, tree: &Tree, room_bytes: u32) -> Result<Option<Message>, Error> {
        if !self.has_message(tree) {
            return Ok(None);
        }
        if self.queue.front().is_some_and(|oldest| oldest.bytes.len() > room_bytes as usize) {
            self.wake_receiver(tree);
            return Err(Error::TooLong);
        }
        let Some((oldest, offered)) = self.pop() else { return Ok(None) };
        self.count_delivered(offered);
        self.refill(tree, self.limits.capacity as usize);
        // What a sender in line has just put there has woken nobody yet.
        self.hand_on(tree);
        Ok(Some(oldest))
    }

    /// Gives every blocked sender its message back. One that has stopped waiting meanwhile stays, and takes
    /// its message back by itself.
    pub(super) fn give_back_all(&mut self) {
        for _ in 0..self.senders.len() {
            let Some(blocked) = self.senders.pop_front() else { return };
            let Blocked { waiter, until, message, pass, offered } = blocked;
            match waiter.hand(Some(Parcel::Message(message)), Cause::PeerDied, Place::Home) {
                Ok(()) => self.tally.discarded += 1,
                Err(Some(Parcel::Message(message))) => {
                    self.senders.push_back(Blocked { waiter, until, message, pass, offered });
                }
                Err(_) => {}
            }
        }
    }

    /// Moves blocked senders' messages into the queue until `room` are in it, first come first. A sender that
    /// has stopped waiting but not yet taken its message back is passed over, and so is one whose leave has
    /// been taken back; a caller goes on waiting, for its answer.
    fn refill(&mut self, tree: &Tree, room: usize) {
        let mut at = 0;
        while self.queue.len() < room
            && let Some(blocked) = self.senders.get(at)
        {
            let takes = tree.holds(&blocked.pass).is_ok()
                && match blocked.until {
                    Until::Answer => blocked.waiter.waits(),
                    Until::Room => {
                        let at = (Place::Home, self.measured());
                        blocked.waiter.hand_at(None, Cause::Delivered, at).is_ok()
                    }
                };
            if takes {
                if let Some(blocked) = self.senders.remove(at) {
                    self.push(blocked.message, blocked.offered);
                }
            } else {
                at += 1;
            }
        }
    }
}

/// The state while its lock is held. What is measured is measured up to the release. In debug builds every release
/// checks that each message and each call is accounted for.
pub(super) struct Locked<'a>(pub MutexGuard<'a, State>);

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.0
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if let Some(latency) = self.latency() {
            latency.now = None;
        }
        debug_assert!(self.figures().balance(), "messages are unaccounted for: {:?}", self.figures());
        debug_assert!(self.call_figures().balance(), "calls are unaccounted for: {:?}", self.call_figures());
    }
}
