//! Messages between an actor's memory and the kernel.
//!
//! Sending decodes the record, copies the bytes and narrows the capabilities; nothing has left the
//! sender until the message is taken, then slots that were moved are emptied. Receiving reserves a
//! slot for everything a message can carry before it takes one, so that taking it cannot fail.
//! Locks: the caller's own `TABLE`, never with another.

use crate::context::{Context, Refusal};
use alloc::sync::Arc;
use tessera_abi::{
    Error, Handle, MESSAGE_BYTES_MAX, MESSAGE_CAPS_MAX, Message as Record, Rights, SlotName, Transfer,
    TransferMode,
};
use tessera_core::account::Account;
use tessera_core::cap::{Capability, Reservation, Table};
use tessera_core::ipc::Message;
use tessera_core::ipc::message::{Carried, Payload};

/// Where a message's record lies, and what it says.
#[derive(Clone, Copy)]
pub struct Place {
    record: Record,
    address: u32,
}

/// A message that has been decoded, and where its record lies.
pub struct Outgoing {
    /// What goes out; whoever takes it takes it out of here.
    pub message: Option<Message>,
    /// Where it came from, and where an answer goes.
    pub place: Place,
}

/// Room for a message: where it goes, and slots for what it carries.
pub struct Incoming {
    /// Where it goes.
    pub place: Place,
    /// A slot for everything that it can carry.
    pub slots: Reservation,
}

impl Place {
    /// Reads the record at `address` of a message to come, whose bytes have room where it says.
    ///
    /// # Errors
    /// `BadAddress`, `InvalidArgument`.
    pub fn decode(context: &Context<'_>, address: u32) -> Result<Self, Refusal> {
        let place = Self::read(context, address)?;
        place.check_room(context)?;
        Ok(place)
    }

    fn read(context: &Context<'_>, address: u32) -> Result<Self, Refusal> {
        let mut bytes = [0; Record::SIZE];
        context.guest.read(address, &mut bytes)?;
        let record = Record::decode(&bytes).map_err(|_| Error::InvalidArgument)?;
        Ok(Place { record, address })
    }

    /// Checks that what comes can be written where the record says.
    ///
    /// # Errors
    /// `BadAddress`.
    pub fn check_room(&self, context: &Context<'_>) -> Result<(), Refusal> {
        match self.record.bytes_capacity {
            0 => Ok(()),
            capacity => context.check(self.record.bytes_address, capacity as usize),
        }
    }
}

impl Outgoing {
    /// Reads the record at `address` and its bytes.
    ///
    /// # Errors
    /// `BadAddress`, `InvalidArgument`, `TooLong`, `OverQuota`, `NoMemory`.
    pub fn decode(context: &Context<'_>, address: u32) -> Result<Self, Refusal> {
        let place = Place::read(context, address)?;
        let record = &place.record;
        if record.bytes_len as usize > MESSAGE_BYTES_MAX {
            return Err(Error::TooLong.into());
        }
        let bytes = match record.bytes_len {
            0 => Payload::default(),
            len => {
                let copy = || context.bytes(record.bytes_address, len as usize);
                Payload::charged(context.actor.account(), len as usize, copy)?
            }
        };
        let (label, words) = (record.label, record.words);
        let message = Message { label, words, badge: 0, bytes, caps: Carried::default(), reply: None };
        Ok(Outgoing { message: Some(message), place })
    }

    /// Narrows and takes along what the record hands over; the sender still holds its own, and `payer` pays for
    /// the room. What was taken before an error is dropped with `self`: outside the table's lock, so `self` must
    /// outlive that.
    ///
    /// # Errors
    /// Those of looking handles up and of granting; `OverQuota`, `NoMemory`.
    pub fn grant(&mut self, payer: &Arc<Account>, table: &mut Table) -> Result<(), Error> {
        let caps = &self.place.record.caps;
        if caps.iter().all(|transfer| transfer.handle.is_none()) {
            return Ok(());
        }
        let Some(message) = &mut self.message else { return Err(Error::InvalidArgument) };
        message.caps = Carried::charged(payer)?;
        for (index, transfer) in caps.iter().enumerate().filter(|(_, transfer)| !transfer.handle.is_none()) {
            // An endpoint that lies in a queue must not be what keeps a queue open: chains of them would be
            // closed by recursion, circles of them never. So the right to receive does not travel.
            let mask = transfer.rights.without(Rights::RECEIVE);
            let capability = table.get(transfer.handle)?.grant(mask, 0)?;
            // There is a place for each capability of a record.
            drop(message.caps.put(index, capability));
        }
        Ok(())
    }

    /// Sets the badge that the receiver sees.
    pub fn stamp(&mut self, badge: u64) {
        if let Some(message) = &mut self.message {
            message.badge = badge;
        }
    }

    /// Notes that it has been taken.
    pub fn note(&self, context: &Context<'_>) {
        context.note_sent(self.place.record.label, self.bytes_len());
    }

    /// How many bytes go out.
    pub fn bytes_len(&self) -> usize {
        self.place.record.bytes_len as usize
    }

    /// Empties the slots that were moved. To be called once the message has been taken.
    pub fn commit(&self, context: &Context<'_>) {
        for transfer in &self.place.record.caps {
            if transfer.mode == TransferMode::Move && !transfer.handle.is_none() {
                let gone = context.actor.table().lock().remove(transfer.handle);
                drop(gone);
            }
        }
    }
}

impl Incoming {
    /// Reserves a slot for everything that a message can carry.
    ///
    /// # Errors
    /// `TableFull`, `NoMemory`.
    pub fn reserve(table: &mut Table) -> Result<Reservation, Error> {
        table.reserve(MESSAGE_CAPS_MAX as u32 + 1)
    }

    /// The most bytes that there is room for.
    pub fn bytes_most(&self) -> u32 {
        self.place.record.bytes_capacity
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
        self.place.record.bytes_len = len as u32;
        context.write(self.place.address, &self.place.record.encode())
    }

    /// Puts `message` where it belongs.
    ///
    /// # Errors
    /// `BadAddress`, which the decoding has ruled out.
    pub fn accept(self, context: &mut Context<'_>, message: Message) -> Result<(), Refusal> {
        let Incoming { place: Place { mut record, address }, mut slots } = self;
        record.label = message.label;
        record.words = message.words;
        record.badge = message.badge;
        record.bytes_len = message.bytes.len() as u32;
        record.caps = [Transfer::NONE; MESSAGE_CAPS_MAX];
        let mut table = context.actor.table().lock();
        // Most carry none, and going through their places moves each of them.
        if !message.caps.is_none() {
            for (place, capability) in record.caps.iter_mut().zip(message.caps) {
                let rights = capability.rights();
                let handle = place_in(&mut table, &mut slots, capability);
                *place = Transfer { handle, rights, mode: TransferMode::Copy };
            }
        }
        record.reply = match message.reply {
            Some(reply) => place_in(&mut table, &mut slots, Capability::answer(reply)),
            None => Handle::NONE,
        };
        table.release(slots);
        drop(table);
        if !message.bytes.is_empty() {
            context.write(record.bytes_address, &message.bytes)?;
        }
        context.write(address, &record.encode())
    }
}

/// Fills a slot that was reserved before the message was taken, so it is there.
fn place_in(table: &mut Table, slots: &mut Reservation, capability: Capability) -> Handle {
    let filled = table.fill(slots, capability, SlotName::EMPTY);
    debug_assert!(filled.is_ok(), "a reserved slot is free");
    filled.unwrap_or(Handle::NONE)
}
