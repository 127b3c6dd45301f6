//! Endpoints, calls, replies, notifications.
//!
//! Locks: those of the object that is acted on; none is held while the caller blocks.

use crate::claim::claims;
use crate::context::{Context, Refusal, deadline};
use crate::message::{Incoming, Outgoing};
use khal::sync::atomic::{AtomicU64, Ordering};
use tessera_abi::{Error, Handle, ObjectKind, Rights};
use tessera_core::cap::{Capability, Object};
use tessera_core::ipc::{By, Endpoint, Message, Notification};

pub fn endpoint_create(context: &mut Context<'_>, claim: claims::EndpointCreate) -> Result<u64, Refusal> {
    context.may(claim.factory, ObjectKind::Factory, Rights::CREATE)?;
    if claim.policy != 0 {
        return Err(Error::Unsupported.into());
    }
    context.give(|| Capability::first(Object::Endpoint(Endpoint::new(claim.capacity as usize)?)))
}

pub fn send(context: &mut Context<'_>, claim: claims::Send) -> Result<u64, Refusal> {
    let (endpoint, badge, pass) = context.endpoint(claim.endpoint, Rights::SEND)?;
    let mut outgoing = Outgoing::decode(context, claim.message, badge)?;
    endpoint.send(
        By { actor: context.actor, pass: &pass },
        &mut outgoing.message,
        deadline(claim.deadline),
    )?;
    outgoing.commit(context);
    count(&context.actor.tally().messages_out);
    Ok(0)
}

pub fn recv(context: &mut Context<'_>, claim: claims::Recv) -> Result<u64, Refusal> {
    let (endpoint, _, pass) = context.endpoint(claim.endpoint, Rights::RECEIVE)?;
    let mut room = Incoming::decode(context, claim.message)?;
    match endpoint.recv(
        By { actor: context.actor, pass: &pass },
        room.record.bytes_capacity,
        deadline(claim.deadline),
    ) {
        Ok(message) => {
            count(&context.actor.tally().messages_in);
            room.accept(context, message)?;
            Ok(0)
        }
        Err(error) => {
            if error == Error::TooLong {
                room.note_length(context, endpoint.oldest_len())?;
            }
            room.cancel(context);
            Err(error.into())
        }
    }
}

pub fn call(context: &mut Context<'_>, claim: claims::Call) -> Result<u64, Refusal> {
    let (endpoint, badge, pass) = context.endpoint(claim.endpoint, Rights::SEND)?;
    let mut outgoing = Outgoing::decode(context, claim.message, badge)?;
    let room = outgoing.room_for_answer(context)?;
    let room_bytes = room.record.bytes_capacity;
    let until = deadline(claim.deadline);
    let called =
        endpoint.call(By { actor: context.actor, pass: &pass }, &mut outgoing.message, room_bytes, until);
    if outgoing.message.is_none() {
        outgoing.commit(context);
        count(&context.actor.tally().messages_out);
    }
    match called {
        Ok(answer) => {
            count(&context.actor.tally().messages_in);
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
    let handle = Handle::from_bits(claim.reply);
    context.may(claim.reply, ObjectKind::Reply, Rights::SEND)?;
    let mut outgoing = Outgoing::decode(context, claim.message, 0)?;
    let Some(message) = outgoing.message.take() else { return Err(Error::InvalidArgument.into()) };
    check_room(context, handle, &message)?;
    let capability = context.actor.table().lock().remove(handle)?;
    let reply = capability.into_reply().ok_or(Error::WrongKind)?;
    reply.answer(message)?;
    outgoing.commit(context);
    count(&context.actor.tally().messages_out);
    Ok(0)
}

/// Refuses an answer that is too long before the reply is used up.
fn check_room(context: &Context<'_>, handle: Handle, message: &Message) -> Result<(), Refusal> {
    let table = context.actor.table().lock();
    match table.get(handle)?.object() {
        Object::Reply(reply) => Ok(reply.check(message)?),
        _ => Err(Error::WrongKind.into()),
    }
}

pub fn notification_create(
    context: &mut Context<'_>,
    claim: claims::NotificationCreate,
) -> Result<u64, Refusal> {
    context.may(claim.factory, ObjectKind::Factory, Rights::CREATE)?;
    context.give(|| Capability::first(Object::Notification(Notification::new()?)))
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

fn count(what: &AtomicU64) {
    // Relaxed: a figure for listings.
    what.fetch_add(1, Ordering::Relaxed);
}
