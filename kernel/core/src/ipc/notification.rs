//! A word of signal bits that can be waited for.
//!
//! Owns the bits and who waits for them. Signals add up and are never lost; a waiter takes the whole
//! word and leaves zero, so each set bit reaches exactly one waiter; waiters are served in order.
//! Invariant: while somebody waits the word is zero. Lock: its own, rank `NOTIFICATION`.

use super::waiter::{Parcel, Room, Waiter};
use crate::account::{Account, Charge};
use crate::actor::Actor;
use crate::cap::{Pass, Tree};
use crate::fallible;
use crate::ranks;
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use khal::sync::Mutex;
use khal::time::Instant;
use tessera_abi::{Error, Resource};

#[derive(Debug)]
struct State {
    bits: u64,
    /// Who waits, and by what leave.
    waiters: VecDeque<(Waiter, Pass)>,
}

/// See the module.
#[derive(Debug)]
pub struct Notification {
    tree: Tree,
    state: Mutex<State>,
    /// What it takes of its maker's account; `None` for one of the kernel's own.
    _charge: Option<Charge>,
}

impl Notification {
    /// A notification with no bit set. It is charged to `payer`, if anybody pays, for as long as somebody can name
    /// it.
    ///
    /// # Errors
    /// `OverQuota`, `NoMemory`.
    pub fn new(payer: Option<&Arc<Account>>) -> Result<Arc<Self>, Error> {
        let bytes = size_of::<Notification>();
        let charge = payer.map(|payer| Charge::take(payer, Resource::Memory, bytes)).transpose()?;
        let state = Mutex::new(ranks::NOTIFICATION, State { bits: 0, waiters: VecDeque::new() });
        fallible::share(Notification { tree: Tree::new(), state, _charge: charge })
    }

    /// Every capability that names it.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Waits until whoever is in the middle of a commit is through: for a revoker, after its mark.
    pub(crate) fn fence(&self) {
        drop(self.state.lock());
    }

    /// Sets `bits` and wakes the first who waits. Never blocks.
    ///
    /// # Errors
    /// `Revoked` when `pass` is no longer good.
    pub fn signal(&self, pass: &Pass, bits: u64) -> Result<(), Error> {
        let mut state = self.state.lock();
        self.tree.holds(pass)?;
        state.bits |= bits;
        while state.bits != 0
            && let Some((waiter, leave)) = state.waiters.pop_front()
        {
            if self.tree.holds(&leave).is_err() {
                // Whoever took it back tells him.
                continue;
            }
            let word = state.bits;
            if waiter.hand(Some(Parcel::Bits(word)), Cause::Delivered, Place::Home).is_ok() {
                state.bits = 0;
            }
        }
        Ok(())
    }

    /// Waits until a bit is set, takes the word, and leaves zero.
    ///
    /// # Errors
    /// `WouldBlock` at deadline 0, `TimedOut`, `Cancelled` when the actor is to stop, `Revoked`, `NoMemory`.
    pub fn wait(&self, actor: &Arc<Actor>, pass: &Pass, deadline: Instant) -> Result<u64, Error> {
        let ticket = {
            let mut state = self.state.lock();
            self.tree.holds(pass)?;
            if state.bits != 0 {
                return Ok(core::mem::take(&mut state.bits));
            }
            if deadline == Instant::ZERO {
                return Err(Error::WouldBlock);
            }
            state.waiters.try_reserve(1).map_err(|_| Error::NoMemory)?;
            let ticket = actor.gate().arm();
            let waiter = Waiter { actor: actor.clone(), ticket, room: Room::WakeOnly };
            state.waiters.push_back((waiter, *pass));
            ticket
        };
        let ended = actor.block(ticket, deadline, Some((&self.tree, pass)));
        match (ended, actor.take_inbox()) {
            (Ok(Cause::Delivered), Some(Parcel::Bits(bits))) => Ok(bits),
            (Ok(Cause::TimedOut), _) => self.give_up(actor, ticket, Error::TimedOut),
            (Ok(Cause::Revoked), _) => self.give_up(actor, ticket, Error::Revoked),
            (Ok(_), _) => self.give_up(actor, ticket, Error::Cancelled),
            (Err(error), _) => self.give_up(actor, ticket, error),
        }
    }

    fn give_up(&self, actor: &Arc<Actor>, ticket: Ticket, error: Error) -> Result<u64, Error> {
        self.forget(actor, ticket);
        Err(error)
    }

    /// Puts somebody in line who waits for other things too. False when there is something to look at instead:
    /// bits, or that the leave is gone.
    ///
    /// # Errors
    /// `NoMemory`.
    pub(super) fn watch(&self, waiter: Waiter, pass: &Pass) -> Result<bool, Error> {
        let mut state = self.state.lock();
        if state.bits != 0 || self.tree.holds(pass).is_err() {
            return Ok(false);
        }
        state.waiters.try_reserve(1).map_err(|_| Error::NoMemory)?;
        state.waiters.push_back((waiter, *pass));
        Ok(true)
    }

    /// Takes somebody out of line. Bits are handed over with the wake, so nobody else need look.
    pub(super) fn forget(&self, actor: &Arc<Actor>, ticket: Ticket) {
        self.state.lock().waiters.retain(|(waiter, _)| !waiter.is(actor, ticket));
    }
}
