//! What an actor may do without anybody's leave: end, give way, read its arguments, name itself, look at
//! and shrink what it holds (with limits: in [`crate::limits`]).
//!
//! Locks: the caller's own `TABLE`; what leaves the table is dropped outside it.

use crate::claim::claims;
use crate::context::{Context, Refusal};
use khal::thread::Pause;
use tessera_abi::inspect::CapabilityInfo;
use tessera_abi::{Error, FaultKind, Handle, Rights, SlotName, Usage};
use tessera_core::cap::{Capability, Object};
use tessera_core::engine::{Fault, Stop};

pub fn exit(_: &mut Context<'_>, claim: claims::Exit) -> Result<u64, Refusal> {
    Err(Refusal::Stop(Stop::Exit(claim.code as i32)))
}

pub fn yield_now(_: &mut Context<'_>, _: claims::YieldNow) -> Result<u64, Refusal> {
    khal::thread::pause(Pause::Yield);
    Ok(0)
}

/// A text that cannot be read does not save the actor: it ends, with less to tell.
pub fn panic(context: &mut Context<'_>, claim: claims::Panic) -> Result<u64, Refusal> {
    let len = claim.len.min(192);
    let text = context.text::<192>(claim.text, len);
    let text = text.as_ref().map_or("a panic whose text cannot be read", |text| text.as_str());
    let fault = Fault::new(FaultKind::ActorPanic, format_args!("{text}"));
    Err(Refusal::Stop(Stop::Fault(fault)))
}

pub fn args_read(context: &mut Context<'_>, claim: claims::ArgsRead) -> Result<u64, Refusal> {
    let actor = context.actor.clone();
    let args = actor.profile().args.bytes();
    context.write_some(claim.buffer, claim.capacity, args)?;
    Ok(args.len() as u64)
}

pub fn heartbeat(context: &mut Context<'_>, _: claims::Heartbeat) -> Result<u64, Refusal> {
    context.actor.pulse().beat(khal::time::now());
    Ok(0)
}

/// To be told of its end, or to be linked to, is all that others can do by it: what it allows over the caller is the
/// caller's own to give.
pub fn actor_self(context: &mut Context<'_>, _: claims::ActorSelf) -> Result<u64, Refusal> {
    let actor = context.actor.clone();
    let rights = Rights::WAIT.union(Rights::GRANT);
    context.give(|| Capability::first(Object::Actor(actor))?.derive(rights, 0))
}

pub fn cap_copy(context: &mut Context<'_>, claim: claims::CapCopy) -> Result<u64, Refusal> {
    let mask = Rights::from_bits(claim.rights).ok_or(Error::InvalidArgument)?;
    let handle = Handle::from_bits(claim.handle);
    let actor = context.actor;
    context.give(|| actor.table().lock().get(handle)?.derive(mask, claim.badge))
}

pub fn cap_drop(context: &mut Context<'_>, claim: claims::CapDrop) -> Result<u64, Refusal> {
    let gone = context.actor.table().lock().remove(Handle::from_bits(claim.handle))?;
    if let Object::Reply(reply) = gone.object() {
        context.actor.end_serving(reply);
    }
    drop(gone);
    Ok(0)
}

pub fn cap_info(context: &mut Context<'_>, claim: claims::CapInfo) -> Result<u64, Refusal> {
    let info = {
        let table = context.actor.table().lock();
        let capability = table.get(Handle::from_bits(claim.handle))?;
        capability.check()?;
        capability.check_limits()?;
        info(capability)
    };
    context.write(claim.info, &info.encode())?;
    Ok(0)
}

pub fn cap_find(context: &mut Context<'_>, claim: claims::CapFind) -> Result<u64, Refusal> {
    let name: SlotName = match context.text(claim.name, claim.len) {
        Err(Refusal::Error(Error::TooLong)) => return Err(Error::NotFound.into()),
        name => name?,
    };
    let found = context.actor.table().lock().named(name.as_str());
    Ok(found.ok_or(Error::NotFound)?.bits())
}

/// What a capability's holder may know of it.
pub fn info(capability: &Capability) -> CapabilityInfo {
    CapabilityInfo {
        kind: capability.object().kind(),
        state: capability.state(),
        usage: if capability.has_been_used() { Usage::Used } else { Usage::Never },
        reserved: 0,
        rights: capability.rights(),
        badge: capability.badge(),
    }
}
