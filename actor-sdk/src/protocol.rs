//! What system actors and their clients have agreed on, so that neither repeats the other's numbers.
//!
//! Owns: labels. A protocol is data between actors; the kernel knows nothing of it.
//! Does not: wrap calls; clients build messages as they like.

/// The console's server.
pub mod console {
    /// Called or sent: write the message's bytes. Answered with nothing.
    pub const WRITE: u64 = 1;
    /// Called: answered with at least one byte that was typed, when there is one.
    pub const READ: u64 = 2;
    /// Called by the keyboard: it listens now.
    pub const READY: u64 = 3;
    /// Called by the keyboard: these bytes were typed. Answered when there is room for more.
    pub const TYPED: u64 = 4;
    /// An answer: the label means nothing here.
    pub const UNKNOWN: u64 = u64::MAX;
}

/// The recorder of snapshots.
pub mod recorder {
    /// Called: write a snapshot of the machine to its second serial port now. Answered when it is written: the first
    /// word is 0, or the number of an error (`NotFound` where there is no such port); the second how many lines.
    pub const RECORD: u64 = 1;
    /// An answer: the label means nothing here.
    pub const UNKNOWN: u64 = u64::MAX;
}

/// The supervisor, for those whom it has started: `actor_sdk::renewed` speaks it for them.
pub mod supervisor {
    /// Called: the bytes are the name under which the manifest grants the caller an endpoint or an actor that may
    /// have been started again. Answered with [`GIVEN`] or [`REFUSED`].
    pub const GIVE: u64 = 1;
    /// An answer: the capability comes with it, with the rights and the badge that the manifest grants.
    pub const GIVEN: u64 = 2;
    /// An answer: the first word is the number of an error. `Busy` when there is nothing newer yet, `Closed` when
    /// there never will be, `NotFound` for a name that grants nothing of the kind.
    pub const REFUSED: u64 = 3;
}
