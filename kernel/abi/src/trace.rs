//! The trace: what happened on each core, in the order in which it did.
//!
//! Owns: the kinds of events and the record of one.
//! Invariants: a kind's number and what its two words mean never change.
//! Does not: keep any (kernel/core does).

use crate::wire::{numbered, record};

/// Events that a core keeps.
pub const TRACE_KEPT: usize = 1024;

numbered! {
    /// What happened. Each says what the record's two words tell of it.
    pub enum TraceKind: u16 {
        Spawn = 1, "spawn", "The actor spawned another: its id, 0.";
        Turn = 2, "turn", "A core ran the actor: nanoseconds, and how it came back, a `TurnEnd`.";
        Send = 3, "send", "It sent a message, a call, an answer or a forwarded call: the label, and how many bytes.";
        Receive = 4, "receive", "It received a message or an answer: the label, and how many bytes.";
        Revoke = 5, "revoke", "It took capabilities back: how many, and how many waiters that woke.";
        Fault = 6, "fault", "It ended by a fault: the number of its kind, 0.";
        End = 7, "end", "It ended otherwise: the exit code as 64 bits, and 1 if it came to the end by itself.";
    }
}

numbered! {
    /// How an actor came back from a core.
    pub enum TurnEnd: u8 {
        Yielded = 0, "yielded", "At a safe point, because it was asked to or wanted to.";
        Preempted = 1, "preempted", "Switched out by force.";
        Blocked = 2, "blocked", "It waits for something.";
        Ended = 3, "ended", "Its activation is over.";
    }
}

record! {
    /// One event.
    pub struct TraceRecord {
        /// Its number among the events of its core, from 1, without a gap but for what is no longer kept.
        pub sequence: u64,
        /// When, in nanoseconds since boot.
        pub time_ns: u64,
        /// Who did it or whom it happened to; the kernel's own are 0.
        pub actor: u64,
        /// The first word.
        pub first: u64,
        /// The second.
        pub second: u64,
        /// The core.
        pub core: u16,
        /// What happened.
        pub kind: TraceKind,
        /// Set to zero.
        pub reserved: u32,
    }
}

impl TraceRecord {
    /// The index by which `inspect` finds the first event of a core that has this number or a later one.
    #[must_use]
    pub const fn index(core: u16, sequence: u64) -> u64 {
        (core as u64) << 48 | (sequence & 0xffff_ffff_ffff)
    }

    /// The core and the number in an index.
    #[must_use]
    pub const fn parts(index: u64) -> (u16, u64) {
        ((index >> 48) as u16, index & 0xffff_ffff_ffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_gives_back_what_it_was_made_of() {
        for (core, sequence) in [(0, 0), (63, 1), (u16::MAX, 0xffff_ffff_ffff)] {
            assert_eq!(TraceRecord::parts(TraceRecord::index(core, sequence)), (core, sequence));
        }
    }
}
