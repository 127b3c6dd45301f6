//! Channels: an endpoint whose messages have a type, in two halves.
//!
//! Owns: the halves. Whoever makes a channel has both; the sending half can be handed to anybody at any time, in a
//! message too, the receiving half only at spawn.
//! Invariants: what is sent is a `T`; what becomes of it for want of room is up to the kind of channel, as docs/IPC.md
//! says of endpoints. The channel closes when the last receiving half goes.
//! Does not: tell the receiver that all senders are gone. Who needs that sends a last value that says so.

use core::marker::PhantomData;

use tessera_abi::{Error, NOW, Policy, Rights};

use super::Shared;
use super::value::{Packed, Portable};
use crate::capability::{Capability, Endpoint, Factory};
use crate::spawn::Plan;

/// What a channel does with values that nobody has come for yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Keeps none: the sender waits until a receiver takes the value from it.
    Rendezvous,
    /// Keeps so many, 1 to 1024; the sender of one more waits for room.
    Bounded(u32),
    /// Keeps the latest; the sender never waits.
    Conflated,
}

impl Channel {
    /// Makes a channel: its two halves.
    ///
    /// ```
    /// use actor_sdk::sync::Channel;
    /// use actor_sdk::{Error, Factory, NOW, Plan, fake};
    ///
    /// let mut kernel = fake::Kernel::new();
    /// let factory = kernel.grant::<Factory>("factory");
    /// let (sender, receiver) = Channel::Bounded(2).open::<String>(&factory)?;
    /// let worker = Plan::new("worker", "worker").share("work", &sender); // There: Sender::<String>::find("work")
    /// sender.send(&"one".into(), NOW)?;
    /// sender.send(&"two".into(), NOW)?;
    /// assert_eq!(sender.send(&"three".into(), 5_000), Err(Error::TimedOut));
    /// assert_eq!(receiver.recv(NOW)?, "one");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for the bound, [`Error::TableFull`], [`Error::NoMemory`].
    pub fn open<T: Portable>(self, factory: &Factory) -> Result<(Sender<T>, Receiver<T>), Error> {
        let whole = match self {
            Self::Rendezvous => factory.endpoint(0),
            Self::Bounded(0) => Err(Error::InvalidArgument),
            Self::Bounded(capacity) => factory.endpoint(capacity),
            Self::Conflated => factory.endpoint_with(1, Policy::Conflate),
        }?;
        let sender = whole.narrowed(Sender::<T>::RIGHTS)?;
        let receiver = whole.narrowed(Receiver::<T>::RIGHTS)?;
        Ok((Sender::from(sender), Receiver::from(receiver)))
    }
}

macro_rules! halves {
    ($($(#[$meta:meta])* $name:ident, $rights:expr, $doc:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name<T> {
            endpoint: Endpoint,
            value: PhantomData<fn() -> T>,
        }

        impl<T> $name<T> {
            #[doc = $doc]
            pub const RIGHTS: Rights = $rights;

            /// The capability behind it: to be handed on, limited, taken back, or waited for.
            #[must_use]
            pub const fn endpoint(&self) -> &Endpoint {
                &self.endpoint
            }
        }

        /// What arrived as a capability, taken for a half of a channel of `T`.
        impl<T> From<Endpoint> for $name<T> {
            fn from(endpoint: Endpoint) -> Self {
                Self { endpoint, value: PhantomData }
            }
        }

        impl<T> Shared for $name<T> {
            fn grant_to(&self, plan: Plan, name: &str) -> Plan {
                plan.grant(name, &self.endpoint, Self::RIGHTS)
            }

            fn find(name: &str) -> Result<Self, Error> {
                Capability::find(name).map(|endpoint: Endpoint| Self::from(endpoint))
            }
        }
    )*};
}
halves! {
    /// The half that sends.
    Sender, Rights::SEND.union(Rights::GRANT), "What whoever sends needs; it can hand it on.";
    /// The half that receives. Several actors can have it: each value goes to one of them.
    Receiver, Rights::RECEIVE.union(Rights::GRANT), "What whoever receives needs; it can hand it on, at spawn.";
}

impl<T: Portable> Sender<T> {
    /// Sends a value; where the channel is to, waits for room until the deadline.
    ///
    /// # Errors
    /// [`Error::QueueFull`] or [`Error::TimedOut`] when there was none, [`Error::Closed`] when nobody will receive it,
    /// [`Error::TooLong`] for the value. Nothing was sent then.
    pub fn send(&self, value: &T, deadline_ns: u64) -> Result<(), Error> {
        value.pack().send(&self.endpoint, 0, deadline_ns)
    }
}

impl<T: Portable> Receiver<T> {
    /// Takes the oldest value, waiting for one until the deadline.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when there was none, [`Error::Closed`],
    /// [`Error::InvalidArgument`] for a message that holds no `T`; it is gone.
    pub fn recv(&self, deadline_ns: u64) -> Result<T, Error> {
        let packed = Packed::from(self.endpoint.recv(deadline_ns)?);
        T::unpack(&packed).ok_or(Error::InvalidArgument)
    }

    /// Takes the oldest value, if there is one.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::InvalidArgument`] as for [`Receiver::recv`].
    pub fn try_recv(&self) -> Result<Option<T>, Error> {
        match self.recv(NOW) {
            Err(Error::WouldBlock) => Ok(None),
            received => received.map(Some),
        }
    }

    /// Closes the channel for good: what it keeps is dropped, and senders and receivers are told.
    ///
    /// # Errors
    /// Those of [`Endpoint::close`].
    pub fn close(&self) -> Result<(), Error> {
        self.endpoint.close()
    }
}
