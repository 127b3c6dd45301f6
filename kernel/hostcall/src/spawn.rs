//! Starting actors, holding them back, ending them, waiting for their end.
//!
//! A spawn request is read whole, every capability in it is looked up and narrowed, and the caller's
//! slot for the new actor is reserved, before the actor is made. Locks: the caller's own `TABLE`.

use crate::claim::claims;
use crate::code::Given;
use crate::context::{Context, Refusal, deadline};
use alloc::sync::Arc;
use alloc::vec::Vec;
use tessera_abi::{
    EndReason, EndRecord, Error, Handle, Name, ObjectKind, Rights, SlotName, SpawnCap, SpawnHead,
    SpawnRequest, SpawnRole,
};
use tessera_core::account::Account;
use tessera_core::actor::spawn::{Begin, Spawn, spawn_named};
use tessera_core::actor::{Actor, ActorId, Args, EndSignal, Lineage, Profile};
use tessera_core::cap::table::{DEFAULT_LIMIT, MAX_LIMIT};
use tessera_core::cap::{Capability, Object};
use tessera_core::engine::Limits;

/// Interpreter stacks of an actor that asks for none in particular, in bytes.
const STACK_DEFAULT_BYTES: u32 = 64 * 1024;

/// What an instance needs besides its linear memory and stacks: its store, tables, globals, and the
/// old block while a memory that cannot grow in place is moved, in bytes.
const OVERHEAD_BYTES: usize = 256 * 1024;

/// Elements that an actor's tables may have together.
const TABLE_ELEMENTS_MAX: u32 = 4096;

/// The limits of an instance with so much memory and stack (0: the default), and what all of it may
/// charge.
pub fn limits_for(memory_max_bytes: u64, stack_max_bytes: u32) -> (Limits, usize) {
    let stack_bytes_max = if stack_max_bytes == 0 { STACK_DEFAULT_BYTES } else { stack_max_bytes };
    let limits = Limits {
        memory_bytes_max: memory_max_bytes,
        table_elements_max: TABLE_ELEMENTS_MAX,
        stack_bytes_max,
    };
    let memory = usize::try_from(memory_max_bytes).unwrap_or(usize::MAX);
    let charge = memory.saturating_mul(2).saturating_add(stack_bytes_max as usize);
    (limits, charge.saturating_add(OVERHEAD_BYTES))
}

pub fn spawn(context: &mut Context<'_>, claim: claims::Spawn) -> Result<u64, Refusal> {
    make(context, claim, Begin::Now, |_| Ok(None))
}

pub fn spawn_draft(context: &mut Context<'_>, claim: claims::SpawnDraft) -> Result<u64, Refusal> {
    let claims::SpawnDraft { spawner, request, len } = claim;
    make(context, claims::Spawn { spawner, request, len }, Begin::WhenResumed, |_| Ok(None))
}

/// Makes the actor. `code` gives it a module, if it is not to be one of the image's.
pub fn make(
    context: &mut Context<'_>,
    claim: claims::Spawn,
    begin: Begin,
    code: impl FnOnce(&Context<'_>) -> Result<Option<Given>, Refusal>,
) -> Result<u64, Refusal> {
    context.may(claim.spawner, ObjectKind::Spawner, Rights::SPAWN)?;
    if claim.len as usize > SpawnRequest::MAX_BYTES {
        return Err(Error::TooLong.into());
    }
    let bytes = context.bytes(claim.request, claim.len as usize)?;
    let request = SpawnRequest::decode(&bytes).map_err(|_| Error::InvalidArgument)?;
    let (limits, charge_max_bytes) = limits_for(request.head.memory_max_bytes, request.head.stack_max_bytes);
    let given = code(context)?;
    let module = given.as_ref().map_or(request.head.module, |_| Given::name());
    let spawn = Spawn {
        profile: profile(&request, module, limits)?,
        charge_max_bytes: charge_max_bytes.saturating_add(given.as_ref().map_or(0, Given::charge_bytes)),
        slots_max: slots(&request.head)?,
        caps: handed_over(context, &request)?,
        signal: signal(context, &request.head)?,
        code: given.map(|given| given.code),
        begin,
        account: Some(account(context, &request)?),
        lineage: lineage(context, &request)?,
    };
    let actor = context.actor;
    context.give(|| {
        let (spawned, named) = spawn_named(actor.kernel(), spawn)?;
        context.note_spawned(spawned.id().bits());
        Ok(named)
    })
}

fn profile(request: &SpawnRequest<'_>, module: Name, limits: Limits) -> Result<Profile, Error> {
    let head = &request.head;
    let args = Args::new(request.args.as_bytes())?;
    Ok(Profile { name: head.name, module, shape: head.shape, priority: head.priority, limits, args })
}

fn slots(head: &SpawnHead) -> Result<u32, Error> {
    match head.slots_max {
        0 => Ok(DEFAULT_LIMIT),
        slots if slots <= MAX_LIMIT => Ok(slots),
        _ => Err(Error::InvalidArgument),
    }
}

/// The account that the new actor is to live in: the one that the request names first, otherwise the caller's.
fn account(context: &Context<'_>, request: &SpawnRequest<'_>) -> Result<Arc<Account>, Refusal> {
    match request.caps().find(|cap| cap.role == SpawnRole::Account) {
        None => Ok(context.actor.account().clone()),
        Some(cap) => context.account(cap.handle.bits(), Rights::SPAWN),
    }
}

/// The actor that the new one stands in for, if the request names one.
fn lineage(context: &Context<'_>, request: &SpawnRequest<'_>) -> Result<Option<Lineage>, Refusal> {
    let Some(cap) = request.caps().find(|cap| cap.role == SpawnRole::Predecessor) else { return Ok(None) };
    let (before, _) = context.target(cap.handle.bits(), Rights::WAIT)?;
    Ok(Some(Lineage::behind(&before)?))
}

fn handed_over(
    context: &Context<'_>,
    request: &SpawnRequest<'_>,
) -> Result<Vec<(SlotName, Capability)>, Refusal> {
    let mut caps = Vec::new();
    caps.try_reserve_exact(usize::from(request.head.cap_count)).map_err(|_| Error::NoMemory)?;
    for cap in request.caps().filter(|cap| cap.role == SpawnRole::HandedOver) {
        caps.push((cap.name, narrowed(context, &cap)?));
    }
    Ok(caps)
}

/// One capability as the new actor gets it. Asking for a right that the spawner lacks is an error, as
/// a new actor that silently lacks one would be hard to understand.
fn narrowed(context: &Context<'_>, cap: &SpawnCap) -> Result<Capability, Refusal> {
    let table = context.actor.table().lock();
    let held = table.get(cap.handle)?;
    held.check()?;
    if !held.rights().contains(cap.rights) {
        return Err(Error::MissingRight.into());
    }
    Ok(held.grant(cap.rights, cap.badge)?)
}

fn signal(context: &Context<'_>, head: &SpawnHead) -> Result<Option<EndSignal>, Refusal> {
    match head.end_notification {
        Handle::NONE => Ok(None),
        notification => Ok(Some(end_signal(context, notification, head.end_bits, None)?)),
    }
}

fn end_signal(
    context: &Context<'_>,
    notification: Handle,
    bits: u64,
    by: Option<Arc<Actor>>,
) -> Result<EndSignal, Refusal> {
    let own = derived(context, notification, ObjectKind::Notification, Rights::SIGNAL)?;
    Ok(EndSignal::new(own, bits, by)?)
}

/// A capability for the kernel to keep, derived from one of the caller's.
fn derived(
    context: &Context<'_>,
    handle: Handle,
    kind: ObjectKind,
    rights: Rights,
) -> Result<Capability, Refusal> {
    // Derived before the use is counted, which may be the last one. What came to nothing is dropped outside the
    // table's lock.
    let derived;
    let counted = {
        let table = context.actor.table().lock();
        let held = table.look(handle, kind, rights)?;
        derived = held.derive(rights, 0)?;
        held.pass()
    };
    counted?;
    Ok(derived)
}

pub fn actor_monitor(context: &mut Context<'_>, claim: claims::ActorMonitor) -> Result<u64, Refusal> {
    let (target, pass) = context.target(claim.actor, Rights::WAIT)?;
    let by = Some(context.actor.clone());
    let signal = end_signal(context, Handle::from_bits(claim.notification), claim.bits, by)?;
    target.end().monitor((target.tree(), &pass), signal)?;
    Ok(0)
}

pub fn actor_kill(context: &mut Context<'_>, claim: claims::ActorKill) -> Result<u64, Refusal> {
    let (target, _) = context.target(claim.actor, Rights::KILL)?;
    target.kill();
    Ok(0)
}

pub fn actor_kill_for(context: &mut Context<'_>, claim: claims::ActorKillFor) -> Result<u64, Refusal> {
    let reason = EndReason::given(claim.reason).ok_or(Error::InvalidArgument)?;
    let (target, _) = context.target(claim.actor, Rights::KILL)?;
    target.kill_for(reason);
    Ok(0)
}

pub fn actor_terminate(context: &mut Context<'_>, claim: claims::ActorTerminate) -> Result<u64, Refusal> {
    let (target, _) = context.target(claim.actor, Rights::KILL)?;
    target.terminate();
    Ok(0)
}

pub fn terminate_notify(context: &mut Context<'_>, claim: claims::TerminateNotify) -> Result<u64, Refusal> {
    let signal = end_signal(context, Handle::from_bits(claim.notification), claim.bits, None)?;
    context.actor.wants_to_be_asked((claim.bits != 0).then_some(signal));
    Ok(0)
}

pub fn actor_grant(context: &mut Context<'_>, claim: claims::ActorGrant) -> Result<u64, Refusal> {
    let (target, _) = context.target(claim.actor, Rights::SUSPEND)?;
    let bytes = context.bytes(claim.grant, SpawnCap::SIZE)?;
    let grant = SpawnCap::decode(&bytes).map_err(|_| Error::InvalidArgument)?;
    if grant.role != SpawnRole::HandedOver {
        return Err(Error::InvalidArgument.into());
    }
    let handed = narrowed(context, &grant)?;
    target.configure(grant.name, handed)?;
    Ok(0)
}

pub fn actor_link(context: &mut Context<'_>, claim: claims::ActorLink) -> Result<u64, Refusal> {
    let (target, pass) = context.target(claim.actor, Rights::WAIT)?;
    let other = derived(context, Handle::from_bits(claim.other), ObjectKind::Actor, Rights::KILL)?;
    target.end().monitor((target.tree(), &pass), EndSignal::new(other, 0, None)?)?;
    Ok(0)
}

pub fn actor_suspend(context: &mut Context<'_>, claim: claims::ActorSuspend) -> Result<u64, Refusal> {
    let (target, _) = context.target(claim.actor, Rights::SUSPEND)?;
    target.suspend();
    Ok(0)
}

pub fn actor_resume(context: &mut Context<'_>, claim: claims::ActorResume) -> Result<u64, Refusal> {
    let (target, _) = context.target(claim.actor, Rights::SUSPEND)?;
    target.resume();
    Ok(0)
}

pub fn actor_wait(context: &mut Context<'_>, claim: claims::ActorWait) -> Result<u64, Refusal> {
    let (target, pass) = context.target(claim.actor, Rights::WAIT)?;
    context.check(claim.end, EndRecord::SIZE)?;
    if Arc::ptr_eq(&target, context.actor) {
        return Err(Error::WouldDeadlock.into());
    }
    let end = target.end().wait(context.actor, (target.tree(), &pass), deadline(claim.deadline))?;
    context.write(claim.end, &end.encode())?;
    Ok(0)
}

pub fn actor_open(context: &mut Context<'_>, claim: claims::ActorOpen) -> Result<u64, Refusal> {
    let held = context.may(claim.system, ObjectKind::System, Rights::INSPECT)?;
    let target = context.actor.kernel().registry().get(ActorId::from_bits(claim.id));
    let target = target.ok_or(Error::NotFound)?;
    let always = Rights::WAIT.union(Rights::INSPECT);
    let rights = always.union(held.intersection(Rights::KILL.union(Rights::SUSPEND).union(Rights::GRANT)));
    context.give(|| Capability::first(Object::Actor(target))?.derive(rights, 0))
}
