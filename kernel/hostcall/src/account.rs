//! Accounts: splitting and resizing them, looking at them.
//!
//! Names and amounts are read whole before anything changes. Locks: the caller's own `TABLE` and
//! `LEDGER`, one after the other.

use crate::claim::claims;
use crate::context::{Context, Refusal};
use alloc::sync::Arc;
use tessera_abi::{AccountRecord, Amounts, Error, Handle, Name, Resource, Rights};
use tessera_core::account::{Account, Figures};
use tessera_core::cap::{Capability, Object};

pub fn account_split(context: &mut Context<'_>, claim: claims::AccountSplit) -> Result<u64, Refusal> {
    let name: Name = context.text(claim.name, claim.len)?;
    let amounts = amounts(context, claim.amounts)?;
    let account = context.account(claim.account, Rights::CREATE)?;
    context.give(|| Capability::first(Object::Account(account.split(name, &amounts)?)))
}

pub fn account_resize(context: &mut Context<'_>, claim: claims::AccountResize) -> Result<u64, Refusal> {
    let limits = amounts(context, claim.limits)?;
    let account = context.account(claim.account, Rights::REVOKE)?;
    let parent = match Handle::from_bits(claim.parent) {
        Handle::NONE => None,
        parent => Some(context.account(parent.bits(), Rights::CREATE)?),
    };
    account.resize(parent.as_ref(), &limits)?;
    Ok(0)
}

pub fn account_info(context: &mut Context<'_>, claim: claims::AccountInfo) -> Result<u64, Refusal> {
    let account = context.account(claim.account, Rights::INSPECT)?;
    context.write(claim.record, &record(&account).encode())?;
    Ok(0)
}

fn amounts(context: &Context<'_>, address: u32) -> Result<Amounts, Refusal> {
    let mut bytes = [0; Amounts::SIZE];
    context.guest.read(address, &mut bytes)?;
    let amounts = Amounts::decode(&bytes).map_err(|_| Error::InvalidArgument)?;
    if amounts.reserved.iter().all(|amount| *amount == 0) {
        Ok(amounts)
    } else {
        Err(Error::InvalidArgument.into())
    }
}

/// What listings show of an account.
pub fn record(account: &Arc<Account>) -> AccountRecord {
    let mut record = AccountRecord {
        index: account.place(),
        parent: account.parent().map_or(AccountRecord::NO_PARENT, |parent| parent.place()),
        name: account.name(),
        limit: Amounts::NONE,
        used: Amounts::NONE,
        given: Amounts::NONE,
        free: Amounts::NONE,
        owed: Amounts::NONE,
    };
    for resource in Resource::ALL.iter().copied() {
        let Figures { limit, used, given, free, owed } = account.figures(resource);
        record.limit = record.limit.with(resource, limit);
        record.used = record.used.with(resource, used);
        record.given = record.given.with(resource, given);
        record.free = record.free.with(resource, free);
        record.owed = record.owed.with(resource, owed);
    }
    record
}
