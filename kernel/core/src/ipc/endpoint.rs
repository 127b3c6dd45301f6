//! A bounded queue of messages with receivers and blocked senders in order of arrival.
//!
//! Owns the messages between their sender and their receiver. Invariants, under the endpoint's lock:
//! a message is in the queue, with a blocked sender, handed over, dropped by the policy, or given back:
//! exactly one of them;
//! `offered = delivered + rejected + dropped + withdrawn + discarded + queued + blocked` ([`Counters`]), which
//! debug builds check at every release of the lock; messages leave in the order in which they were offered;
//! senders block only while the queue is full and the policy is to block, receivers only while it is empty.
//! An endpoint of capacity 0 is a rendezvous: its queue holds only what a receiver has come for, who was
//! woken for it and is to look (a handler, or one that had too little room). An endpoint that somebody with the right to receive closes, or whose last
//! capability with that right is dropped, closes: what is queued is discarded (which tells its callers), blocked senders
//! get their messages back, and everybody learns it.
//! Locks: its own, rank `ENDPOINT`; handing over takes `QUEUE` under it. Messages are
//! dropped outside it, because they may hold the last capability of another endpoint.

use super::call::taken_by;
use super::counters::Tally;
use super::message::Message;
use super::queue::{Limits, Locked, Offered, Receiver, State};
use super::waiter::{Parcel, Room};
use crate::account::{Account, Charge};
use crate::actor::Actor;
use crate::cap::{Pass, Tree};
use crate::fallible;
use crate::ranks;
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use khal::sync::Mutex;
use khal::sync::atomic::{AtomicUsize, Ordering};
use khal::time::Instant;
use tessera_abi::{Error, Policy, Resource};

/// Who uses an endpoint, and by what leave.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Who does, and blocks where blocking is to be done.
    pub actor: &'a Arc<Actor>,
    /// The leave that its capability gave.
    pub pass: &'a Pass,
}

/// See the module.
#[derive(Debug)]
pub struct Endpoint {
    pub(super) tree: Tree,
    state: Mutex<State>,
    /// Capabilities with the right to receive.
    receivers: AtomicUsize,
    /// What it takes of its maker's account; `None` for one of the kernel's own.
    _charge: Option<Charge>,
}

/// Endpoints in existence, of the whole process.
static LIVING: core::sync::atomic::AtomicUsize = core::sync::atomic::AtomicUsize::new(0);

/// How many endpoints exist.
pub fn living() -> usize {
    LIVING.load(Ordering::Relaxed)
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        // Without the lock, which another endpoint's may be held around.
        debug_assert!(self.state.get_mut().call_figures().outstanding == 0, "a caller keeps what it calls");
        // Relaxed: a figure for listings and leak tests.
        LIVING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Endpoint {
    /// An endpoint that queues up to `capacity` messages, and does with more as `policy` says. It is charged to
    /// `payer`, if anybody pays, for as long as somebody can name it.
    ///
    /// # Errors
    /// `InvalidArgument` for a capacity that the policy does not [allow](Policy::allows), `OverQuota`, `NoMemory`.
    pub fn new(capacity: u32, policy: Policy, payer: Option<&Arc<Account>>) -> Result<Arc<Self>, Error> {
        if !policy.allows(capacity) {
            return Err(Error::InvalidArgument);
        }
        // A rendezvous queues what a receiver has been woken for.
        let room = capacity.max(1) as usize;
        let bytes = size_of::<Endpoint>() + room * size_of::<Message>();
        let charge = payer.map(|payer| Charge::take(payer, Resource::Memory, bytes)).transpose()?;
        let mut queue = VecDeque::new();
        queue.try_reserve_exact(room).map_err(|_| Error::NoMemory)?;
        let state = State {
            queue,
            receivers: VecDeque::new(),
            senders: VecDeque::new(),
            tally: Tally::default(),
            rare: None,
            limits: Limits { capacity, policy, high_water: 0 },
            closed: false,
            server: Weak::new(),
        };
        let state = Mutex::new(ranks::ENDPOINT, state);
        // Relaxed: a figure for listings and leak tests.
        LIVING.fetch_add(1, Ordering::Relaxed);
        fallible::share(Endpoint {
            tree: Tree::new(),
            state,
            receivers: AtomicUsize::new(0),
            _charge: charge,
        })
    }

    pub(super) fn lock(&self) -> Locked<'_> {
        Locked(self.state.lock())
    }

    /// Every capability that names it.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Waits until whoever is in the middle of a commit is through: for a revoker, after its mark.
    pub(crate) fn fence(&self) {
        drop(self.lock());
    }

    /// Bytes of the oldest message, 0 if there is none.
    pub fn oldest_len(&self) -> usize {
        self.lock().queue.front().map_or(0, |oldest| oldest.bytes.len())
    }

    /// Who receives here next, as far as can be seen: the first in line, else who received last, if he still exists.
    pub fn server(&self) -> Option<Arc<Actor>> {
        self.lock().next_server()
    }

    /// Counts a new capability with the right to receive, under the tree's lock.
    pub(crate) fn add_receiver(&self) {
        // Relaxed: whoever takes one away has found it in the tree, under the same lock, after this.
        self.receivers.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one less; the last closes the endpoint.
    pub(crate) fn drop_receiver(&self) {
        // AcqRel: what other holders did before they dropped theirs happens before the closing.
        if self.receivers.fetch_sub(1, Ordering::AcqRel) == 1 {
            // The kernel's own leave is always good.
            let _closed = self.close(&Pass::KERNEL);
        }
    }

    /// Sends `message`, which is left in its place when the send fails.
    ///
    /// # Errors
    /// `Revoked` when the leave is no longer good, or was taken back in the wait; `Closed`; `QueueFull` at
    /// deadline 0, or when the policy is to reject; `TimedOut`; `Cancelled` when the actor is to stop;
    /// `NoMemory`.
    pub fn send(&self, by: By<'_>, message: &mut Option<Message>, deadline: Instant) -> Result<(), Error> {
        let By { actor, pass } = by;
        let ticket = match self.start_send(by, message, deadline)? {
            Sent::Done => return Ok(()),
            Sent::Dropping(gone) => {
                gone.refuse();
                return Ok(());
            }
            Sent::Waits(ticket) => ticket,
        };
        let ended = actor.block(ticket, deadline, Some((&self.tree, pass)));
        let error = match ended {
            Ok(Cause::Delivered) => return Ok(()),
            Ok(Cause::Revoked) => Error::Revoked,
            Ok(Cause::TimedOut) => Error::TimedOut,
            Ok(Cause::PeerDied) => Error::Closed,
            Ok(Cause::Stopped) => Error::Cancelled,
            Err(error) => error,
        };
        *message = self.take_back(actor, ticket);
        Err(error)
    }

    /// A send up to where it blocks.
    fn start_send(
        &self,
        by: By<'_>,
        message: &mut Option<Message>,
        deadline: Instant,
    ) -> Result<Sent, Error> {
        let stats = by.actor.kernel().stats();
        let mut state = self.lock_measured(stats, stats.now());
        self.tree.holds(by.pass)?;
        state.open()?;
        let Some(offered) = message.take() else { return Err(Error::InvalidArgument) };
        let offered = match state.offer(&self.tree, offered, Place::Home) {
            Offered::Taken => return Ok(Sent::Done),
            Offered::Dropped(gone) => return Ok(Sent::Dropping(gone)),
            Offered::NoRoom(offered) => offered,
        };
        if deadline == Instant::ZERO || !state.lets_wait() {
            state.tally.rejected += 1;
            *message = Some(offered);
            return Err(Error::QueueFull);
        }
        state.block_sender(by, offered).map(Sent::Waits).map_err(|returned| {
            *message = Some(returned);
            Error::NoMemory
        })
    }

    /// Receives the oldest message of up to `room_bytes` bytes.
    ///
    /// # Errors
    /// `WouldBlock` at deadline 0; `TooLong` when the oldest has more bytes (it stays the oldest);
    /// `TimedOut`; `Closed`; `Cancelled` when the actor is to stop; `Revoked`; `NoMemory`.
    pub fn recv(&self, by: By<'_>, room_bytes: u32, deadline: Instant) -> Result<Message, Error> {
        let By { actor, pass } = by;
        loop {
            let ticket = match self.start_recv(by, room_bytes, deadline)? {
                // Outside the lock: who is waited for may have to be looked up.
                Came::Message(message) => return Ok(taken_by(actor, message)),
                Came::Waits(ticket) => ticket,
            };
            let ended = actor.block(ticket, deadline, Some((&self.tree, pass)));
            let error = match (ended, actor.take_inbox()) {
                (Ok(Cause::Delivered), Some(Parcel::Message(message))) => {
                    return Ok(taken_by(actor, message));
                }
                // It is for the next one, not for who is over.
                (Ok(Cause::Delivered), _) if actor.must_stop() => Error::Cancelled,
                // Woken to look for oneself: the message did not fit, or others were first.
                (Ok(Cause::Delivered), _) => continue,
                (Ok(Cause::TimedOut), _) => Error::TimedOut,
                (Ok(Cause::PeerDied), _) => Error::Closed,
                (Ok(Cause::Stopped), _) => Error::Cancelled,
                (Ok(Cause::Revoked), _) => Error::Revoked,
                (Err(error), _) => error,
            };
            self.forget_receiver(actor, ticket);
            return Err(error);
        }
    }

    /// A receive up to where it blocks.
    fn start_recv(&self, by: By<'_>, room_bytes: u32, deadline: Instant) -> Result<Came, Error> {
        let mut state = self.lock_to_take(by.actor.kernel().stats());
        if let Err(error) = self.tree.holds(by.pass) {
            // He may have been woken for a message: the next one looks.
            state.hand_on(&self.tree);
            return Err(error);
        }
        state.note_server(by.actor);
        if let Some(message) = state.take_oldest(&self.tree, room_bytes)? {
            return Ok(Came::Message(message));
        }
        state.open()?;
        if deadline == Instant::ZERO {
            return Err(Error::WouldBlock);
        }
        state.wait_for_message(by, Room::Bytes(room_bytes)).map(Came::Waits)
    }

    /// A handler's end of activation: if there is no message, registers it to be woken by the next
    /// one. Afterwards its activation must end and let the core loop park it.
    ///
    /// # Errors
    /// `Closed`, `Revoked`, `NoMemory`; then it is not registered.
    pub fn rest(&self, actor: &Arc<Actor>, pass: &Pass) -> Result<Rest, Error> {
        let mut state = self.lock_to_look(actor.kernel().stats());
        self.tree.holds(pass)?;
        state.note_server(actor);
        if state.has_message(&self.tree) {
            return Ok(Rest::MessageWaits);
        }
        state.open()?;
        let ticket = state.wait_for_message(By { actor, pass }, Room::WakeOnly)?;
        if let Some(node) = pass.node() {
            actor.through().begin(&self.tree, node);
            // As in `Actor::block`. Under this lock nobody but a killer or a revoker can have ended the wait.
            if let Err(error) = self.tree.holds(pass) {
                actor.gate().withdraw();
                actor.through().end();
                state.receivers.retain(|one| !one.waiter.is(actor, ticket));
                return Err(error);
            }
        }
        Ok(Rest::Registered)
    }

    /// Takes an actor that is over out of the line, and lets the next look for what it left.
    pub(crate) fn forget(&self, actor: &Arc<Actor>) {
        let mut state = self.lock();
        state.receivers.retain(|one| !Arc::ptr_eq(&one.waiter.actor, actor));
        state.hand_on(&self.tree);
    }

    /// Takes a receiver that gives up out of the line; it may have been woken for a message that it does not
    /// take, so the next one looks.
    pub(super) fn forget_receiver(&self, actor: &Arc<Actor>, ticket: Ticket) {
        let mut state = self.lock();
        state.receivers.retain(|one| !one.waiter.is(actor, ticket));
        state.hand_on(&self.tree);
    }

    /// The message of a sender that stopped waiting for room: still blocked, or given back to him.
    pub(super) fn take_back(&self, actor: &Arc<Actor>, ticket: Ticket) -> Option<Message> {
        let mut state = self.lock();
        if let Some(at) = state.senders.iter().position(|blocked| blocked.waiter.is(actor, ticket)) {
            state.tally.withdrawn += 1;
            return state.senders.remove(at).map(|blocked| blocked.message);
        }
        drop(state);
        match actor.take_inbox() {
            Some(Parcel::Message(message)) => Some(message),
            _ => None,
        }
    }

    /// Closes it for good: what is queued is dropped, blocked senders get their messages back, and whoever waits
    /// here is told. Closing again changes nothing.
    ///
    /// # Errors
    /// `Revoked` when the leave is no longer good.
    pub fn close(&self, pass: &Pass) -> Result<(), Error> {
        let (queue, receivers) = {
            let mut state = self.lock();
            self.tree.holds(pass)?;
            state.closed = true;
            state.give_back_all();
            state.tally.discarded += state.queue.len() as u64;
            (core::mem::take(&mut state.queue), core::mem::take(&mut state.receivers))
        };
        for Receiver { waiter, .. } in receivers {
            let _stopped_waiting = waiter.hand(None, Cause::PeerDied, Place::Home);
        }
        drop(queue);
        Ok(())
    }
}

/// How far a send has come.
enum Sent {
    /// The message is on its way.
    Done,
    /// So it is, or was dropped itself; this one goes for it.
    Dropping(Message),
    /// It waits for room.
    Waits(Ticket),
}

/// How far a receive has come.
enum Came {
    /// To a message.
    Message(Message),
    /// It waits for one.
    Waits(Ticket),
}

/// What [`Endpoint::rest`] found.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Rest {
    /// There is a message: go on.
    MessageWaits,
    /// There is none: end the activation, the next message wakes the actor.
    Registered,
}
