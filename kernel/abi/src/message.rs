//! What travels through an endpoint.
//!
//! Owns: the message record that `send`, `recv`, `call` and `reply` read and write, its limits, and what an
//! endpoint may be made to do with a message that it has no room for.
//! Invariants: the record is fixed in size; a transfer whose handle is [`Handle::NONE`] is empty; bytes
//! lie outside the record, where its address says. Fields that a call writes are ignored when it reads.
//! Does not: copy the bytes or resolve the handles (the kernel does, all or nothing).

use crate::capability::{Handle, Rights};
use crate::wire::{numbered, record};

/// Words that travel in the record itself.
pub const MESSAGE_WORDS: usize = 4;

/// The most capabilities that one message carries.
pub const MESSAGE_CAPS_MAX: usize = 4;

/// The most bytes that one message carries.
pub const MESSAGE_BYTES_MAX: usize = 4096;

/// The most messages that an endpoint may be asked to queue.
pub const ENDPOINT_CAPACITY_MAX: u32 = 1024;

numbered! {
    /// What an endpoint does with a message for which it has no room. See docs/IPC.md.
    pub enum Policy: u32 {
        Block = 0, "block", "Its sender waits in line for room, until the deadline.";
        Reject = 1, "reject", "Its sender is told queue-full at once, whatever the deadline.";
        DropOldest = 2, "drop-oldest", "The oldest message in the queue is dropped for it.";
        DropNewest = 3, "drop-newest", "It is dropped itself, and its sender goes on as if it had been taken.";
        Conflate = 4, "conflate", "It takes the place of the one message that is kept, so that the latest value is there; the capacity is 1.";
    }
}

impl Policy {
    /// Whether an endpoint of this policy may have this capacity: up to [`ENDPOINT_CAPACITY_MAX`]; 0, where a
    /// message is only ever handed to a receiver that has come for one, unless something queued would have
    /// to make room; 1 to conflate.
    #[must_use]
    pub const fn allows(self, capacity: u32) -> bool {
        match self {
            Self::Block | Self::Reject | Self::DropNewest => capacity <= ENDPOINT_CAPACITY_MAX,
            Self::DropOldest => capacity >= 1 && capacity <= ENDPOINT_CAPACITY_MAX,
            Self::Conflate => capacity == 1,
        }
    }
}

numbered! {
    /// Whether the sender keeps a capability that it sends.
    pub enum TransferMode: u32 {
        Copy = 0, "copy", "The receiver gets a capability of its own; the sender keeps its.";
        Move = 1, "move", "The sender's slot is emptied in the moment that the message is taken.";
    }
}

record! {
    /// A capability in a message. Sent: the sender's handle and a mask for the rights. Received: the
    /// receiver's new handle and the rights that it has.
    pub struct Transfer {
        /// Whose capability; [`Handle::NONE`] for none.
        pub handle: Handle,
        /// Sent: the rights that may arrive. Received: those that did.
        pub rights: Rights,
        /// Whether the sender keeps it. Received: always [`TransferMode::Copy`].
        pub mode: TransferMode,
    }
}

impl Transfer {
    /// No capability.
    pub const NONE: Self = Self { handle: Handle::NONE, rights: Rights::NONE, mode: TransferMode::Copy };
}

impl Default for Transfer {
    fn default() -> Self {
        Self::NONE
    }
}

record! {
    /// The message record.
    pub struct Message {
        /// What the message is about, by agreement between sender and receiver.
        pub label: u64,
        /// Its words.
        pub words: [u64; MESSAGE_WORDS],
        /// Received: the badge of the capability it was sent through, 0 for none. Ignored when sent.
        pub badge: u64,
        /// Received by `recv` from a `call`: the one-shot reply capability. Otherwise
        /// [`Handle::NONE`]. Ignored when sent.
        pub reply: Handle,
        /// Its capabilities. Received: empty places come last.
        pub caps: [Transfer; MESSAGE_CAPS_MAX],
        /// Where its bytes are, or go, in the caller's memory. `call` uses the place for both ways.
        pub bytes_address: u32,
        /// How many bytes are sent, at most [`MESSAGE_BYTES_MAX`]; set to what arrived, or, with
        /// `too-long`, to what would have.
        pub bytes_len: u32,
        /// How many bytes there is room for when receiving.
        pub bytes_capacity: u32,
        /// Set to zero.
        pub reserved: u32,
    }
}

impl Message {
    /// A message with nothing in it.
    pub const EMPTY: Self = Self {
        label: 0,
        words: [0; MESSAGE_WORDS],
        badge: 0,
        reply: Handle::NONE,
        caps: [Transfer::NONE; MESSAGE_CAPS_MAX],
        bytes_address: 0,
        bytes_len: 0,
        bytes_capacity: 0,
        reserved: 0,
    };
}

impl Default for Message {
    fn default() -> Self {
        Self::EMPTY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_is_136_bytes_and_reads_back_as_itself() {
        assert_eq!(Message::SIZE, 136);
        let mut message = Message { label: 1, words: [2, 3, 4, 5], bytes_len: 9, ..Message::EMPTY };
        message.caps[1] =
            Transfer { handle: Handle::new(1, 8), rights: Rights::SEND, mode: TransferMode::Move };
        assert_eq!(Message::decode(&message.encode()), Ok(message));
    }

    #[test]
    fn unknown_rights_and_modes_are_malformed() {
        let mut bytes = Message::EMPTY.encode();
        bytes[64 + 3] = 0x80;
        assert!(Message::decode(&bytes).is_err());
        bytes = Message::EMPTY.encode();
        bytes[68] = 2;
        assert!(Message::decode(&bytes).is_err());
    }
}
