//! Messages as an author writes and reads them.
//!
//! Owns: building and taking apart; offsets are the ABI's, bytes are plain slices.
//! Invariant: what a message carries (a reply capability, other capabilities) is dropped with it unless
//! it is taken out, so a server that forgets to answer still frees its caller.
//! Does not: send (see [`crate::ipc`]).

use alloc::vec::Vec;

use tessera_abi::{Error, Handle, MESSAGE_CAPS_MAX, Message, Rights, Transfer, TransferMode};

use crate::capability::{Capability, Endpoint, Reply, Slot, Unknown};

/// A message to be sent.
///
/// ```
/// use actor_sdk::Outgoing;
/// let message = Outgoing::new(7).word(0, 42).bytes(b"payload");
/// assert_eq!(message.label(), 7);
/// ```
#[derive(Debug)]
pub struct Outgoing<'a> {
    pub(crate) record: Message,
    pub(crate) bytes: &'a [u8],
    overflow: bool,
}

impl<'a> Outgoing<'a> {
    /// A message with this label and nothing else.
    #[must_use]
    pub const fn new(label: u64) -> Self {
        Self { record: Message { label, ..Message::EMPTY }, bytes: &[], overflow: false }
    }

    /// What the message is about.
    #[must_use]
    pub const fn label(&self) -> u64 {
        self.record.label
    }

    /// Sets word `index`, 0 to 3; sending a message with a word outside is refused.
    #[must_use]
    pub fn word(mut self, index: usize, value: u64) -> Self {
        match self.record.words.get_mut(index) {
            Some(word) => *word = value,
            None => self.overflow = true,
        }
        self
    }

    /// Sets the bytes that travel with it, at most [`tessera_abi::MESSAGE_BYTES_MAX`].
    #[must_use]
    pub const fn bytes(mut self, bytes: &'a [u8]) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets the bytes to those of a text.
    #[must_use]
    pub const fn text(self, text: &'a str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Adds a copy of a capability with at most these rights. The sender's needs [`Rights::GRANT`].
    #[must_use]
    pub fn share(self, capability: &impl Capability, rights: Rights) -> Self {
        self.transfer(capability.handle(), rights, TransferMode::Copy)
    }

    /// Like [`Outgoing::share`], for what is in a slot, whatever its kind.
    #[must_use]
    pub fn share_slot(self, slot: &Slot, rights: Rights) -> Self {
        self.transfer(slot.handle(), rights, TransferMode::Copy)
    }

    /// Adds a capability that leaves the sender in the moment that the message is taken.
    #[must_use]
    pub fn hand_over(self, capability: &impl Capability, rights: Rights) -> Self {
        self.transfer(capability.handle(), rights, TransferMode::Move)
    }

    fn transfer(mut self, handle: Handle, rights: Rights, mode: TransferMode) -> Self {
        match self.record.caps.iter_mut().find(|place| place.handle.is_none()) {
            Some(place) => *place = Transfer { handle, rights, mode },
            None => self.overflow = true,
        }
        self
    }

    /// The message as it is sent, or why it never can be.
    pub(crate) fn checked(&self) -> Result<Message, Error> {
        if self.overflow {
            return Err(Error::InvalidArgument);
        }
        if self.bytes.len() > tessera_abi::MESSAGE_BYTES_MAX { Err(Error::TooLong) } else { Ok(self.record) }
    }
}

/// A message that was received.
#[derive(Debug)]
pub struct Incoming {
    /// What it is about.
    pub label: u64,
    /// Its words.
    pub words: [u64; tessera_abi::MESSAGE_WORDS],
    /// The badge of the capability that it was sent through, 0 for none.
    pub badge: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    caps: [Option<Unknown>; MESSAGE_CAPS_MAX],
    reply: Option<Reply>,
}

impl Incoming {
    pub(crate) fn new(record: &Message, mut bytes: Vec<u8>) -> Self {
        bytes.truncate(record.bytes_len as usize);
        let caps = record.caps.map(|cap| (!cap.handle.is_none()).then(|| Unknown::new(cap.handle)));
        let reply = (!record.reply.is_none()).then(|| Reply::from_slot(Slot::owned(record.reply)));
        Self { label: record.label, words: record.words, badge: record.badge, bytes, caps, reply }
    }

    /// Word `index`; 0 for one that a message does not have.
    #[must_use]
    pub fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }

    /// The bytes as text, if they are text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        str::from_utf8(&self.bytes).ok()
    }

    /// Takes out capability `index` as one of kind `C`.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the message carries none there, [`Error::WrongKind`] if it is another.
    pub fn take<C: Capability>(&mut self, index: usize) -> Result<C, Error> {
        self.caps.get_mut(index).and_then(Option::take).ok_or(Error::NotFound)?.cast()
    }

    /// Whether the sender waits for an answer that has not been taken out.
    #[must_use]
    pub const fn is_call(&self) -> bool {
        self.reply.is_some()
    }

    /// Takes out the right to answer, to do so later or elsewhere.
    pub const fn take_reply(&mut self) -> Option<Reply> {
        self.reply.take()
    }

    /// Hands the call on, with another message: whoever receives that answers the caller.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it was no call or was answered, and those of [`Reply::forward`]; then it can still
    /// be answered here, unless the caller is gone.
    pub fn forward(&mut self, to: &Endpoint, message: &Outgoing<'_>, deadline_ns: u64) -> Result<(), Error> {
        let reply = self.take_reply().ok_or(Error::NotFound)?;
        reply.forward(to, message, deadline_ns).map_err(|(error, reply)| {
            self.reply = Some(reply);
            error
        })
    }

    /// Answers the call.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it was no call or was answered, and those of [`Reply::send`].
    pub fn reply(&mut self, answer: &Outgoing<'_>) -> Result<(), Error> {
        self.take_reply().ok_or(Error::NotFound)?.send(answer)
    }
}
