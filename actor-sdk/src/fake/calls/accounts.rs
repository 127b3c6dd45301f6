//! The fake kernel's accounts.
//!
//! Invariant: what an account was given is out of what its parent has free, as in the real kernel
//! (kernel/core/src/account/balance.rs), whose rules these are: what it has less of, it gives up as far as it is free,
//! and owes the rest; and fuel (kernel/core/src/account/fuel.rs) is counted in metered accounts alone, and never owed.
//! Does not: charge anything but accounts' records, nor use fuel: what else is owed has been given on. What an account had
//! stays given when it goes, and its record charged; a test is over soon.

use tessera_abi::account::{AMOUNT_MOST, UNCHANGED, UNMETERED};
use tessera_abi::{
    AccountRecord, Amounts, Error, Handle, HostCall, Name, Resource, Rights, SpawnRequest, SpawnRole,
};

use super::{Calls, Outcome};
use crate::fake::state::{Held, Object, State};

/// What an account's record takes of the account that it is split from, in bytes: about as much as the kernel's.
const RECORD_BYTES: u64 = 512;

/// How deep accounts can be split.
const DEPTH_MOST: usize = 16;

impl Calls<'_> {
    pub(super) fn account_split(&mut self, account: u64, name: u32, len: u32, amounts: u32) -> Outcome {
        let name = Name::new(&self.text(name, len)?).ok_or(Error::TooLong)?;
        let (parent, amounts) = (self.account(account)?, self.amounts(amounts)?);
        if self.state.slots_free() == 0 {
            return Err(Error::TableFull.into());
        }
        if Resource::ALL.iter().any(|resource| amounts.of(*resource) == UNCHANGED) {
            return Err(Error::InvalidArgument.into());
        }
        if self.depth(parent) >= DEPTH_MOST {
            return Err(Error::Full.into());
        }
        let metered =
            amounts.fuel != 0 || self.state.accounts.get(parent).is_some_and(AccountRecord::is_metered);
        let nothing = Amounts { fuel: if metered { 0 } else { UNMETERED }, ..Amounts::NONE };
        let child = self.state.new_account(parent as u32, name, &nothing);
        let with_record = amounts.memory.saturating_add(RECORD_BYTES);
        self.may_resize(&child, Some(parent), &amounts.with(Resource::Memory, with_record))?;
        self.charge_record(parent);
        self.state.accounts.push(child);
        self.resize(child.index as usize, &amounts);
        self.install_new(Object::Account(child.index as usize))
    }

    pub(super) fn account_resize(&mut self, account: u64, parent: u64, limits: u32) -> Outcome {
        let (account, limits) = (self.account(account)?, self.amounts(limits)?);
        let parent = match Handle::from_bits(parent) {
            Handle::NONE => None,
            handle => match *self.state.resolve(HostCall::AccountSplit, handle)? {
                Held { object: Object::Account(place), .. } => Some(place),
                _ => return Err(Error::WrongKind.into()),
            },
        };
        let child = self.state.accounts.get(account).ok_or(Error::WrongKind)?;
        self.may_resize(child, parent, &limits)?;
        self.resize(account, &limits);
        Ok(0)
    }

    pub(super) fn account_info(&mut self, account: u64, record: u32) -> Outcome {
        let place = self.account(account)?;
        let found = self.state.accounts.get(place).ok_or(Error::WrongKind)?;
        self.memory.write(record, &found.encode())?;
        Ok(0)
    }

    /// What the account is called that an actor is to be started in.
    pub(super) fn account_to_live_in(&self, request: &SpawnRequest<'_>) -> Result<Option<String>, Error> {
        let Some(cap) = request.caps().find(|cap| cap.role == SpawnRole::Account) else { return Ok(None) };
        let held = self.state.usable(cap.handle)?;
        match held.object {
            Object::Account(place) if held.rights.contains(Rights::SPAWN) => {
                Ok(self.state.accounts.get(place).map(|record| record.name.as_str().to_owned()))
            }
            Object::Account(_) => Err(Error::MissingRight),
            _ => Err(Error::WrongKind),
        }
    }

    fn account(&self, handle: u64) -> Result<usize, Error> {
        match self.state.lookup(Handle::from_bits(handle))?.object {
            Object::Account(place) => Ok(place),
            _ => Err(Error::WrongKind),
        }
    }

    fn amounts(&self, address: u32) -> Result<Amounts, Error> {
        let bytes = self.memory.read(address, Amounts::SIZE as u32)?;
        let amounts = Amounts::decode(bytes).map_err(|_| Error::InvalidArgument)?;
        if amounts.reserved == [0; 3] { Ok(amounts) } else { Err(Error::InvalidArgument) }
    }

    /// How many accounts are above it.
    fn depth(&self, account: usize) -> usize {
        let above = |record: &&AccountRecord| self.state.accounts.get(record.parent as usize);
        std::iter::successors(self.state.accounts.get(account), above).skip(1).count()
    }

    fn charge_record(&mut self, account: usize) {
        if let Some(whole) = self.state.accounts.get_mut(account) {
            let charged = take(whole, Resource::Memory, RECORD_BYTES);
            whole.used.memory += charged;
        }
    }

    /// Whether all limits can change.
    fn may_resize(
        &self,
        child: &AccountRecord,
        parent: Option<usize>,
        limits: &Amounts,
    ) -> Result<(), Error> {
        let above = child.parent as usize;
        let whole = self.state.accounts.get(above).ok_or(Error::InvalidArgument)?;
        if parent.is_some_and(|parent| parent != above) {
            return Err(Error::InvalidArgument);
        }
        if limits.fuel != 0 && limits.fuel != UNCHANGED && !child.is_metered() {
            return Err(Error::InvalidArgument);
        }
        for resource in changing(child, limits) {
            let more = limits.of(resource).saturating_sub(child.limit.of(resource));
            if more > 0 && parent.is_none() {
                return Err(Error::MissingRight);
            }
            // Of fuel there is no end where none is counted, but this is the most that is counted.
            if more > whole.free.of(resource) || limits.of(resource) > AMOUNT_MOST {
                return Err(Error::OverQuota);
            }
        }
        Ok(())
    }

    /// Gives an account other limits, which it may have.
    fn resize(&mut self, account: usize, limits: &Amounts) {
        let Some(changed) = self.state.accounts.get(account).map(|child| changing(child, limits)) else {
            return;
        };
        for resource in changed {
            let Some(child) = self.state.accounts.get_mut(account) else { return };
            let (old, above) = (child.limit.of(resource), child.parent as usize);
            let new = match resource {
                Resource::Fuel => limits.fuel.max(old - child.free.fuel),
                _ => limits.of(resource),
            };
            child.limit = child.limit.with(resource, new);
            let back =
                if new > old { put(child, resource, new - old) } else { take(child, resource, old - new) };
            if let Some(whole) = self.state.accounts.get_mut(above).filter(|whole| counts(whole, resource)) {
                let more = new.saturating_sub(old);
                let _all_free = take(whole, resource, more);
                whole.given = whole.given.with(resource, whole.given.of(resource) + more);
            }
            self.pass_up(above, resource, back);
        }
    }

    /// Moves what was given back to this account, and on where that pays a debt.
    fn pass_up(&mut self, account: usize, resource: Resource, amount: u64) {
        if amount > 0
            && let Some(whole) = self.state.accounts.get_mut(account).filter(|whole| counts(whole, resource))
        {
            whole.given = whole.given.with(resource, whole.given.of(resource).saturating_sub(amount));
            let (paid, above) = (put(whole, resource, amount), whole.parent as usize);
            self.pass_up(above, resource, paid);
        }
    }
}

/// The resources whose limit is to change.
fn changing(account: &AccountRecord, limits: &Amounts) -> Vec<Resource> {
    let changes = |resource: &Resource| limits.of(*resource) != UNCHANGED && counts(account, *resource);
    Resource::ALL.iter().copied().filter(changes).collect()
}

/// Whether the account keeps count of the resource.
fn counts(account: &AccountRecord, resource: Resource) -> bool {
    resource != Resource::Fuel || account.is_metered()
}

/// Takes `amount` out of what is free; how much there was. The rest is owed.
fn take(account: &mut AccountRecord, resource: Resource, amount: u64) -> u64 {
    let (free, owed) = (account.free.of(resource), account.owed.of(resource));
    let there = amount.min(free);
    account.free = account.free.with(resource, free - there);
    account.owed = account.owed.with(resource, owed + amount - there);
    there
}

/// Adds `amount` to what is free; how much of it pays a debt.
fn put(account: &mut AccountRecord, resource: Resource, amount: u64) -> u64 {
    let (free, owed) = (account.free.of(resource), account.owed.of(resource));
    let paid = amount.min(owed);
    account.free = account.free.with(resource, free + amount - paid);
    account.owed = account.owed.with(resource, owed - paid);
    paid
}

impl State {
    /// Adds an account that has so much.
    pub fn add_account(&mut self, parent: u32, name: Name, amounts: &Amounts) -> usize {
        self.accounts.push(self.new_account(parent, name, amounts));
        self.accounts.len() - 1
    }

    /// An account that has so much, and is not among the others yet.
    fn new_account(&self, parent: u32, name: Name, amounts: &Amounts) -> AccountRecord {
        AccountRecord {
            index: self.accounts.len() as u32,
            parent,
            name,
            limit: *amounts,
            used: Amounts::NONE,
            given: Amounts::NONE,
            free: *amounts,
            owed: Amounts::NONE,
        }
    }
}
