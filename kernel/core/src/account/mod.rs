//! Accounts: so much memory, so many slots, bytes under way, actors and instructions, of which actors live and which can
//! be split.
//!
//! Owns what an account has of each resource ([`balance`]) and the way of limits between accounts. Splitting moves
//! limit out of the parent's free into the child's, so a charge is one step on one account, however deep it
//! lies; whatever a child uses, its parent has already given. Resizing moves limit between the two at any time
//! and ends nobody: what is in use over a lowered limit is owed, and goes up as it comes back.
//! Invariants, of each resource: `limit = free + used + given` with a debt as a `free` below 0; what all accounts
//! hold adds up to what the machine's had, but for fuel, which is used up ([`fuel`]); an account outlives what is
//! charged to it and what was split from it, and gives its limit back when nothing refers to it any more. Debug builds
//! check that it is whole then.
//! Lock: `LEDGER`, for all that moves limits; charging and giving back take none, but to pay a debt. So a charge
//! may be given back under any lock of a lower order.

mod balance;
mod charge;
mod fuel;
mod ledger;
mod line;
mod loan;
mod loans;
mod purse;

pub use balance::{Balance, Figures};
pub use charge::{Charge, Tenancy};
pub use ledger::Ledger;
pub use line::{Joins, Line};
pub use loan::Loan;
pub use loans::{CallId, Loans};
pub use purse::Purse;

use crate::cap::Tree;
use crate::fallible;
use alloc::sync::Arc;
use khal::contain::Payer;
use ledger::Seats;
use tessera_abi::account::{AMOUNT_MOST, UNCHANGED};
use tessera_abi::{Amounts, Error, Name, Resource};

/// How deep accounts can be split: so many that one cannot be split any more.
pub const DEPTH_MOST: u8 = 16;

/// What an account costs the one that it is split from, in bytes of memory.
pub const ACCOUNT_BYTES: usize = size_of::<Account>() + 2 * size_of::<usize>();

/// What there is an account of, in the order of the balances.
const RESOURCES: [Resource; 5] =
    [Resource::Memory, Resource::Slots, Resource::Mailbox, Resource::Actors, Resource::Fuel];

/// See the module.
#[derive(Debug)]
pub struct Account {
    name: Name,
    /// How many are above it.
    depth: u8,
    /// Whether its actors are billed in instructions.
    metered: bool,
    place: u32,
    ledger: Arc<Ledger>,
    balances: [Balance; RESOURCES.len()],
    /// Every capability that names it.
    tree: Tree,
    /// Its actors that wait for fuel.
    starved: Line,
    /// What its record costs, charged to the account that it was split from. The machine's has none.
    above: Option<Charge>,
}

impl Account {
    /// The account of a whole machine, which has so much. For the kernel's start: it takes memory without asking.
    pub fn machine(name: Name, amounts: &Amounts) -> Arc<Self> {
        let ledger = Arc::new(Ledger::new());
        let account = Arc::new(Account {
            name,
            depth: 0,
            metered: false,
            place: Ledger::MACHINE,
            ledger: ledger.clone(),
            balances: RESOURCES.map(|resource| Balance::new(amounts.of(resource).min(AMOUNT_MOST))),
            tree: Tree::new(),
            starved: Line::new(),
            above: None,
        });
        ledger.lock().fill(Ledger::MACHINE, &account);
        account
    }

    /// An account with nothing, below this one.
    fn open(self: &Arc<Self>, name: Name, metered: bool) -> Result<Arc<Self>, Error> {
        if self.depth >= DEPTH_MOST {
            return Err(Error::Full);
        }
        let above = Charge::take(self, Resource::Memory, ACCOUNT_BYTES)?;
        let place = self.ledger.lock().reserve()?;
        // Refused, it is dropped, which frees its place.
        let account = fallible::share(Account {
            name,
            depth: self.depth + 1,
            metered,
            place,
            ledger: self.ledger.clone(),
            balances: RESOURCES.map(|_| Balance::new(0)),
            tree: Tree::new(),
            starved: Line::new(),
            above: Some(above),
        })?;
        self.ledger.lock().fill(place, &account);
        Ok(account)
    }

    /// What it is called.
    pub fn name(&self) -> Name {
        self.name
    }

    /// Its place among all accounts.
    pub fn place(&self) -> u32 {
        self.place
    }

    /// All accounts.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Every capability that names it.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The account that it was split from.
    pub fn parent(&self) -> Option<&Arc<Account>> {
        self.above.as_ref().map(Charge::account)
    }

    fn balance(&self, resource: Resource) -> &Balance {
        let [memory, slots, mailbox, actors, fuel] = &self.balances;
        match resource {
            Resource::Memory => memory,
            Resource::Slots => slots,
            Resource::Mailbox => mailbox,
            Resource::Actors => actors,
            Resource::Fuel => fuel,
        }
    }

    /// Takes `amount` of `resource` out of what is free. [`give_back`](Self::give_back) is then owed; [`Charge`] owes
    /// it by itself.
    ///
    /// # Errors
    /// `OverQuota`, with nothing charged.
    pub fn charge(&self, resource: Resource, amount: u64) -> Result<(), Error> {
        if self.balance(resource).take(amount) { Ok(()) } else { Err(Error::OverQuota) }
    }

    /// Gives back what was charged. Where there is a debt, it goes up.
    pub fn give_back(&self, resource: Resource, amount: u64) {
        let paid = self.balance(resource).put(amount);
        if paid != 0 {
            let seats = self.ledger.lock();
            self.pass_up(&seats, resource, paid);
        }
    }

    /// What it has of `resource`, at one moment.
    pub fn figures(&self, resource: Resource) -> Figures {
        if !self.counts(resource) {
            return fuel::WITHOUT_END;
        }
        let _held = self.ledger.lock();
        self.balance(resource).figures()
    }

    /// Moves limit that this account holds no more to the one above, and on where that pays a debt.
    fn pass_up(&self, _under: &Seats, resource: Resource, amount: u64) {
        let (mut from, mut amount) = (self, amount);
        while amount != 0
            && let Some(parent) = from.parent()
            && parent.counts(resource)
        {
            amount = parent.balance(resource).put_given(amount);
            from = parent;
        }
    }

    /// An account with so much of this one's free, metered if this one is, or if it gets any fuel.
    ///
    /// # Errors
    /// `OverQuota` when so much is not free; `Full` when accounts would be more than [`DEPTH_MOST`] deep; `NoMemory`;
    /// `InvalidArgument` for [`UNCHANGED`], since there is nothing yet to be left as it is.
    pub fn split(self: &Arc<Self>, name: Name, amounts: &Amounts) -> Result<Arc<Self>, Error> {
        if RESOURCES.iter().any(|resource| amounts.of(*resource) == UNCHANGED) {
            return Err(Error::InvalidArgument);
        }
        let child = self.open(name, self.metered || amounts.fuel != 0)?;
        child.resize(Some(self), amounts)?;
        Ok(child)
    }

    /// Gives it other limits ([`UNCHANGED`] keeps one): all of them or none. More comes out of what is free in
    /// `parent`, the account that this one was split from; what it is to have less goes there, what is in use
    /// of it later; but fuel that has been used or given stays in the limit.
    ///
    /// # Errors
    /// `MissingRight` for more without a parent to take it from; `InvalidArgument` for a parent that is another
    /// account, for the machine's, which has none, and for fuel where it is not metered; `OverQuota` when there is not
    /// so much free.
    pub fn resize(&self, parent: Option<&Arc<Self>>, limits: &Amounts) -> Result<(), Error> {
        let own = self.parent().ok_or(Error::InvalidArgument)?;
        if parent.is_some_and(|parent| !Arc::ptr_eq(own, parent)) {
            return Err(Error::InvalidArgument);
        }
        let changed = self.resize_under(&self.ledger.lock(), parent, limits);
        // What was lowered here has come there, and so has what was taken and put back; without the lock.
        self.offer_fuel();
        own.offer_fuel();
        changed
    }

    fn resize_under(&self, seats: &Seats, parent: Option<&Arc<Self>>, limits: &Amounts) -> Result<(), Error> {
        let wanted = self.changes(limits)?;
        self.take_from(parent, &wanted)?;
        for (resource, change) in wanted.into_iter().flatten() {
            self.change(seats, resource, change);
        }
        Ok(())
    }

    fn changes(&self, limits: &Amounts) -> Result<Changes, Error> {
        match limits.fuel {
            0 | UNCHANGED => {}
            _ if !self.metered => return Err(Error::InvalidArgument),
            // An account that is not metered has no end of it to give, but this is the most that is counted.
            fuel if fuel > AMOUNT_MOST => return Err(Error::OverQuota),
            _ => {}
        }
        Ok(RESOURCES.map(|resource| {
            let (old, new) = (self.balance(resource).limit(), limits.of(resource));
            match new {
                UNCHANGED => None,
                _ if new > old => Some((resource, Change::Raise(new - old))),
                _ => Some((resource, Change::Lower(old - new))),
            }
        }))
    }

    /// Takes what `changes` raises out of the parent's free, all or nothing.
    fn take_from(&self, parent: Option<&Arc<Self>>, changes: &Changes) -> Result<(), Error> {
        let raised = |&(resource, change)| match change {
            Change::Raise(amount) => Some((resource, amount)),
            Change::Lower(_) => None,
        };
        let raises = || changes.iter().flatten().filter_map(raised);
        for (count, (resource, amount)) in raises().enumerate() {
            let parent = parent.ok_or(Error::MissingRight)?;
            if parent.counts(resource) && !parent.balance(resource).take(amount) {
                for (resource, amount) in
                    raises().take(count).filter(|(resource, _)| parent.counts(*resource))
                {
                    // The lock is held: a debt that this paid would have to come from somebody who lowers.
                    let _no_debt = parent.balance(resource).put(amount);
                }
                return Err(Error::OverQuota);
            }
        }
        Ok(())
    }

    fn change(&self, seats: &Seats, resource: Resource, change: Change) {
        let balance = self.balance(resource);
        let back = match change {
            Change::Lower(amount) if resource == Resource::Fuel => balance.lower_free(amount),
            Change::Lower(amount) => balance.lower(amount),
            Change::Raise(amount) => {
                if let Some(parent) = self.parent().filter(|parent| parent.counts(resource)) {
                    parent.balance(resource).note_given(amount);
                }
                balance.raise(amount)
            }
        };
        self.pass_up(seats, resource, back);
    }
}

/// For the meter of an actor that lives in it.
impl Payer for Account {
    fn pay(&self, bytes: usize) -> bool {
        self.balance(Resource::Memory).take(bytes as u64)
    }

    fn pay_back(&self, bytes: usize) {
        self.give_back(Resource::Memory, bytes as u64);
    }
}

/// What becomes of one limit.
#[derive(Clone, Copy)]
enum Change {
    Raise(u64),
    Lower(u64),
}

type Changes = [Option<(Resource, Change)>; RESOURCES.len()];

impl Drop for Account {
    fn drop(&mut self) {
        let mut seats = self.ledger.lock();
        for resource in RESOURCES {
            let Figures { limit, used, given, .. } = self.balance(resource).figures();
            // Fuel that was used does not come back: it was the parent's, and is used there from now on.
            let spent = if resource == Resource::Fuel { used } else { 0 };
            debug_assert!(
                used == spent && given == 0,
                "account {}: {used} {} in use at its end, {given} given",
                self.name.as_str(),
                resource.name()
            );
            if let Some(parent) = self.parent().filter(|parent| parent.counts(resource)) {
                parent.balance(resource).note_spent(spent);
            }
            self.pass_up(&seats, resource, limit - spent);
        }
        seats.leave(self.place);
        drop(seats);
        if let Some(parent) = self.parent() {
            parent.offer_fuel();
        }
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod fuel_tests;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;
