//! An actor's signs of life: what `actor_pulse` and `inspect` tell of whether it gets on.
//!
//! Owns: the record.
//! Invariants: fixed sizes; how long ago something was is told in steps of about a millisecond, right up to 26 days.
//! Does not: judge: what is too long is for whoever watches.

use crate::wire::{numbered, record};

numbered! {
    /// What an actor is at.
    pub enum Spell: u8 {
        AtRest = 0, "at rest", "It has no activation: a handler without a message, or an actor that has not begun.";
        Working = 1, "working", "It has not waited since: it runs, is ready to, or was put aside.";
        Waiting = 2, "waiting", "It waits in one call, within an activation.";
    }
}

record! {
    /// An actor's signs of life.
    pub struct PulseRecord {
        /// Its place among the actors; the next walk step starts one further.
        pub index: u32,
        /// What it is at.
        pub spell: Spell,
        /// Set to zero.
        pub reserved: [u8; 3],
        /// Its id.
        pub id: u64,
        /// For how long it has been at that without a break, in nanoseconds.
        pub spell_ns: u64,
        /// How long ago its last heartbeat was, or the begin of its activation or a handler's next message if that was
        /// later, in nanoseconds. Means nothing at rest.
        pub silent_ns: u64,
    }
}
