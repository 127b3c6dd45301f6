//! All accounts of a kernel, and the lock under which limits move between them.
//!
//! Owns the list for who looks at accounts; it keeps none alive. Charging and giving back do not come here, but
//! for a debt. Invariant: a place in the list is one account's for as long as it lives.
//! Lock: its own, rank `LEDGER`; at most [`DEPTH_MOST`](super::DEPTH_MOST) accounts are touched in a hold, or the
//! list is walked. No account is dropped under it.

use super::Account;
use crate::ranks;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use khal::sync::{Mutex, MutexGuard};
use tessera_abi::Error;

/// What the lock guards: who has which place.
#[derive(Debug)]
pub(super) struct Seats {
    seats: Vec<Weak<Account>>,
    free: Vec<u32>,
}

/// See the module.
#[derive(Debug)]
pub struct Ledger(Mutex<Seats>);

impl Ledger {
    /// A list with the place [`Self::MACHINE`] taken.
    pub(super) fn new() -> Self {
        let seats = Seats { seats: [Weak::new()].into(), free: Vec::with_capacity(1) };
        Ledger(Mutex::new(ranks::LEDGER, seats))
    }

    /// The place of the machine's account.
    pub(super) const MACHINE: u32 = 0;

    pub(super) fn lock(&self) -> MutexGuard<'_, Seats> {
        self.0.lock()
    }

    /// The first account at or after place `index`, with its place.
    pub fn next_from(&self, index: u32) -> Option<(u32, Arc<Account>)> {
        let state = self.lock();
        let seats = state.seats.iter().enumerate().skip(index as usize);
        seats.into_iter().find_map(|(place, seat)| Some((place as u32, seat.upgrade()?)))
    }
}

impl Seats {
    /// A place for an account that is about to be made.
    pub(super) fn reserve(&mut self) -> Result<u32, Error> {
        if self.free.is_empty() {
            self.seats.try_reserve(1).map_err(|_| Error::NoMemory)?;
            // So that leaving never allocates.
            self.free.try_reserve(self.seats.len() + 1).map_err(|_| Error::NoMemory)?;
            self.free.push(self.seats.len() as u32);
            self.seats.push(Weak::new());
        }
        self.free.pop().ok_or(Error::NoMemory)
    }

    /// Puts an account into the place that was reserved for it.
    pub(super) fn fill(&mut self, place: u32, account: &Arc<Account>) {
        if let Some(seat) = self.seats.get_mut(place as usize) {
            *seat = Arc::downgrade(account);
        }
    }

    /// Frees a place.
    pub(super) fn leave(&mut self, place: u32) {
        if let Some(seat) = self.seats.get_mut(place as usize) {
            *seat = Weak::new();
        }
        self.free.push(place);
    }
}
