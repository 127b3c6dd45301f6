//! The actors of one account that have no fuel, in the order in which they ran out of it.
//!
//! Owns their places. The first in line alone is woken; once it has drawn what it wants it passes the word on, if
//! something is left ([`Account::offer_fuel`](super::Account::offer_fuel)). Woken all at once, the first to run could use
//! up everything and stand in line again before the others have run, and go first for ever.
//! Invariants: a place is kept for each actor of the account, so joining takes no memory; an actor is in line once at the
//! most; whoever is in line and is not woken has looked, behind whoever brought fuel last, and found none, or somebody
//! before him has been woken and is still to pass the word on. For that it joins and then looks, and who brings fuel puts
//! it there and then looks into the line: this lock, which both take in between, has one of the two see the other.
//! Lock: its own, rank `STARVED`. Nobody is woken, and no actor dropped, under it.

use crate::actor::Actor;
use crate::ipc::waiter::{Room, Waiter};
use crate::ranks;
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use khal::sync::Mutex;
use tessera_abi::Error;

/// Where somebody joins a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joins {
    /// He has run out of fuel.
    Last,
    /// He was the first already, and there was too little for him.
    First,
}

#[derive(Debug)]
struct State {
    waiters: VecDeque<Waiter>,
    /// How many places are kept.
    kept: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Line(Mutex<State>);

impl Line {
    /// What a place costs, in bytes.
    pub const PLACE_BYTES: usize = size_of::<Waiter>();

    /// An empty line.
    pub(super) fn new() -> Self {
        Line(Mutex::new(ranks::STARVED, State { waiters: VecDeque::new(), kept: 0 }))
    }

    /// Keeps a place for one more actor.
    ///
    /// # Errors
    /// `NoMemory`.
    pub(super) fn keep_place(&self) -> Result<(), Error> {
        let mut state = self.0.lock();
        let State { waiters, kept } = &mut *state;
        waiters.try_reserve((*kept + 1).saturating_sub(waiters.len())).map_err(|_| Error::NoMemory)?;
        *kept += 1;
        Ok(())
    }

    /// An actor that a place was kept for is over.
    pub(super) fn give_place_up(&self) {
        self.0.lock().kept -= 1;
    }

    /// Puts an actor in line, whose gate is armed for it.
    pub fn join(&self, actor: &Arc<Actor>, ticket: Ticket, joins: Joins) {
        let waiter = Waiter { actor: actor.clone(), ticket, room: Room::WakeOnly };
        let mut state = self.0.lock();
        match joins {
            Joins::Last => state.waiters.push_back(waiter),
            Joins::First => state.waiters.push_front(waiter),
        }
    }

    /// Takes away an actor that does not wait any more.
    pub fn leave(&self, actor: &Arc<Actor>, ticket: Ticket) {
        self.0.lock().waiters.retain(|one| !one.is(actor, ticket));
    }

    /// Wakes the first who still waits.
    pub(super) fn wake_first(&self) {
        while let Some(first) = self.pop() {
            // It was held back: it is not silent for that. Before it goes on, against who reads its pulse.
            first.actor.pulse().beat(khal::time::now());
            if first.hand(None, Cause::Delivered, Place::Home).is_ok() {
                return;
            }
        }
    }

    fn pop(&self) -> Option<Waiter> {
        self.0.lock().waiters.pop_front()
    }
}
