//! The border's calls for actors and accounts.
//!
//! Invariant: as its parent's; see there.

use super::border::{self, lend, lend_mut};
use super::{Answer, done, handle};
use tessera_abi::{AccountRecord, Amounts, EndReason, EndRecord, Error, Handle, SpawnCap};

pub fn spawn(spawner: Handle, request: &[u8]) -> Answer<Handle> {
    handle(lend(request, |request| border::spawn(spawner.bits(), request, request.len_bytes())))
}

pub fn spawn_draft(spawner: Handle, request: &[u8]) -> Answer<Handle> {
    handle(lend(request, |request| border::spawn_draft(spawner.bits(), request, request.len_bytes())))
}

pub fn spawn_bytes(spawner: Handle, request: &[u8], module: &[u8], draft: bool) -> Answer<Handle> {
    handle(lend(request, |request| {
        lend(module, |module| {
            let (len, module_len) = (request.len_bytes(), module.len_bytes());
            border::spawn_bytes(spawner.bits(), request, len, module, module_len, u32::from(draft))
        })
    }))
}

pub fn spawn_region(
    spawner: Handle,
    request: &[u8],
    (region, module_len): (Handle, u32),
    draft: bool,
) -> Answer<Handle> {
    handle(lend(request, |request| {
        let (len, region) = (request.len_bytes(), region.bits());
        border::spawn_region(spawner.bits(), request, len, region, module_len, u32::from(draft))
    }))
}

pub fn actor_monitor(actor: Handle, notification: Handle, bits: u64) -> Answer {
    done(border::actor_monitor(actor.bits(), notification.bits(), bits))
}

pub fn actor_link(actor: Handle, other: Handle) -> Answer {
    done(border::actor_link(actor.bits(), other.bits()))
}

pub fn actor_suspend(actor: Handle) -> Answer {
    done(border::actor_suspend(actor.bits()))
}

pub fn actor_resume(actor: Handle) -> Answer {
    done(border::actor_resume(actor.bits()))
}

pub fn actor_kill(actor: Handle) -> Answer {
    done(border::actor_kill(actor.bits()))
}

pub fn actor_kill_for(actor: Handle, reason: EndReason) -> Answer {
    done(border::actor_kill_for(actor.bits(), reason.number().into()))
}

pub fn actor_terminate(actor: Handle) -> Answer {
    done(border::actor_terminate(actor.bits()))
}

pub fn terminate_notify(notification: Handle, bits: u64) -> Answer {
    done(border::terminate_notify(notification.bits(), bits))
}

pub fn actor_grant(actor: Handle, grant: &SpawnCap) -> Answer {
    done(lend(&grant.encode(), |grant| border::actor_grant(actor.bits(), grant)))
}

pub fn actor_wait(actor: Handle, deadline_ns: u64) -> Answer<EndRecord> {
    let mut record = [0; EndRecord::SIZE];
    done(lend_mut(&mut record, |record| border::actor_wait(actor.bits(), record, deadline_ns)))?;
    EndRecord::decode(&record).map_err(|_| Error::InvalidArgument)
}

pub fn actor_open(system: Handle, id: u64) -> Answer<Handle> {
    handle(border::actor_open(system.bits(), id))
}

pub fn account_split(account: Handle, name: &str, amounts: &Amounts) -> Answer<Handle> {
    handle(lend(name.as_bytes(), |name| {
        lend(&amounts.encode(), |amounts| {
            border::account_split(account.bits(), name, name.len_bytes(), amounts)
        })
    }))
}

pub fn account_resize(account: Handle, parent: Handle, limits: &Amounts) -> Answer {
    done(lend(&limits.encode(), |limits| border::account_resize(account.bits(), parent.bits(), limits)))
}

pub fn account_info(account: Handle) -> Answer<AccountRecord> {
    let mut record = [0; AccountRecord::SIZE];
    done(lend_mut(&mut record, |record| border::account_info(account.bits(), record)))?;
    AccountRecord::decode(&record).map_err(|_| Error::InvalidArgument)
}
