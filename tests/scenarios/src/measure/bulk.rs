//! Programs in Rust that move what is long: in a region, and in messages' bytes.
//!
//! Slot 0 is the region that is read or written, or the endpoint that is sent to or received from; slot 1 the region
//! that is sent.

use super::memory::{BULK, Memory};
use tessera_abi::{Handle, HostCall, MESSAGE_BYTES_MAX, Message, NEVER, Rights, Transfer, TransferMode};

/// Bytes that are read or written at a time.
pub const COPY_BYTES: u32 = 65536;

/// Where they lie in the program's room: not at a page's beginning or just behind, as the region's do. A copy to a few bytes
/// ahead, modulo a page, takes processors ten times as long, and where a room begins is the allocator's choice.
const COPY_AT: u32 = 1024;

/// The room that a program has.
pub const ROOM_BYTES: u32 = COPY_AT + COPY_BYTES;

/// Where the record has its first capability.
const FIRST_CAP: u32 = 56;

/// A host call and its arguments; those that it has not are zero.
type Asked = (HostCall, [u64; 4]);

/// Prepares one.
type Step = fn(&mut Memory) -> Asked;

/// See the module.
#[derive(Clone, Copy)]
pub enum Bulk {
    /// Reads the region's first [`COPY_BYTES`].
    Reads,
    /// Writes them.
    Writes,
    /// Sends the region in a message.
    SendsRegion,
    /// Receives a region, and drops it.
    TakesRegion,
    /// Sends as many bytes as fit in a message.
    SendsBytes,
    /// Receives as many.
    TakesBytes,
}

impl Bulk {
    /// The program of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "reads" => Bulk::Reads,
            "writes" => Bulk::Writes,
            "sends_region" => Bulk::SendsRegion,
            "takes_region" => Bulk::TakesRegion,
            "sends_bytes" => Bulk::SendsBytes,
            "takes_bytes" => Bulk::TakesBytes,
            _ => return None,
        })
    }

    /// The host calls of one round, made one after the other: each has to answer 0. The later ones may depend on what
    /// the earlier have written.
    pub fn calls(self) -> impl Iterator<Item = Step> {
        let (first, second): (Step, Option<Step>) = match self {
            Bulk::Reads => (|_| copy(HostCall::RegionRead), None),
            Bulk::Writes => (|_| copy(HostCall::RegionWrite), None),
            Bulk::SendsRegion => (sent_region, None),
            Bulk::TakesRegion => (|_| exchange(HostCall::Recv), Some(dropped)),
            Bulk::SendsBytes => (sent_bytes, None),
            Bulk::TakesBytes => (taken_bytes, None),
        };
        core::iter::once(first).chain(second)
    }
}

fn copy(call: HostCall) -> Asked {
    (call, [Handle::OWN_ENDPOINT.bits(), 0, u64::from(BULK + COPY_AT), u64::from(COPY_BYTES)])
}

fn exchange(call: HostCall) -> Asked {
    (call, [Handle::OWN_ENDPOINT.bits(), 0, NEVER, 0])
}

fn sent_region(memory: &mut Memory) -> Asked {
    let handle = Handle::new(Handle::FIRST_GENERATION, 1);
    let mut message = Message::EMPTY;
    if let Some(place) = message.caps.first_mut() {
        *place = Transfer { handle, rights: Rights::READ, mode: TransferMode::Copy };
    }
    memory.set_message(&message);
    exchange(HostCall::Send)
}

fn dropped(memory: &mut Memory) -> Asked {
    (HostCall::CapDrop, [memory.word(FIRST_CAP), 0, 0, 0])
}

fn sent_bytes(memory: &mut Memory) -> Asked {
    let (bytes_address, bytes_len) = (BULK, MESSAGE_BYTES_MAX as u32);
    memory.set_message(&Message { bytes_address, bytes_len, ..Message::EMPTY });
    exchange(HostCall::Send)
}

fn taken_bytes(memory: &mut Memory) -> Asked {
    let (bytes_address, bytes_capacity) = (BULK, MESSAGE_BYTES_MAX as u32);
    memory.set_message(&Message { bytes_address, bytes_capacity, ..Message::EMPTY });
    exchange(HostCall::Recv)
}
