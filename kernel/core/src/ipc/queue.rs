//! What an endpoint's lock guards, and how a message moves in it.
//!
//! Owns queue, receivers, blocked senders and counters. The invariants are the endpoint's
//! ([`super::endpoint`]): every function here is called, and leaves them true, under its lock.
//! Handing over takes `INBOX` and `QUEUE`.

use super::endpoint::By;
use super::message::Message;
use super::waiter::{Parcel, Room, Waiter};
use crate::actor::Actor;
use crate::cap::{Pass, Tree};
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use tessera_abi::Error;

/// What has become of every message offered so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Sends and calls that passed their checks.
    pub offered: u64,
    /// Handed to a receiver.
    pub delivered: u64,
    /// Refused at once, because the queue was full and the sender would not wait.
    pub rejected: u64,
    /// Taken back by a sender that stopped waiting for room.
    pub withdrawn: u64,
    /// Dropped when the endpoint closed.
    pub discarded: u64,
    /// In the queue now.
    pub queued: u64,
    /// With blocked senders now.
    pub blocked: u64,
}

impl Counters {
    /// Whether every message is accounted for.
    pub fn balance(&self) -> bool {
        let gone = self.delivered + self.rejected + self.withdrawn + self.discarded;
        self.offered == gone + self.queued + self.blocked
    }
}

/// A receiver, and the leave by which it waits.
#[derive(Debug)]
pub(super) struct Receiver {
    pub waiter: Waiter,
    pub pass: Pass,
}

/// A sender that waits for room, what it sends, and by what leave.
#[derive(Debug)]
pub(super) struct Blocked {
    pub waiter: Waiter,
    pub message: Message,
    pub pass: Pass,
}

/// All that the endpoint's lock guards.
#[derive(Debug)]
pub(super) struct State {
    pub queue: VecDeque<Message>,
    pub receivers: VecDeque<Receiver>,
    pub senders: VecDeque<Blocked>,
    pub counters: Counters,
    pub closed: bool,
    /// Who received last: whom a call waits for, as far as can be seen.
    pub server: Weak<Actor>,
}

impl State {
    pub(super) fn open(&self) -> Result<(), Error> {
        if self.closed { Err(Error::Closed) } else { Ok(()) }
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

    /// Hands `message` to a receiver or queues it; gives it back when the queue is full. Counts it.
    pub(super) fn offer(
        &mut self,
        tree: &Tree,
        message: Message,
        capacity: usize,
        place: Place,
    ) -> Result<(), Message> {
        self.counters.offered += 1;
        let mut message = message;
        while self.queue.is_empty()
            && let Some(waiter) = self.next_receiver(tree)
        {
            if !waiter.has_room_for(message.bytes.len()) {
                if waiter.hand(None, Cause::Delivered, place).is_ok() {
                    break;
                }
                continue;
            }
            match waiter.hand(Some(Parcel::Message(message)), Cause::Delivered, place) {
                Ok(()) => {
                    self.counters.delivered += 1;
                    return Ok(());
                }
                Err(Some(Parcel::Message(returned))) => message = returned,
                Err(_) => return Ok(()),
            }
        }
        if self.queue.len() >= capacity {
            return Err(message);
        }
        self.queue.push_back(message);
        self.wake_receiver(tree);
        Ok(())
    }

    /// Lets a receiver that waits behind a queued message look for itself.
    pub(super) fn wake_receiver(&mut self, tree: &Tree) {
        while let Some(waiter) = self.next_receiver(tree) {
            if waiter.hand(None, Cause::Delivered, Place::Home).is_ok() {
                return;
            }
        }
    }

    pub(super) fn block_sender(&mut self, by: By<'_>, message: Message) -> Result<Ticket, Message> {
        if self.senders.try_reserve(1).is_err() {
            self.counters.rejected += 1;
            return Err(message);
        }
        let ticket = by.actor.gate().arm();
        let waiter = Waiter { actor: by.actor.clone(), ticket, room: Room::WakeOnly };
        self.senders.push_back(Blocked { waiter, message, pass: *by.pass });
        Ok(ticket)
    }

    pub(super) fn wait_for_message(&mut self, by: By<'_>, room: Room) -> Result<Ticket, Error> {
        // Most endpoints have one receiver, and there are as many as there are idle handlers.
        if self.receivers.len() == self.receivers.capacity() {
            let more = self.receivers.len().max(1);
            self.receivers.try_reserve_exact(more).map_err(|_| Error::NoMemory)?;
        }
        let ticket = by.actor.gate().arm();
        let waiter = Waiter { actor: by.actor.clone(), ticket, room };
        self.receivers.push_back(Receiver { waiter, pass: *by.pass });
        Ok(ticket)
    }

    pub(super) fn take_oldest(
        &mut self,
        tree: &Tree,
        room_bytes: u32,
        capacity: usize,
    ) -> Result<Option<Message>, Error> {
        match self.queue.front() {
            None => return Ok(None),
            Some(oldest) if oldest.bytes.len() > room_bytes as usize => return Err(Error::TooLong),
            Some(_) => {}
        }
        let oldest = self.queue.pop_front();
        self.counters.delivered += 1;
        self.refill(tree, capacity);
        Ok(oldest)
    }

    /// Gives every blocked sender its message back. One that has stopped waiting meanwhile stays, and takes
    /// its message back by itself.
    pub(super) fn give_back_all(&mut self) {
        for _ in 0..self.senders.len() {
            let Some(Blocked { waiter, message, pass }) = self.senders.pop_front() else { return };
            match waiter.hand(Some(Parcel::Returned(message)), Cause::PeerDied, Place::Home) {
                Ok(()) => self.counters.discarded += 1,
                Err(Some(Parcel::Returned(message))) => {
                    self.senders.push_back(Blocked { waiter, message, pass });
                }
                Err(_) => {}
            }
        }
    }

    /// Moves blocked senders' messages into the room that there is, first come first. A sender that
    /// has stopped waiting but not yet taken its message back is passed over, and so is one whose leave has
    /// been taken back; a caller goes on waiting, for its answer.
    fn refill(&mut self, tree: &Tree, capacity: usize) {
        let mut at = 0;
        while self.queue.len() < capacity
            && let Some(blocked) = self.senders.get(at)
        {
            let is_call = blocked.message.reply.is_some();
            let takes = tree.holds(&blocked.pass).is_ok()
                && if is_call {
                    blocked.waiter.waits()
                } else {
                    blocked.waiter.hand(None, Cause::Delivered, Place::Home).is_ok()
                };
            if takes {
                if let Some(blocked) = self.senders.remove(at) {
                    self.queue.push_back(blocked.message);
                }
            } else {
                at += 1;
            }
        }
    }
}
