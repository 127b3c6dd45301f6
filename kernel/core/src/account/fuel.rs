//! Fuel: the instructions that an account's actors are billed.
//!
//! Owns the rules by which fuel is not like what else an account holds: it is used up. It is drawn before it is used,
//! and what was not used is refunded; the rest stays in use for ever, here and, once this account has gone, in the one
//! above. A limit is therefore never lowered under what has been used and given: of fuel there is no debt.
//! Invariant: an account is metered or not from its beginning on, and whatever is split from a metered one is metered,
//! so nobody gets out of a budget by splitting or spawning. One that is not metered counts no fuel and has no end of it.
//! Locks: `STARVED`, alone, when fuel has come; drawing takes none.

use super::{Account, Figures, Line};
use tessera_abi::account::UNMETERED;
use tessera_abi::{Error, Resource};

impl Account {
    /// Whether its actors are billed in instructions.
    pub fn is_metered(&self) -> bool {
        self.metered
    }

    /// Draws up to `most` of what fuel is free; how much that was. What is not used is to be refunded.
    pub fn draw_fuel(&self, most: u64) -> u64 {
        if self.metered { self.balance(Resource::Fuel).take_up_to(most) } else { most }
    }

    /// Draws `amount`, or nothing.
    ///
    /// # Errors
    /// `OverQuota` when so much is not free.
    pub(super) fn draw_all_fuel(&self, amount: u64) -> Result<(), Error> {
        if self.metered { self.charge(Resource::Fuel, amount) } else { Ok(()) }
    }

    /// Puts back what was drawn and not used, for whoever is first in line.
    pub fn refund_fuel(&self, amount: u64) {
        if self.metered && amount != 0 {
            let _no_debt = self.balance(Resource::Fuel).put(amount);
            self.offer_fuel();
        }
    }

    /// Whether any fuel is free, a moment ago.
    pub fn has_fuel(&self) -> bool {
        !self.metered || self.balance(Resource::Fuel).has_free()
    }

    /// Wakes whoever is first in line for fuel, if there is any. To be called by whoever has put some there, and by who
    /// was woken once he has drawn: what he left is for the next.
    pub fn offer_fuel(&self) {
        if self.metered && self.has_fuel() {
            self.starved.wake_first();
        }
    }

    /// Those of its actors that have no fuel.
    pub fn starved(&self) -> &Line {
        &self.starved
    }

    /// Whether it keeps count of `resource`.
    pub(super) fn counts(&self, resource: Resource) -> bool {
        self.metered || resource != Resource::Fuel
    }
}

/// The fuel of an account that is not metered.
pub(super) const WITHOUT_END: Figures =
    Figures { limit: UNMETERED, used: 0, given: 0, free: UNMETERED, owed: 0 };
