//! Broadcast: one message to everybody who has subscribed.
//!
//! Owns: the subscribers' endpoints. A subscriber makes an endpoint of its own and hands it over with the right to
//! send; it leaves by closing that endpoint, by taking the capability back, or by ending.
//! Invariants: publishing never waits; what becomes of a message for which a subscriber has no room is up to the
//! policy of his own endpoint, and counted there: so a slow one delays and loses nothing but his own. Whoever
//! gets messages gets them in the order in which they were published.
//! Does not: keep messages for who subscribes later, or run by itself: a topic lives in the actor that publishes.

use alloc::vec::Vec;

use tessera_abi::{Error, TransferMode};

use crate::capability::Endpoint;
use crate::message::Outgoing;

/// What came of publishing a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Subscribers whose endpoints took it, or were content to drop it or an older one.
    pub taken: usize,
    /// Subscribers who had no room and whose endpoints neither drop nor were waited for.
    pub refused: usize,
    /// Subscribers who are no more; they have been forgotten.
    pub gone: usize,
}

/// Who gets what is published.
///
/// ```
/// use actor_sdk::{Endpoint, Outgoing, Topic, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let mut news = Topic::new();
/// news.subscribe(kernel.grant::<Endpoint>("one"));
/// news.subscribe(kernel.grant::<Endpoint>("two"));
/// assert_eq!(news.publish(&Outgoing::new(7)).unwrap().taken, 2);
/// assert_eq!(kernel.sent("one")[0].label, 7);
/// ```
#[derive(Debug, Default)]
pub struct Topic {
    subscribers: Vec<Endpoint>,
}

impl Topic {
    /// A topic without subscribers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a subscriber, from the next message on.
    pub fn subscribe(&mut self, subscriber: Endpoint) {
        self.subscribers.push(subscriber);
    }

    /// How many there are, those included that are gone and have not been noticed yet.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.subscribers.len()
    }

    /// Sends a message to every subscriber, without waiting.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a message that hands a capability over, which only one could get, and those
    /// of [`Endpoint::send`] that are about the message; then some may have got it.
    pub fn publish(&mut self, message: &Outgoing<'_>) -> Result<Published, Error> {
        let record = message.checked()?;
        if record.caps.iter().any(|cap| cap.mode == TransferMode::Move && !cap.handle.is_none()) {
            return Err(Error::InvalidArgument);
        }
        let mut published = Published::default();
        let mut trouble = None;
        self.subscribers.retain(|subscriber| match subscriber.try_send(message) {
            Ok(()) => {
                published.taken += 1;
                true
            }
            Err(Error::QueueFull) => {
                published.refused += 1;
                true
            }
            Err(Error::Closed | Error::Revoked) => {
                published.gone += 1;
                false
            }
            Err(error) => {
                trouble = Some(error);
                true
            }
        });
        trouble.map_or(Ok(published), Err)
    }
}
