//! Endpoints, calls, replies, notifications.
//!
//! Locks: those of the object that is acted on; none is held while the caller blocks.

use crate::claim::claims;
use crate::context::{Context, Refusal, deadline};
use crate::message::{Incoming, Outgoing, Place};
use tessera_abi::account::AMOUNT_MOST;
use tessera_abi::{Error, Handle, ObjectKind, Policy, Rights};
use tessera_core::cap::{Capability, Object};
use tessera_core::ipc::{By, Endpoint, Message, Notification, Reply};

pub fn endpoint_create(context: &mut Context<'_>, claim: claims::EndpointCreate) -> Result<u64, Refusal> {
    context.may(claim.factory, ObjectKind::Factory, Rights::CREATE)?;
    let policy = Policy::from_number(claim.policy).ok_or(Error::InvalidArgument)?;
    let payer = Some(context.actor.account());
    context.give(|| Capability::first(Object::Endpoint(Endpoint::new(claim.capacity, policy, payer)?)))
}

pub fn send(context: &mut Context<'_>, claim: claims::Send) -> Result<u64, Refusal> {
    let mut outgoing = Outgoing::decode(context, claim.message)?;
    let payer = context.actor.account();
    let (door, ()) = context.endpoint(claim.endpoint, Rights::SEND, |table| outgoing.grant(payer, table))?;
    outgoing.stamp(door.badge);
    let by = By { actor: context.actor, pass: &door.pass };
    door.endpoint.send(by, &mut outgoing.message, deadline(claim.deadline))?;
    outgoing.commit(context);
    outgoing.note(context);
    Ok(0)
}

pub fn recv(context: &mut Context<'_>, claim: claims::Recv) -> Result<u64, Refusal> {
    let place = Place::decode(context, claim.message)?;
    let (door, slots) = context.endpoint(claim.endpoint, Rights::RECEIVE, Incoming::reserve)?;
    let mut room = Incoming { place, slots };
    let by = By { actor: context.actor, pass: &door.pass };
    match door.endpoint.recv(by, room.bytes_most(), deadline(claim.deadline)) {
        Ok(message) => {
            context.note_received(&message);
            begin_serving(context, &message);
            room.accept(context, message)?;
            Ok(0)
        }
        Err(error) => {
            if error == Error::TooLong {
                room.note_length(context, door.endpoint.oldest_len())?;
            }
            room.cancel(context);
            Err(error.into())
        }
    }
}

/// The caller has got a message: if it is a call, it works on what came with it.
pub fn begin_serving(context: &Context<'_>, message: &Message) {
    if let Some(reply) = &message.reply {
        context.actor.begin_serving(reply);
    }
}

pub fn call(context: &mut Context<'_>, claim: claims::Call) -> Result<u64, Refusal> {
    ask(context, claim, 0)
}

pub fn call_funded(context: &mut Context<'_>, claim: claims::CallFunded) -> Result<u64, Refusal> {
    if claim.fuel > AMOUNT_MOST {
        return Err(Error::InvalidArgument.into());
    }
    let claims::CallFunded { endpoint, message, deadline, fuel } = claim;
    ask(context, claims::Call { endpoint, message, deadline }, fuel)
}

/// Calls, and lends so much fuel with it.
fn ask(context: &mut Context<'_>, claim: claims::Call, fuel: u64) -> Result<u64, Refusal> {
    let claims::Call { endpoint, message, deadline: until } = claim;
    let mut outgoing = Outgoing::decode(context, message)?;
    outgoing.place.check_room(context)?;
    let payer = context.actor.account();
    let (door, slots) = context.endpoint(endpoint, Rights::SEND, |table| {
        outgoing.grant(payer, table)?;
        Incoming::reserve(table)
    })?;
    outgoing.stamp(door.badge);
    let room = Incoming { place: outgoing.place, slots };
    let actor = context.actor;
    let _until_it_is_over = match (fuel != 0).then(|| actor.lend(fuel)).transpose() {
        Ok(lending) => lending,
        Err(error) => {
            room.cancel(context);
            return Err(error.into());
        }
    };
    let by = By { actor, pass: &door.pass };
    let called = door.endpoint.call(by, &mut outgoing.message, room.bytes_most(), deadline(until));
    if outgoing.message.is_none() {
        outgoing.commit(context);
        outgoing.note(context);
    }
    match called {
        Ok(answer) => {
            context.note_received(&answer);
            room.accept(context, answer)?;
            Ok(0)
        }
        Err(error) => {
            room.cancel(context);
            Err(error.into())
        }
    }
}

pub fn reply(context: &mut Context<'_>, claim: claims::Reply) -> Result<u64, Refusal> {
    let mut outgoing = Outgoing::decode(context, claim.message)?;
    let reply = take_reply(context, Handle::from_bits(claim.reply), &mut outgoing)?;
    let Some(message) = outgoing.message.take() else { return Err(Error::InvalidArgument.into()) };
    // Before the caller is woken: what it lent and was not used is there when it goes on.
    context.actor.end_serving(&reply);
    reply.answer(message)?;
    outgoing.commit(context);
    outgoing.note(context);
    Ok(0)
}

/// Takes a reply out of the table for this answer, which has then got its capabilities. An answer that is too
/// long, or that cannot carry them, is refused before the reply is used up.
fn take_reply(context: &Context<'_>, handle: Handle, answer: &mut Outgoing) -> Result<Reply, Refusal> {
    let mut table = context.actor.table().lock();
    let (found, _) = table.find(handle, ObjectKind::Reply, Rights::SEND)?;
    let Object::Reply(reply) = found.object() else { return Err(Error::WrongKind.into()) };
    reply.check(answer.bytes_len())?;
    answer.grant(context.actor.account(), &mut table)?;
    let taken = table.remove(handle)?;
    // A used capability goes outside its table's lock.
    drop(table);
    Ok(taken.into_reply().ok_or(Error::WrongKind)?)
}

pub fn forward(context: &mut Context<'_>, claim: claims::Forward) -> Result<u64, Refusal> {
    let handle = Handle::from_bits(claim.reply);
    let mut outgoing = Outgoing::decode(context, claim.message)?;
    let payer = context.actor.account();
    let (door, reply) = context.endpoint(claim.endpoint, Rights::SEND, |table| {
        table.find(handle, ObjectKind::Reply, Rights::SEND)?;
        outgoing.grant(payer, table)?;
        table.lend_reply(handle)
    })?;
    outgoing.stamp(door.badge);
    // Before whoever receives it works on what was lent.
    context.actor.end_serving(&reply);
    if let Some(message) = &mut outgoing.message {
        message.reply = Some(reply);
    }
    let by = By { actor: context.actor, pass: &door.pass };
    let forwarded = door.endpoint.forward(by, &mut outgoing.message, deadline(claim.deadline));
    let kept = outgoing.message.as_mut().and_then(|message| message.reply.take());
    match (forwarded, kept) {
        (Err(error), Some(reply)) if error != Error::PeerDead => {
            context.actor.begin_serving(&reply);
            context.actor.table().lock().take_back_reply(handle, reply);
            return Err(error.into());
        }
        (_, used_up) => {
            let slot = context.actor.table().lock().remove(handle);
            // Outside the table's lock.
            drop((slot, used_up));
        }
    }
    forwarded?;
    outgoing.commit(context);
    outgoing.note(context);
    Ok(0)
}

pub fn endpoint_close(context: &mut Context<'_>, claim: claims::EndpointClose) -> Result<u64, Refusal> {
    let (door, ()) = context.endpoint(claim.endpoint, Rights::RECEIVE, |_| Ok(()))?;
    door.endpoint.close(&door.pass)?;
    Ok(0)
}

pub fn notification_create(
    context: &mut Context<'_>,
    claim: claims::NotificationCreate,
) -> Result<u64, Refusal> {
    context.may(claim.factory, ObjectKind::Factory, Rights::CREATE)?;
    let payer = Some(context.actor.account());
    context.give(|| Capability::first(Object::Notification(Notification::new(payer)?)))
}

pub fn notification_signal(
    context: &mut Context<'_>,
    claim: claims::NotificationSignal,
) -> Result<u64, Refusal> {
    let (notification, pass) = context.notification(claim.notification, Rights::SIGNAL)?;
    notification.signal(&pass, claim.bits)?;
    Ok(0)
}

pub fn notification_wait(context: &mut Context<'_>, claim: claims::NotificationWait) -> Result<u64, Refusal> {
    let (notification, pass) = context.notification(claim.notification, Rights::WAIT)?;
    context.check(claim.bits, size_of::<u64>())?;
    let bits = notification.wait(context.actor, &pass, deadline(claim.deadline))?;
    context.write(claim.bits, &bits.to_le_bytes())?;
    Ok(0)
}
