//! Messages between an actor's memory and the kernel.
//!
//! Sending decodes the record, copies the bytes and narrows the capabilities; nothing has left the
//! sender until the message is taken, then slots that were moved are emptied. Receiving reserves a
//! slot for everything a message can carry before it takes one, so that taking it cannot fail.
//! Locks: the caller's own `TABLE`, never with another.

use crate::context::{Context, Refusal};
use alloc::vec::Vec;
use tessera_abi::{
    Error, Handle, MESSAGE_BYTES_MAX, MESSAGE_CAPS_MAX, Message as Record, Rights, SlotName, Transfer,
    TransferMode,
};
use tessera_core::cap::{Capability, Reservation};
use tessera_core::ipc::Message;
use tessera_core::ipc::message::Carried;

/// A message that has been decoded, and where its record lies.
pub struct Outgoing {
    /// What goes out; whoever takes it takes it out of here.
    pub message: Option<Message>,
    /// The record that it came from.
    pub record: Record,
    address: u32,
}

/// Room for a message: where it goes, and slots for what it carries.
pub struct Incoming {
    /// The record that says where the bytes go.
    pub record: Record,
    address: u32,
    slots: Reservation,
}

impl Outgoing {
    /// Reads the record at `address` and all that belongs to it.
    ///
    /// # Errors
    /// `BadAddress`, `InvalidArgument`, `TooLong`, `NoMemory`, and those of looking handles up.
    pub fn decode(context: &Context<'_>, address: u32, badge: u64) -> Result<Self, Refusal> {
        let record = read_record(context, address)?;
        if record.bytes_len as usize > MESSAGE_BYTES_MAX {
            return Err(Error::TooLong.into());
        }
        let bytes = match record.bytes_len {
            0 => Vec::new(),
            len => context.bytes(record.bytes_address, len as usize)?,
        };
        let message = Message {
            label: record.label,
            words: record.words,
            badge,
            bytes,
            caps: granted(context, &record)?,
            reply: None,
        };
        Ok(Outgoing { message: Some(message), record, address })
    }

    /// Empties the slots that were moved. To be called once the message has been taken.
    pub fn commit(&self, context: &Context<'_>) {
        for transfer in &self.record.caps {
            if transfer.mode == TransferMode::Move && !transfer.handle.is_none() {
                let gone = context.actor.table().lock().remove(transfer.handle);
                drop(gone);
            }
        }
    }

    /// Makes room for an answer in the same place.
    ///
    /// # Errors
    /// `BadAddress`, `TableFull`, `NoMemory`.
    pub fn room_for_answer(&self, context: &Context<'_>) -> Result<Incoming, Refusal> {
        Incoming::reserve(context, self.address, self.record)
    }
}

/// The capabilities of a message, narrowed; the sender still holds its own.
fn granted(context: &Context<'_>, record: &Record) -> Result<Carried, Refusal> {
    if record.caps.iter().all(|transfer| transfer.handle.is_none()) {
        return Ok(Carried::default());
    }
    let mut granted = Carried::with_room()?;
    let table = context.actor.table().lock();
    let mut refused = None;
    for (index, transfer) in record.caps.iter().enumerate() {
        if transfer.handle.is_none() {
            continue;
        }
        // An endpoint that lies in a queue must not be what keeps a queue open: chains of them would be
        // closed by recursion, circles of them never. So the right to receive does not travel.
        let mask = transfer.rights.without(Rights::RECEIVE);
        match table.get(transfer.handle).and_then(|held| held.grant(mask, 0)) {
            // There is a place for each capability of a record.
            Ok(capability) => drop(granted.put(index, capability)),
            Err(error) => refused = Some(error),
        }
    }
    // Capabilities are dropped outside the table's lock, those of a refused message too.
    drop(table);
    match refused {
        None => Ok(granted),
        Some(error) => Err(error.into()),
    }
}

impl Incoming {
    /// Reads where a message is to go and makes room for one.
    ///
    /// # Errors
    /// `BadAddress`, `InvalidArgument`, `TableFull`, `NoMemory`.
    pub fn decode(context: &Context<'_>, address: u32) -> Result<Self, Refusal> {
        let record = read_record(context, address)?;
        Self::reserve(context, address, record)
    }

    fn reserve(context: &Context<'_>, address: u32, record: Record) -> Result<Self, Refusal> {
        if record.bytes_capacity > 0 {
            context.check(record.bytes_address, record.bytes_capacity as usize)?;
        }
        let slots = context.actor.table().lock().reserve(MESSAGE_CAPS_MAX as u32 + 1)?;
        Ok(Incoming { record, address, slots })
    }

    /// Gives the slots back when no message came.
    pub fn cancel(self, context: &Context<'_>) {
        context.actor.table().lock().release(self.slots);
    }

    /// Notes in the record how long the message is that there was no room for.
    ///
    /// # Errors
    /// `BadAddress`, which the decoding has ruled out.
    pub fn note_length(&mut self, context: &mut Context<'_>, len: usize) -> Result<(), Refusal> {
        self.record.bytes_len = len as u32;
        context.write(self.address, &self.record.encode())
    }

    /// Puts `message` where it belongs.
    ///
    /// # Errors
    /// `BadAddress`, which the decoding has ruled out.
    pub fn accept(self, context: &mut Context<'_>, message: Message) -> Result<(), Refusal> {
        let Incoming { mut record, address, mut slots } = self;
        record.label = message.label;
        record.words = message.words;
        record.badge = message.badge;
        record.bytes_len = message.bytes.len() as u32;
        record.caps = [Transfer::NONE; MESSAGE_CAPS_MAX];
        for (place, capability) in record.caps.iter_mut().zip(message.caps) {
            let rights = capability.rights();
            let handle = place_in(context, &mut slots, capability);
            *place = Transfer { handle, rights, mode: TransferMode::Copy };
        }
        record.reply = match message.reply {
            Some(reply) => place_in(context, &mut slots, Capability::answer(reply)),
            None => Handle::NONE,
        };
        context.actor.table().lock().release(slots);
        if !message.bytes.is_empty() {
            context.write(record.bytes_address, &message.bytes)?;
        }
        context.write(address, &record.encode())
    }
}

/// Fills a slot that was reserved before the message was taken, so it is there.
fn place_in(context: &Context<'_>, slots: &mut Reservation, capability: Capability) -> Handle {
    let filled = context.actor.table().lock().fill(slots, capability, SlotName::EMPTY);
    debug_assert!(filled.is_ok(), "a reserved slot is free");
    filled.unwrap_or(Handle::NONE)
}

fn read_record(context: &Context<'_>, address: u32) -> Result<Record, Refusal> {
    let mut bytes = [0; Record::SIZE];
    context.memory.read(address, &mut bytes)?;
    Ok(Record::decode(&bytes).map_err(|_| Error::InvalidArgument)?)
}
