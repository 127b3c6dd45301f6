//! Waiting for any of several things.
//!
//! The list is read and every handle looked up before anything waits; what concerns one item, a refusal or its
//! bits, is written back to it. Of capabilities that are limited a use of each is counted, or of none where one refuses.
//! Locks: the caller's own `TABLE`; none is held while the caller blocks.

use crate::claim::claims;
use crate::context::{Context, Refusal, deadline};
use crate::ipc::begin_serving;
use crate::message::{Incoming, Place};
use alloc::sync::Arc;
use alloc::vec::Vec;
use tessera_abi::{Error, Handle, ObjectKind, Rights, WAIT_ITEMS_MAX, WaitItem};
use tessera_core::cap::{Capability, Object};
use tessera_core::ipc::any::{AnyOf, Failed, Item, Ready, Source};

/// The things in a list.
struct Wanted {
    items: Vec<Item>,
    /// The places of those whose capability is limited, of which no use is counted yet.
    limited: Vec<(usize, Handle)>,
}

pub fn wait_any(context: &mut Context<'_>, claim: claims::WaitAny) -> Result<u64, Refusal> {
    let Wanted { mut items, limited } = decode(context, &claim)?;
    let takes_messages = items.iter().any(|item| matches!(item.source, Source::Endpoint(_)));
    let room = if takes_messages { Some(room_for_a_message(context, claim.message)?) } else { None };
    if let Err(failed) = let_in(context, &mut items, &limited) {
        return Err(refuse(context, &claim, room, &items, failed)?.into());
    }
    let room_bytes = room.as_ref().map_or(0, Incoming::bytes_most);
    let first = (claim.first as usize).checked_rem(items.len()).unwrap_or(0);
    let any = AnyOf { actor: context.actor, items: &items, first, room_bytes };
    match any.wait(deadline(claim.deadline)) {
        Ok((place, ready)) => {
            accept(context, &claim, room, place, ready)?;
            Ok(place as u64)
        }
        Err(failed) => Err(refuse(context, &claim, room, &items, failed)?.into()),
    }
}

fn room_for_a_message(context: &Context<'_>, record: u32) -> Result<Incoming, Refusal> {
    let place = Place::decode(context, record)?;
    let slots = Incoming::reserve(&mut context.actor.table().lock())?;
    Ok(Incoming { place, slots })
}

/// The things in the list. One that cannot be waited for is noted in its item.
fn decode(context: &mut Context<'_>, claim: &claims::WaitAny) -> Result<Wanted, Refusal> {
    if claim.count == 0 || claim.count > WAIT_ITEMS_MAX {
        return Err(Error::InvalidArgument.into());
    }
    let bytes = context.bytes(claim.items, claim.count as usize * WaitItem::SIZE)?;
    let mut wanted = Wanted { items: Vec::new(), limited: Vec::new() };
    wanted.items.try_reserve_exact(claim.count as usize).map_err(|_| Error::NoMemory)?;
    for (place, bytes) in bytes.chunks_exact(WaitItem::SIZE).enumerate() {
        let record = WaitItem::decode(bytes).map_err(|_| Error::InvalidArgument)?;
        if let Err(error) = look_up(context, record.handle, &mut wanted) {
            note_error(context, claim, place, error)?;
            return Err(error.into());
        }
    }
    match second_of_two(&wanted.items)? {
        Some(place) => {
            note_error(context, claim, place, Error::InvalidArgument)?;
            Err(Error::InvalidArgument.into())
        }
        None => Ok(wanted),
    }
}

/// The later place of a thing that is named twice: whoever stood in a line often would make it as long for
/// everybody.
fn second_of_two(items: &[Item]) -> Result<Option<usize>, Error> {
    let mut places = Vec::new();
    places.try_reserve_exact(items.len()).map_err(|_| Error::NoMemory)?;
    places.extend(items.iter().enumerate().map(|(place, item)| (item.source.address(), place)));
    places.sort_unstable();
    let twice = places.array_windows().find(|[(one, _), (other, _)]| one == other);
    Ok(twice.map(|[_, (_, place)]| *place))
}

/// Adds what a handle names.
fn look_up(context: &Context<'_>, handle: Handle, wanted: &mut Wanted) -> Result<(), Error> {
    let table = context.actor.table().lock();
    let kind = table.get(handle).and_then(|held| held.check().map(|_| held.object().kind()))?;
    let right = match kind {
        ObjectKind::Endpoint => Rights::RECEIVE,
        ObjectKind::Notification | ObjectKind::Actor => Rights::WAIT,
        _ => return Err(Error::WrongKind),
    };
    let held = table.look(handle, kind, right)?;
    let source = match held.object() {
        Object::Endpoint(endpoint) => Source::Endpoint(endpoint.clone()),
        Object::Notification(notification) => Source::Notification(notification.clone()),
        Object::Actor(other) if Arc::ptr_eq(other, context.actor) => return Err(Error::WouldDeadlock),
        Object::Actor(other) => Source::Actor(other.clone()),
        _ => return Err(Error::WrongKind),
    };
    let pass = if held.limits().is_some() {
        wanted.limited.try_reserve(1).map_err(|_| Error::NoMemory)?;
        wanted.limited.push((wanted.items.len(), handle));
        held.check()?
    } else {
        held.pass()?
    };
    wanted.items.push(Item { source, pass });
    Ok(())
}

/// Counts a use of each capability that is limited, or of none.
fn let_in(context: &Context<'_>, items: &mut [Item], limited: &[(usize, Handle)]) -> Result<(), Failed> {
    if limited.is_empty() {
        return Ok(());
    }
    let table = context.actor.table().lock();
    for (count, (place, handle)) in limited.iter().enumerate() {
        match table.get(*handle).and_then(Capability::pass) {
            Ok(pass) => {
                if let Some(item) = items.get_mut(*place) {
                    item.pass = pass;
                }
            }
            Err(error) => {
                let counted = limited.iter().take(count).filter_map(|(_, handle)| table.get(*handle).ok());
                counted.for_each(Capability::uncount);
                return Err(Failed { error, place: Some(*place) });
            }
        }
    }
    Ok(())
}

fn accept(
    context: &mut Context<'_>,
    claim: &claims::WaitAny,
    room: Option<Incoming>,
    place: usize,
    ready: Ready,
) -> Result<(), Refusal> {
    match (ready, room) {
        (Ready::Message(message), Some(room)) => {
            context.note_received(&message);
            begin_serving(context, &message);
            return room.accept(context, message);
        }
        (Ready::Bits(bits), room) => {
            context.write(address(claim, place, WaitItem::BITS_AT), &bits.to_le_bytes())?;
            cancel(context, room);
        }
        (Ready::Ended | Ready::Message(_), room) => cancel(context, room),
    }
    Ok(())
}

fn cancel(context: &Context<'_>, room: Option<Incoming>) {
    if let Some(room) = room {
        room.cancel(context);
    }
}

/// Writes down whom a refusal concerns, and how long the message is that there was no room for.
fn refuse(
    context: &mut Context<'_>,
    claim: &claims::WaitAny,
    room: Option<Incoming>,
    items: &[Item],
    failed: Failed,
) -> Result<Error, Refusal> {
    let Failed { error, place } = failed;
    if let Some(mut room) = room {
        if let (Error::TooLong, Some(Source::Endpoint(endpoint))) = (error, source(items, place)) {
            room.note_length(context, endpoint.oldest_len())?;
        }
        room.cancel(context);
    }
    if let Some(place) = place {
        note_error(context, claim, place, error)?;
    }
    Ok(error)
}

fn source(items: &[Item], place: Option<usize>) -> Option<&Source> {
    items.get(place?).map(|item| &item.source)
}

fn note_error(
    context: &mut Context<'_>,
    claim: &claims::WaitAny,
    place: usize,
    error: Error,
) -> Result<(), Refusal> {
    let number = u32::from(error.number());
    context.write(address(claim, place, WaitItem::ERROR_AT), &number.to_le_bytes())
}

/// Where a field of an item lies: inside the list, which has been found to lie in memory.
fn address(claim: &claims::WaitAny, place: usize, field: u32) -> u32 {
    let item = place as u32 * WaitItem::SIZE as u32;
    claim.items.saturating_add(item).saturating_add(field)
}
