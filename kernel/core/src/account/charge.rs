//! What is charged to an account, as a value: it comes back when the value goes.
//!
//! Owns a reference to the account, so an account outlives what is charged to it.
//! [`Charge`] is for one object of the kernel; [`Tenancy`] for an actor, which gives its back at its end, though
//! its record stays for as long as somebody names it.

use super::{Account, Line};
use alloc::sync::Arc;
use khal::sync::atomic::{AtomicU32, Ordering};
use tessera_abi::{Error, Resource};

/// See the module.
#[derive(Debug)]
pub struct Charge {
    account: Arc<Account>,
    amount: u32,
    resource: Resource,
}

impl Charge {
    /// Charges `amount` of `resource` to `account`.
    ///
    /// # Errors
    /// `OverQuota`; `NoMemory` for an amount that is too large for any object.
    pub fn take(account: &Arc<Account>, resource: Resource, amount: usize) -> Result<Self, Error> {
        let amount = u32::try_from(amount).map_err(|_| Error::NoMemory)?;
        account.charge(resource, u64::from(amount))?;
        Ok(Charge { account: account.clone(), amount, resource })
    }

    /// The account.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Leaves what is charged to somebody else to give back.
    fn hand_on(mut self) {
        self.amount = 0;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.give_back(self.resource, u64::from(self.amount));
    }
}

/// What an actor takes of its account for as long as it lives, besides what its meter counts.
#[derive(Debug)]
pub struct Tenancy {
    account: Arc<Account>,
    slots: u32,
    /// Bytes of memory; 0 once all is given back.
    bytes: AtomicU32,
}

impl Tenancy {
    /// Charges an actor to `account`: itself, its slots, and `bytes` of memory, at least 1.
    ///
    /// # Errors
    /// `OverQuota`, with nothing charged; `NoMemory` as [`Charge::take`], and when no place could be kept.
    pub fn take(account: &Arc<Account>, slots: u32, bytes: usize) -> Result<Self, Error> {
        let place = if account.is_metered() { Line::PLACE_BYTES } else { 0 };
        let memory = Charge::take(account, Resource::Memory, bytes.max(1) + place)?;
        let table = Charge::take(account, Resource::Slots, slots as usize)?;
        let actor = Charge::take(account, Resource::Actors, 1)?;
        if account.is_metered() {
            account.starved().keep_place()?;
        }
        let tenancy = Tenancy { account: account.clone(), slots, bytes: AtomicU32::new(memory.amount) };
        // From here on they are the tenancy's to give back.
        [memory, table, actor].into_iter().for_each(Charge::hand_on);
        Ok(tenancy)
    }

    /// The account.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Charges `bytes` of memory more to it, for what is made once it lives. By the actor itself, which gives it back.
    ///
    /// # Errors
    /// As [`Charge::take`].
    pub fn take_more(&self, bytes: usize) -> Result<(), Error> {
        let memory = Charge::take(&self.account, Resource::Memory, bytes)?;
        // Relaxed: whoever gives it back is here.
        self.bytes.fetch_add(memory.amount, Ordering::Relaxed);
        memory.hand_on();
        Ok(())
    }

    /// Gives back so much of that.
    pub fn take_less(&self, bytes: usize) {
        // It was taken a moment ago, so it is no more than there is, and fits.
        let bytes = u32::try_from(bytes).unwrap_or(0);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.account.give_back(Resource::Memory, u64::from(bytes));
    }

    /// Gives all of it back. Once more changes nothing.
    pub fn leave(&self) {
        // Relaxed: the swap alone says who gives it back.
        let bytes = self.bytes.swap(0, Ordering::Relaxed);
        if bytes != 0 {
            self.account.give_back(Resource::Memory, u64::from(bytes));
            self.account.give_back(Resource::Slots, u64::from(self.slots));
            self.account.give_back(Resource::Actors, 1);
            if self.account.is_metered() {
                self.account.starved().give_place_up();
            }
        }
    }
}

impl Drop for Tenancy {
    fn drop(&mut self) {
        self.leave();
    }
}
