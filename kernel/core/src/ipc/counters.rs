//! What has become of everything that was sent to an endpoint.
//!
//! Owns the figures and the sum that must come out of them. The figures of messages are kept under the
//! endpoint's lock, and debug builds check the sum each time that the lock is left
//! ([`Locked`](super::queue::Locked)).

/// What is counted one by one: the counters but for what can be seen to be there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub offered: u64,
    pub delivered: u64,
    pub rejected: u64,
    pub dropped: u64,
    pub withdrawn: u64,
    pub discarded: u64,
}

impl Tally {
    /// The counters of an endpoint with so many messages in its queue and with its blocked senders.
    pub fn with(self, queued: usize, blocked: usize) -> Counters {
        let Tally { offered, delivered, rejected, dropped, withdrawn, discarded } = self;
        let (queued, blocked) = (queued as u64, blocked as u64);
        Counters { offered, delivered, rejected, dropped, withdrawn, discarded, queued, blocked }
    }
}

/// What has become of every message offered so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Sends and calls that passed their checks.
    pub offered: u64,
    /// Handed to a receiver.
    pub delivered: u64,
    /// Refused at once, because there was no room and the sender would not or could not wait.
    pub rejected: u64,
    /// Dropped by the endpoint's policy, for want of room.
    pub dropped: u64,
    /// Taken back by a sender that stopped waiting for room.
    pub withdrawn: u64,
    /// Dropped when the endpoint closed.
    pub discarded: u64,
    /// In the queue now.
    pub queued: u64,
    /// With blocked senders now.
    pub blocked: u64,
}

impl Counters {
    /// Whether every message is accounted for.
    pub fn balance(&self) -> bool {
        let gone = self.delivered + self.rejected + self.dropped + self.withdrawn + self.discarded;
        self.offered == gone + self.queued + self.blocked
    }
}
