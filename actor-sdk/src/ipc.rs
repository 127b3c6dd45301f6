//! Endpoints, replies and notifications.
//!
//! Owns: the blocking calls of message passing. Deadlines are absolute nanoseconds since boot: [`NOW`](crate::NOW)
//! does not wait, [`NEVER`](crate::NEVER) waits for ever.
//! Does not: retry. A refusal says that nothing has changed, and the author decides.

use alloc::vec;
use alloc::vec::Vec;

use tessera_abi::{Error, Handle, MESSAGE_BYTES_MAX, Message, NOW, Policy, Rights};

use crate::capability::{Capability, Endpoint, Factory, Notification, Reply, Slot};
use crate::message::{Incoming, Outgoing};
use crate::sys;

/// What most messages fit into; longer ones cost a second call.
pub const FIRST_BUFFER_BYTES: usize = 128;

impl Endpoint {
    /// The actor's own endpoint: where others' messages to it arrive.
    #[must_use]
    pub fn own() -> Self {
        Self::from_slot(Slot::wired(Handle::OWN_ENDPOINT))
    }

    /// A copy whose messages carry `badge`, which must not be 0, so that the receiver can tell senders
    /// apart.
    ///
    /// # Errors
    /// [`Error::MissingRight`] if this one has another badge already, [`Error::TableFull`].
    pub fn badged(&self, badge: u64, rights: Rights) -> Result<Self, Error> {
        sys::cap_copy(self.handle(), rights, badge).map(|handle| Self::from_slot(Slot::owned(handle)))
    }

    /// Puts a message into the queue, waiting for room until the deadline if the endpoint's [`Policy`] is to.
    ///
    /// # Errors
    /// [`Error::QueueFull`] or [`Error::TimedOut`] when there was no room, [`Error::Closed`] when nobody
    /// will ever receive it. Nothing was sent then.
    pub fn send(&self, message: &Outgoing<'_>, deadline_ns: u64) -> Result<(), Error> {
        sys::send(self.handle(), message.checked()?, message.bytes, deadline_ns)
    }

    /// Puts a message into the queue if there is room at once.
    ///
    /// # Errors
    /// [`Error::QueueFull`] when there was none; otherwise those of [`Endpoint::send`].
    pub fn try_send(&self, message: &Outgoing<'_>) -> Result<(), Error> {
        self.send(message, NOW)
    }

    /// Closes the endpoint for good: senders, callers and receivers are told, now and later.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks [`Rights::RECEIVE`].
    pub fn close(&self) -> Result<(), Error> {
        sys::endpoint_close(self.handle())
    }

    /// Takes the oldest message, if there is one.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks [`Rights::RECEIVE`], [`Error::Closed`],
    /// [`Error::TableFull`] when what it could carry finds no slots.
    pub fn try_recv(&self) -> Result<Option<Incoming>, Error> {
        match self.recv(NOW) {
            Err(Error::WouldBlock) => Ok(None),
            received => received.map(Some),
        }
    }

    /// Takes the oldest message, whatever its length, waiting for one until the deadline.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when there was none.
    pub fn recv(&self, deadline_ns: u64) -> Result<Incoming, Error> {
        let mut capacity_bytes = FIRST_BUFFER_BYTES;
        loop {
            match self.recv_up_to(capacity_bytes, deadline_ns) {
                // It stays first, and the refusal said how much room it needs. Another receiver may
                // take it meanwhile, so this waits anew instead of insisting.
                Err((Error::TooLong, needed_bytes)) if needed_bytes as usize > capacity_bytes => {
                    capacity_bytes = needed_bytes as usize;
                }
                other => return other.map_err(|(error, _)| error),
            }
        }
    }

    fn recv_up_to(&self, capacity_bytes: usize, deadline_ns: u64) -> Result<Incoming, (Error, u32)> {
        let mut buffer = vec![0; capacity_bytes];
        let record = sys::recv(self.handle(), &mut buffer, deadline_ns)?;
        Ok(Incoming::new(&record, buffer))
    }

    /// Sends a message and waits for its answer until the deadline, with room for as many bytes as a
    /// message can have.
    ///
    /// # Errors
    /// Those of [`Endpoint::send`], [`Error::PeerDead`] when the receiver ended or dropped the call, and
    /// [`Error::WouldDeadlock`] when it waits for the caller. An endpoint that drops for want of room
    /// answers [`Error::QueueFull`] when it has dropped this, and what was handed over in it is gone then.
    pub fn call(&self, message: &Outgoing<'_>, deadline_ns: u64) -> Result<Incoming, Error> {
        self.call_expecting(message, MESSAGE_BYTES_MAX, deadline_ns)
    }

    /// Like [`Endpoint::call`], with room for an answer of at most `answer_bytes`.
    ///
    /// # Errors
    /// Those of [`Endpoint::call`].
    pub fn call_expecting(
        &self,
        message: &Outgoing<'_>,
        answer_bytes: usize,
        deadline_ns: u64,
    ) -> Result<Incoming, Error> {
        let (record, mut buffer) = laid_out(message, answer_bytes)?;
        let answer =
            sys::call(self.handle(), record, &mut buffer, deadline_ns).map_err(|(error, _)| error)?;
        Ok(Incoming::new(&answer, buffer))
    }

    /// Like [`Endpoint::call`], and lends up to `fuel` out of the caller's account to whoever serves the call: he uses
    /// that before his own. What he has not used comes back when the call is over, whatever came of it.
    ///
    /// # Errors
    /// [`Error::OverQuota`] when so much is not free, with nothing sent; those of [`Endpoint::call`].
    pub fn call_funded(
        &self,
        message: &Outgoing<'_>,
        fuel: u64,
        deadline_ns: u64,
    ) -> Result<Incoming, Error> {
        let (record, mut buffer) = laid_out(message, MESSAGE_BYTES_MAX)?;
        let answer = sys::call_funded(self.handle(), record, &mut buffer, (deadline_ns, fuel));
        answer.map(|answer| Incoming::new(&answer, buffer)).map_err(|(error, _)| error)
    }
}

/// A call's record and its bytes, with room for an answer's.
fn laid_out(message: &Outgoing<'_>, answer_bytes: usize) -> Result<(Message, Vec<u8>), Error> {
    let mut record: Message = message.checked()?;
    record.bytes_len = message.bytes.len() as u32;
    let mut buffer: Vec<u8> = message.bytes.to_vec();
    buffer.resize(answer_bytes.max(message.bytes.len()), 0);
    Ok((record, buffer))
}

impl Reply {
    /// Answers the call. The capability is used up whatever comes of it.
    ///
    /// # Errors
    /// [`Error::PeerDead`] when the caller no longer waits.
    pub fn send(self, answer: &Outgoing<'_>) -> Result<(), Error> {
        let record = answer.checked()?;
        sys::reply(self.handle(), record, answer.bytes)?;
        self.into_slot().into_handle();
        Ok(())
    }
}

impl Reply {
    /// Hands the right to answer on, with a message: whoever receives it answers the caller. Waits for room
    /// until the deadline, as [`Endpoint::send`] does.
    ///
    /// # Errors
    /// Those of [`Endpoint::send`], [`Error::PeerDead`] when the caller no longer waits, and
    /// [`Error::WouldDeadlock`] when who receives there waits for the caller. The reply comes back with it, and
    /// is still good unless the caller is gone.
    pub fn forward(
        self,
        to: &Endpoint,
        message: &Outgoing<'_>,
        deadline_ns: u64,
    ) -> Result<(), (Error, Self)> {
        let sent = message
            .checked()
            .and_then(|record| sys::forward(self.handle(), to.handle(), record, message.bytes, deadline_ns));
        match sent {
            Ok(()) => {
                self.into_slot().into_handle();
                Ok(())
            }
            Err(error) => Err((error, self)),
        }
    }
}

impl Notification {
    /// Sets bits and wakes who waits.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks [`Rights::SIGNAL`].
    pub fn signal(&self, bits: u64) -> Result<(), Error> {
        sys::notification_signal(self.handle(), bits)
    }

    /// Waits for bits, takes all that are set and clears them.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when none was set.
    pub fn wait(&self, deadline_ns: u64) -> Result<u64, Error> {
        sys::notification_wait(self.handle(), deadline_ns)
    }

    /// From now on whoever [terminates](crate::Actor::terminate) this actor sets these bits instead of killing it, and
    /// it is for this actor to end; bits 0 take that back. Another notification named later takes this one's place.
    ///
    /// # Errors
    /// [`Error::NoMemory`]; those of a handle that does not resolve or lacks [`Rights::SIGNAL`].
    pub fn on_terminate(&self, bits: u64) -> Result<(), Error> {
        sys::terminate_notify(self.handle(), bits)
    }
}

impl Factory {
    /// Makes an endpoint that queues up to `capacity` messages, at most 1024, and lets senders wait for room;
    /// with 0 a message is only handed to a receiver that has come for one.
    ///
    /// # Errors
    /// [`Error::TableFull`], [`Error::NoMemory`], [`Error::InvalidArgument`] for the capacity.
    pub fn endpoint(&self, capacity: u32) -> Result<Endpoint, Error> {
        self.endpoint_with(capacity, Policy::Block)
    }

    /// Makes an endpoint that does as `policy` says with a message for which it has no room.
    ///
    /// # Errors
    /// As [`Factory::endpoint`]; [`Error::InvalidArgument`] for a capacity that the policy does not
    /// [allow](Policy::allows).
    pub fn endpoint_with(&self, capacity: u32, policy: Policy) -> Result<Endpoint, Error> {
        let made = sys::endpoint_create(self.handle(), capacity, policy);
        made.map(|handle| Endpoint::from_slot(Slot::owned(handle)))
    }

    /// Makes a notification.
    ///
    /// # Errors
    /// [`Error::TableFull`], [`Error::NoMemory`].
    pub fn notification(&self) -> Result<Notification, Error> {
        sys::notification_create(self.handle()).map(|handle| Notification::from_slot(Slot::owned(handle)))
    }
}
