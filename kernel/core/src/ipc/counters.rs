//! What has become of everything that was sent to an endpoint.
//!
//! Owns the figures and the sums that must come out of them. They are kept under the endpoint's lock, and debug
//! builds check both sums each time that the lock is left ([`Locked`](super::queue::Locked)).

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

/// What has become of every call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls that were taken, so that their callers waited for an answer.
    pub begun: u64,
    /// Whose callers have the answer, whoever gave it in the end.
    pub replied: u64,
    /// Whose callers have stopped waiting: deadline, kill, revocation.
    pub caller_gone: u64,
    /// Whose callers were told that no answer will come: the reply was dropped, the callee ended, the endpoint
    /// closed or dropped the message.
    pub callee_gone: u64,
    /// Whose callers wait.
    pub outstanding: u64,
}

/// How a call ended, as its caller saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallEnd {
    Replied,
    CallerGone,
    CalleeGone,
}

impl Calls {
    /// Whether every call is accounted for.
    pub fn balance(&self) -> bool {
        self.begun == self.replied + self.caller_gone + self.callee_gone + self.outstanding
    }

    pub(super) fn begin(&mut self) {
        self.begun += 1;
        self.outstanding += 1;
    }

    pub(super) fn end(&mut self, end: CallEnd) {
        self.outstanding -= 1;
        match end {
            CallEnd::Replied => self.replied += 1,
            CallEnd::CallerGone => self.caller_gone += 1,
            CallEnd::CalleeGone => self.callee_gone += 1,
        }
    }
}
