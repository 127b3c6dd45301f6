//! An actor's lineage: whom it stands in for, as `inspect` tells it.
//!
//! Owns: the record.
//! Invariants: fixed size; what is counted is of the whole line, back to the first, who stood in for nobody.
//! Does not: judge who may stand in for whom (whoever starts an actor says it), or know whose name somebody bears.

use crate::end::EndReason;
use crate::wire::record;

record! {
    /// Whom an actor stands in for.
    pub struct LineageRecord {
        /// Its place among the actors; the next walk step starts one further.
        pub index: u32,
        /// How many there were in its place before it: how often it was started again.
        pub restarts: u32,
        /// Its id.
        pub id: u64,
        /// The id of the last of those, 0 for none.
        pub before: u64,
        /// How many of them ended by a fault.
        pub faults: u32,
        /// How the last of them ended; means something only if there is one.
        pub before_end: EndReason,
        /// Set to zero.
        pub reserved: u16,
    }
}

impl LineageRecord {
    /// Of an actor that stands in for nobody.
    #[must_use]
    pub const fn first(index: u32, id: u64) -> Self {
        Self { index, restarts: 0, id, before: 0, faults: 0, before_end: EndReason::Exited(0), reserved: 0 }
    }
}
