//! The border's calls that look at the machine, and rule it.
//!
//! Invariant: as its parent's; see there.

use super::border::{self, lend_mut};
use super::{Answer, done, receipt};
use tessera_abi::inspect::HolderRecord;
use tessera_abi::{Error, Handle, PowerAction, RevokeReceipt, RevokeScope, Subject, result};

pub fn inspect(system: Handle, subject: Subject, index: u64, buffer: &mut [u8]) -> Answer<usize> {
    let answer = lend_mut(buffer, |buffer| {
        border::inspect(system.bits(), subject.number(), index, buffer, buffer.len_bytes())
    });
    result(answer).map(|len| len as usize)
}

pub fn holders(system: Handle, actor: u64, capability: Handle, place: u64) -> Answer<HolderRecord> {
    let mut record = [0; HolderRecord::SIZE];
    done(lend_mut(&mut record, |record| {
        border::holders(system.bits(), actor, capability.bits(), place, record, record.len_bytes())
    }))?;
    HolderRecord::decode(&record).map_err(|_| Error::InvalidArgument)
}

pub fn slot_revoke(
    system: Handle,
    actor: u64,
    capability: Handle,
    scope: RevokeScope,
) -> Answer<RevokeReceipt> {
    receipt(|record| border::slot_revoke(system.bits(), actor, capability.bits(), scope.number(), record))
}

pub fn trace_set(system: Handle, on: bool) -> Answer {
    done(border::trace_set(system.bits(), u32::from(on)))
}

pub fn stats_set(system: Handle, on: bool) -> Answer {
    done(border::stats_set(system.bits(), u32::from(on)))
}

pub fn power(system: Handle, action: PowerAction) -> Answer {
    done(border::power(system.bits(), action.number()))
}
