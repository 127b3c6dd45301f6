//! How actors end, and what is told about it.
//!
//! Owns: the kinds of fault, the reasons for an end, and the record that a waiter gets.
//! Invariants: an actor ends once and its reason never changes; a fault belongs to exactly one actor.
//! Does not: decide what happens next (a supervisor does).

use crate::text::Line;
use crate::wire::{Field, Malformed, Reader, Writer, numbered, record};

numbered! {
    /// What an actor did, or what happened to it, that it could not go on.
    pub enum FaultKind: u8 {
        Unreachable = 1, "unreachable", "It executed the unreachable instruction.";
        MemoryOutOfBounds = 2, "memory-out-of-bounds", "It touched memory past the end.";
        TableOutOfBounds = 3, "table-out-of-bounds", "It touched a table past the end.";
        DivideByZero = 4, "divide-by-zero", "It divided an integer by zero.";
        IntegerOverflow = 5, "integer-overflow", "An integer operation has no representable result.";
        BadConversion = 6, "bad-conversion", "It converted a float that no integer stands for.";
        NullElement = 7, "null-element", "It called or used an element that is null.";
        SignatureMismatch = 8, "signature-mismatch", "It called a function by another signature.";
        CallDepth = 9, "call-depth", "Its calls went deeper than its stacks allow.";
        MalformedModule = 10, "malformed-module", "The module is truncated, corrupt or invalid.";
        UnknownImport = 11, "unknown-import", "The module imports something that no host call provides.";
        WrongSignature = 12, "wrong-signature", "The module imports a host call by another signature.";
        NoEntryPoint = 13, "no-entry-point", "The module exports no entry point for its shape.";
        MemoryOverMaximum = 14, "memory-over-maximum", "The module's first memory is larger than allowed.";
        OutOfMemory = 15, "out-of-memory", "Its account had no memory left where it could not be refused.";
        EnginePanic = 16, "engine-panic", "The interpreter itself failed while it ran the actor.";
        ActorPanic = 17, "actor-panic", "It reported a panic of its own.";
        Other = 18, "other", "Something that the other kinds do not name.";
        TableOverMaximum = 19, "table-over-maximum", "A table of the module is larger than allowed.";
        MissingModule = 20, "missing-module", "The image has no module of that name.";
        Exception = 21, "exception", "It threw an exception that nobody caught.";
    }
}

/// Why an actor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// It returned from its entry point, or exited, with this code; 0 means success.
    Exited(i32),
    /// It could not go on.
    Fault(FaultKind),
    /// Somebody with the right to do so ended it.
    Killed,
    /// A handler's own endpoint was taken back.
    Revoked,
    /// Whoever ended it says that it used more than it may. The kernel itself refuses what is over an account's limits,
    /// and ends nobody for it.
    OverQuota,
    /// An actor that it was linked to failed, and it ended with that one.
    Orphaned,
    /// Whoever watched it ended it, as it gave no sign of life for too long.
    Silent,
}

impl EndReason {
    const EXITED: u8 = 0;
    const FAULT: u8 = 1;
    const KILLED: u8 = 2;
    const REVOKED: u8 = 3;
    const OVER_QUOTA: u8 = 4;
    const ORPHANED: u8 = 5;
    const SILENT: u8 = 6;

    /// The number of the reason's kind.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.parts().0
    }

    /// The reason with this number, if that is all that it says.
    #[must_use]
    pub const fn plain(number: u8) -> Option<Self> {
        Some(match number {
            Self::KILLED => Self::Killed,
            Self::REVOKED => Self::Revoked,
            Self::OVER_QUOTA => Self::OverQuota,
            Self::ORPHANED => Self::Orphaned,
            Self::SILENT => Self::Silent,
            _ => return None,
        })
    }

    /// The reason with this number, if whoever ends an actor may give it: killed, over-quota and silent.
    #[must_use]
    pub fn given(number: u32) -> Option<Self> {
        let reason = Self::plain(u8::try_from(number).ok()?)?;
        matches!(reason, Self::Killed | Self::OverQuota | Self::Silent).then_some(reason)
    }

    /// The reason's kind as people read it; the code or the kind of fault comes on top.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exited(_) => "exited",
            Self::Fault(kind) => kind.name(),
            Self::Killed => "killed",
            Self::Revoked => "revoked",
            Self::OverQuota => "over-quota",
            Self::Orphaned => "orphaned",
            Self::Silent => "silent",
        }
    }

    const fn parts(self) -> (u8, u8, i32) {
        match self {
            Self::Exited(code) => (Self::EXITED, 0, code),
            Self::Fault(kind) => (Self::FAULT, kind.number(), 0),
            Self::Killed => (Self::KILLED, 0, 0),
            Self::Revoked => (Self::REVOKED, 0, 0),
            Self::OverQuota => (Self::OVER_QUOTA, 0, 0),
            Self::Orphaned => (Self::ORPHANED, 0, 0),
            Self::Silent => (Self::SILENT, 0, 0),
        }
    }
}

/// On the wire: kind, kind of fault, exit code; what a kind does not use is zero.
impl Field for EndReason {
    const SIZE: usize = 6;

    fn put(&self, writer: &mut Writer<'_>) {
        let (kind, fault, code) = self.parts();
        writer.field(&kind);
        writer.field(&fault);
        writer.field(&code);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (kind, fault, code) = (reader.field::<u8>()?, reader.field::<u8>()?, reader.field::<i32>()?);
        let reason = match kind {
            Self::EXITED => Self::Exited(code),
            Self::FAULT => Self::Fault(FaultKind::from_number(fault).ok_or(Malformed)?),
            _ => Self::plain(kind).ok_or(Malformed)?,
        };
        if reason.parts() == (kind, fault, code) { Ok(reason) } else { Err(Malformed) }
    }
}

record! {
    /// What `actor_wait` writes: an end, as every waiter gets it, however late.
    pub struct EndRecord {
        /// Why.
        pub reason: EndReason,
        /// Set to zero.
        pub reserved: u16,
        /// When, in nanoseconds since boot.
        pub time_ns: u64,
        /// The panic message with its place, or the detail of a fault; empty otherwise.
        pub detail: Line,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn every_reason() -> impl Iterator<Item = EndReason> {
        use EndReason::{Exited, Fault, Killed, Orphaned, OverQuota, Revoked, Silent};
        let plain = [Exited(0), Exited(i32::MIN), Killed, Revoked, OverQuota, Orphaned, Silent];
        plain.into_iter().chain(FaultKind::ALL.iter().map(|kind| Fault(*kind)))
    }

    #[test]
    fn every_reason_reads_back_as_itself() {
        for reason in every_reason() {
            let record = EndRecord { reason, reserved: 0, time_ns: 7, detail: Line::EMPTY };
            assert_eq!(EndRecord::decode(&record.encode()), Ok(record));
        }
    }

    #[test]
    fn whoever_ends_an_actor_gives_the_reasons_that_only_he_can_know() {
        let given: Vec<_> = (0..300).filter_map(EndReason::given).map(EndReason::name).collect();
        assert_eq!(given, ["killed", "over-quota", "silent"]);
    }

    #[test]
    fn bytes_that_contradict_themselves_are_malformed() {
        for bytes in [[0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [2, 0, 1, 0, 0, 0], [9, 0, 0, 0, 0, 0]] {
            assert_eq!(Reader::new(&bytes).field::<EndReason>(), Err(Malformed));
        }
    }
}
