//! What can lie in a mutex or go through a channel: values that fit into one message.
//!
//! Owns: the way from a value to words and bytes and back.
//! Does not: carry capabilities; they go in an [`Outgoing`] of the author's own.

use alloc::string::String;
use alloc::vec::Vec;

use tessera_abi::{Error, MESSAGE_WORDS};

use crate::capability::Endpoint;
use crate::message::{Incoming, Outgoing};

/// A value as it lies in a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Numbers.
    pub words: [u64; MESSAGE_WORDS],
    /// The rest, at most [`MESSAGE_BYTES_MAX`](tessera_abi::MESSAGE_BYTES_MAX).
    pub bytes: Vec<u8>,
}

impl Packed {
    /// Sends it in a message with this label.
    ///
    /// # Errors
    /// Those of [`Endpoint::send`].
    pub(super) fn send(&self, to: &Endpoint, label: u64, deadline_ns: u64) -> Result<(), Error> {
        let message = Outgoing::new(label).bytes(&self.bytes);
        let message = (0..).zip(self.words).fold(message, |message, (index, word)| message.word(index, word));
        to.send(&message, deadline_ns)
    }
}

impl From<Incoming> for Packed {
    fn from(message: Incoming) -> Self {
        Self { words: message.words, bytes: message.bytes }
    }
}

/// A value that fits into one message.
///
/// ```
/// use actor_sdk::sync::{Packed, Portable};
///
/// #[derive(Debug, PartialEq)]
/// struct Reading {
///     sensor: u32,
///     value: u64,
/// }
///
/// impl Portable for Reading {
///     fn pack(&self) -> Packed {
///         Packed { words: [u64::from(self.sensor), self.value, 0, 0], bytes: Vec::new() }
///     }
///
///     fn unpack(packed: &Packed) -> Option<Self> {
///         let [sensor, value, ..] = packed.words;
///         Some(Self { sensor: u32::try_from(sensor).ok()?, value })
///     }
/// }
/// let reading = Reading { sensor: 3, value: 40 };
/// assert_eq!(Reading::unpack(&reading.pack()), Some(reading));
/// ```
pub trait Portable: Sized {
    /// The value as it lies in a message.
    fn pack(&self) -> Packed;

    /// The value that lies in a message; `None` if none of this type does.
    fn unpack(packed: &Packed) -> Option<Self>;
}

impl Portable for () {
    fn pack(&self) -> Packed {
        Packed::default()
    }

    fn unpack(_packed: &Packed) -> Option<Self> {
        Some(())
    }
}

impl Portable for u64 {
    fn pack(&self) -> Packed {
        Packed { words: [*self, 0, 0, 0], bytes: Vec::new() }
    }

    fn unpack(packed: &Packed) -> Option<Self> {
        packed.words.first().copied()
    }
}

impl Portable for [u64; MESSAGE_WORDS] {
    fn pack(&self) -> Packed {
        Packed { words: *self, bytes: Vec::new() }
    }

    fn unpack(packed: &Packed) -> Option<Self> {
        Some(packed.words)
    }
}

impl Portable for Vec<u8> {
    fn pack(&self) -> Packed {
        Packed { words: [0; MESSAGE_WORDS], bytes: self.clone() }
    }

    fn unpack(packed: &Packed) -> Option<Self> {
        Some(packed.bytes.clone())
    }
}

impl Portable for String {
    fn pack(&self) -> Packed {
        Packed { words: [0; MESSAGE_WORDS], bytes: self.as_bytes().to_vec() }
    }

    fn unpack(packed: &Packed) -> Option<Self> {
        Self::from_utf8(packed.bytes.clone()).ok()
    }
}
