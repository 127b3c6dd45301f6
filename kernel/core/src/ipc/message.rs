//! A message on its way: copied out of its sender, not yet copied into its receiver.
//!
//! Owns the bytes and the capabilities that travel; a message that is dropped drops them, and a
//! reply capability that is dropped tells the caller. Allocates only its bytes, fallibly.

use super::reply::Reply;
use crate::cap::Capability;
use alloc::vec::Vec;
use tessera_abi::{MESSAGE_CAPS_MAX, MESSAGE_WORDS};

/// See the module.
#[derive(Debug, Default)]
pub struct Message {
    /// What it is about, by agreement of sender and receiver.
    pub label: u64,
    /// Its words.
    pub words: [u64; MESSAGE_WORDS],
    /// The badge of the capability that it was sent through.
    pub badge: u64,
    /// Its bytes, at most `MESSAGE_BYTES_MAX`.
    pub bytes: Vec<u8>,
    /// Its capabilities, with the rights that are to arrive.
    pub caps: [Option<Capability>; MESSAGE_CAPS_MAX],
    /// For a call: where its answer goes.
    pub reply: Option<Reply>,
}
