//! Waiting for any of several things at once.
//!
//! Owns: the list of what is waited for, and where the next look begins: behind what came last, so that of several
//! that always have something each gets its turn.
//! Invariant: exactly one thing is taken by a wait, and none by a wait that is refused.
//! Does not: take anything out of the list by itself; what will never come again is the author's to leave out.

use alloc::vec;
use alloc::vec::Vec;
use core::marker::PhantomData;

use tessera_abi::{EndRecord, Error, NOW, WaitItem};

use crate::cancel::{Token, as_cancelled};
use crate::capability::{Actor, Capability, Endpoint, Notification};
use crate::ipc::FIRST_BUFFER_BYTES;
use crate::message::Incoming;
use crate::sys;

/// What has come.
#[derive(Debug)]
pub enum Event {
    /// A message.
    Message(Incoming),
    /// Bits of a notification.
    Bits(u64),
    /// The end of an actor.
    Ended(EndRecord),
}

/// Why a wait took nothing, and because of which of the things, if it was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Why.
    pub error: Error,
    /// The place of the thing that it is about.
    pub place: Option<usize>,
}

impl From<Unmet> for Error {
    fn from(unmet: Unmet) -> Self {
        unmet.error
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Message,
    Bits,
    End,
    Token,
}

/// Several things to be waited for, each known by its place: how many were added before it.
///
/// ```
/// use actor_sdk::{Endpoint, Event, NEVER, Notification, Outgoing, Select, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let (door, bell) = (kernel.grant::<Endpoint>("door"), kernel.grant::<Notification>("bell"));
/// bell.signal(4).unwrap();
/// let mut any = Select::new().message(&door).bits(&bell);
/// assert!(matches!(any.wait(NEVER), Ok((1, Event::Bits(4)))));
/// door.try_send(&Outgoing::new(7)).unwrap();
/// assert!(matches!(any.wait(NEVER), Ok((0, Event::Message(message))) if message.label == 7));
/// ```
#[derive(Debug, Default)]
pub struct Select<'a> {
    items: Vec<WaitItem>,
    kinds: Vec<Kind>,
    first: u32,
    room_bytes: usize,
    things: PhantomData<&'a ()>,
}

impl<'a> Select<'a> {
    /// Nothing to wait for yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message at an endpoint, which needs the right to receive.
    #[must_use]
    pub fn message(self, endpoint: &'a Endpoint) -> Self {
        self.add(endpoint, Kind::Message)
    }

    /// Adds bits of a notification, which needs the right to wait.
    #[must_use]
    pub fn bits(self, notification: &'a Notification) -> Self {
        self.add(notification, Kind::Bits)
    }

    /// Adds the end of an actor, which needs the right to wait. Once it has come it is there for good.
    #[must_use]
    pub fn end(self, actor: &'a Actor) -> Self {
        self.add(actor, Kind::End)
    }

    /// Adds a token: when it is cancelled the wait ends with [`Error::Cancelled`].
    #[must_use]
    pub fn cancelled_by(self, token: &'a Token) -> Self {
        self.add(token.capability(), Kind::Token)
    }

    fn add(mut self, thing: &impl Capability, kind: Kind) -> Self {
        self.items.push(WaitItem::new(thing.handle()));
        self.kinds.push(kind);
        self
    }

    /// Waits for one of them until the deadline, and takes it; its place comes with it.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when nothing came, [`Error::InvalidArgument`] for a list that
    /// is empty or longer than [`WAIT_ITEMS_MAX`](tessera_abi::WAIT_ITEMS_MAX), or, with its second place, for a
    /// thing that is in it twice. With a place also: [`Error::Cancelled`],
    /// [`Error::Closed`], [`Error::Revoked`], [`Error::WouldDeadlock`] for the actor itself, and those of a
    /// handle that does not resolve or lacks the right.
    pub fn wait(&mut self, deadline_ns: u64) -> Result<(usize, Event), Unmet> {
        loop {
            let mut buffer = vec![0; self.room_bytes.max(FIRST_BUFFER_BYTES)];
            match sys::wait_any(&mut self.items, self.first, &mut buffer, deadline_ns) {
                Ok((place, record)) => {
                    self.first = place as u32 + 1;
                    return self.event(place, || Incoming::new(&record, buffer));
                }
                // It stays first in its queue, and the refusal said how much room it needs.
                Err((Error::TooLong, needed)) if needed as usize > buffer.len() => {
                    self.room_bytes = needed as usize;
                }
                Err((error, _)) => return Err(self.unmet(error)),
            }
        }
    }

    fn event(&self, place: usize, message: impl FnOnce() -> Incoming) -> Result<(usize, Event), Unmet> {
        let (Some(item), Some(kind)) = (self.items.get(place), self.kinds.get(place)) else {
            return Err(Unmet { error: Error::InvalidArgument, place: None });
        };
        let event = match kind {
            Kind::Message => Event::Message(message()),
            // A token that somebody signals all the same: its bits say nothing, and are told.
            Kind::Bits | Kind::Token => Event::Bits(item.bits),
            Kind::End => {
                let end = sys::actor_wait(item.handle, NOW);
                Event::Ended(end.map_err(|error| Unmet { error, place: Some(place) })?)
            }
        };
        Ok((place, event))
    }

    fn unmet(&self, error: Error) -> Unmet {
        let place = self.items.iter().position(|item| item.error != 0);
        let is_token = place.and_then(|place| self.kinds.get(place)) == Some(&Kind::Token);
        Unmet { error: if is_token { as_cancelled(error) } else { error }, place }
    }
}
