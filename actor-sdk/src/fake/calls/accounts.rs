//! The fake kernel's accounts.
//!
//! Invariant: what an account was given is out of what its parent has free, as in the real kernel.
//! Does not: charge anything: nothing is ever in use, so nothing is owed. What an account had stays given when it
//! goes; a test is over soon.

use tessera_abi::account::UNCHANGED;
use tessera_abi::{
    AccountRecord, Amounts, Error, Handle, HostCall, Name, Resource, Rights, SpawnRequest, SpawnRole,
};

use super::{Calls, Outcome};
use crate::fake::state::{Held, Object, State};

impl Calls<'_> {
    pub(super) fn account_split(&mut self, account: u64, name: u32, len: u32, amounts: u32) -> Outcome {
        let name = Name::new(&self.text(name, len)?).ok_or(Error::TooLong)?;
        let (parent, amounts) = (self.account(account)?, self.amounts(amounts)?);
        let child = self.state.add_account(parent as u32, name, &Amounts::NONE);
        self.resize(child, Some(parent), &amounts)?;
        self.install_new(Object::Account(child))
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
        self.resize(account, parent, &limits)?;
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
        if amounts.reserved == [0; 4] { Ok(amounts) } else { Err(Error::InvalidArgument) }
    }

    /// All limits or none.
    fn resize(&mut self, account: usize, parent: Option<usize>, limits: &Amounts) -> Result<(), Error> {
        let mut child = *self.state.accounts.get(account).ok_or(Error::WrongKind)?;
        let above = child.parent as usize;
        if child.parent == AccountRecord::NO_PARENT || parent.is_some_and(|parent| parent != above) {
            return Err(Error::InvalidArgument);
        }
        let mut whole = *self.state.accounts.get(above).ok_or(Error::InvalidArgument)?;
        for resource in Resource::ALL.iter().copied().filter(|resource| limits.of(*resource) != UNCHANGED) {
            let (old, new, free) = (child.limit.of(resource), limits.of(resource), whole.free.of(resource));
            if new > old && parent.is_none() {
                return Err(Error::MissingRight);
            }
            let left = (free + old).checked_sub(new).ok_or(Error::OverQuota)?;
            whole.free = whole.free.with(resource, left);
            whole.given = whole.given.with(resource, (whole.given.of(resource) + new).saturating_sub(old));
            child.free = child.free.with(resource, new.saturating_sub(child.given.of(resource)));
            child.limit = child.limit.with(resource, new);
        }
        for (place, record) in [(account, child), (above, whole)] {
            if let Some(kept) = self.state.accounts.get_mut(place) {
                *kept = record;
            }
        }
        Ok(())
    }
}

impl State {
    /// Adds an account that has so much.
    pub fn add_account(&mut self, parent: u32, name: Name, amounts: &Amounts) -> usize {
        let index = self.accounts.len();
        self.accounts.push(AccountRecord {
            index: index as u32,
            parent,
            name,
            limit: *amounts,
            used: Amounts::NONE,
            given: Amounts::NONE,
            free: *amounts,
            owed: Amounts::NONE,
        });
        index
    }
}
