//! What an actor is made of: its name for ever, what is known of it before it is made, what it runs on, what it has done.
//!
//! Invariant: an id is never 0 and never given twice; see [`super::registry`]. Takes no lock.

use super::{Activity, Code, Lineage};
use crate::account::Purse;
use crate::engine::{Instance, Limits};
use crate::fallible;
use alloc::boxed::Box;
use alloc::vec::Vec;
use khal::sync::atomic::{AtomicU64, Ordering};
use khal::thread::Stack;
use spin::Once;
use tessera_abi::{Error, Name, Priority, Shape};

/// Names an actor for ever: a place in the registry and how often it has been used. Never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ActorId(pub(crate) u64);

impl ActorId {
    /// The id with these bits, as somebody claimed it.
    pub fn from_bits(bits: u64) -> Self {
        ActorId(bits)
    }

    /// The bits that cross the border.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The place in the registry.
    pub fn index(self) -> u32 {
        self.0 as u32
    }
}

/// What is known of an actor before it is made.
#[derive(Debug)]
pub struct Profile {
    /// What it is called; need not be unique.
    pub name: Name,
    /// The module it runs.
    pub module: Name,
    /// How it lives.
    pub shape: Shape,
    /// Its own priority.
    pub priority: Priority,
    /// What its instance may take.
    pub limits: Limits,
    /// Its argument text.
    pub args: Args,
}

/// An argument text. Most actors have none, and pay one word for it.
#[derive(Debug, Default)]
#[expect(clippy::box_collection, reason = "a vector would be two words more in every actor")]
pub struct Args(Option<Box<Vec<u8>>>);

impl Args {
    /// A copy of `text`.
    ///
    /// # Errors
    /// `NoMemory`.
    pub fn new(text: &[u8]) -> Result<Self, Error> {
        if text.is_empty() {
            return Ok(Args(None));
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(text.len()).map_err(|_| Error::NoMemory)?;
        bytes.extend_from_slice(text);
        Ok(Args(Some(fallible::own(bytes)?)))
    }

    /// The text.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// What it takes of the heap, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.0.as_deref().map_or(0, |bytes| size_of_val(bytes) + bytes.len())
    }
}

/// What an actor begins and runs with. Whoever runs the actor takes the parts out and puts them back.
#[derive(Default)]
pub(crate) struct Body {
    /// A stack put by for the first activation: main actors have theirs from the start.
    pub(crate) stack: Option<Stack>,
    /// The module that it was given, until its first activation.
    pub(crate) code: Option<Box<Code>>,
    /// The program's state, between activations.
    pub(crate) instance: Option<Box<dyn Instance>>,
}

/// What an actor has done. Written by itself, or the core loop that has it in hand.
#[derive(Debug, Default)]
pub struct Tally {
    /// Time on a core, in ns.
    pub cpu_ns: AtomicU64,
    /// Times that it was switched to.
    pub turns: AtomicU64,
    /// Messages received, answers included.
    pub messages_in: AtomicU64,
    /// Messages sent, calls and answers included.
    pub messages_out: AtomicU64,
}

/// What most actors do without: made when there is first use for any of it, and never moved again.
#[derive(Debug, Default)]
pub(super) struct Extras {
    /// What is measured only while statistics are kept.
    pub(super) activity: Once<Activity>,
    /// The fuel that it has in hand: of a metered actor, and of another once it has to do with a loan.
    pub(super) purse: Once<Purse>,
    /// Whom it stands in for, if anybody: then from the beginning on.
    pub(super) lineage: Once<Lineage>,
}

/// Adds to a figure that one party at a time writes: whoever has the actor, or the core, in hand.
#[inline]
pub fn add_to(figure: &AtomicU64, amount: u64) {
    // Relaxed: who has it in hand next has got it by way of a queue or a gate; others read a figure. No addition in
    // one step, which would cost as much as a lock.
    figure.store(figure.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
}
