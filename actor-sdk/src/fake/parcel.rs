//! A message as a test writes and reads it: no handles, no addresses.
//!
//! Owns: [`Parcel`] and the capabilities inside one, which are objects of the fake kernel.
//! Does not: enforce limits (the calls do).

use tessera_abi::{MESSAGE_WORDS, ObjectKind, Rights};

use super::state::Held;

/// A message that a test's peer sends or gets.
#[derive(Clone, Debug, Default)]
pub struct Parcel {
    /// What it is about.
    pub label: u64,
    /// Its words.
    pub words: [u64; MESSAGE_WORDS],
    /// The badge it came with.
    pub badge: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The fuel that came with it: what a call lent.
    pub fuel: u64,
    pub(super) caps: Vec<Held>,
    /// Which call it belongs to, if it is one.
    pub(super) call: Option<usize>,
}

impl Parcel {
    /// A message with this label.
    #[must_use]
    pub fn new(label: u64) -> Self {
        Self { label, ..Self::default() }
    }

    /// Sets word `index`, 0 to 3; others are ignored.
    #[must_use]
    pub fn word(mut self, index: usize, value: u64) -> Self {
        if let Some(word) = self.words.get_mut(index) {
            *word = value;
        }
        self
    }

    /// Sets the bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.bytes = bytes.to_vec();
        self
    }

    /// Sets the badge that it seems to have been sent with.
    #[must_use]
    pub const fn badge(mut self, badge: u64) -> Self {
        self.badge = badge;
        self
    }

    /// Whether its sender waits for an answer.
    #[must_use]
    pub const fn is_call(&self) -> bool {
        self.call.is_some()
    }

    /// The bytes as text; what is no text is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The capabilities that came with it: kind and rights.
    #[must_use]
    pub fn capabilities(&self) -> Vec<(ObjectKind, Rights)> {
        self.caps.iter().map(|held| (held.object.kind(), held.rights)).collect()
    }
}
