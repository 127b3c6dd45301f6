//! What a host call answers when it refuses: one number an error, for ever.
//!
//! Owns: the numbers, names and sentences, and how a result becomes the `i64` that crosses the border.
//! Invariant: numbers are never reused; zero is no error.
//! Does not: describe faults (an actor's end, see [`crate::end`]); a refusal goes back to the caller,
//! who goes on.

use crate::wire::numbered;

numbered! {
    /// Why a host call did nothing. The caller gets minus the number.
    pub enum Error: u16 {
        BadHandle = 1, "bad-handle", "The handle names no slot that this actor ever had.";
        StaleHandle = 2, "stale-handle", "The slot has been emptied or given to another capability since.";
        WrongKind = 3, "wrong-kind", "The capability names an object of another kind.";
        MissingRight = 4, "missing-right", "The capability does not carry the right that this call needs.";
        Revoked = 5, "revoked", "The capability was taken back by whoever it came from.";
        Expired = 6, "expired", "The capability's time or uses have run out.";
        TableFull = 7, "table-full", "The receiving capability table has no free slot.";
        QueueFull = 8, "queue-full", "The endpoint's queue is full and the caller would not wait.";
        WouldBlock = 9, "would-block", "Nothing is there yet and the caller would not wait.";
        TimedOut = 10, "timed-out", "The deadline passed first; nothing has changed.";
        Cancelled = 11, "cancelled", "The wait was called off.";
        Closed = 12, "closed", "The endpoint is closed, or nobody is left who could receive.";
        PeerDead = 13, "peer-dead", "The actor that should have answered has ended.";
        NoMemory = 14, "no-memory", "The kernel has no memory left for this.";
        TooLong = 15, "too-long", "The bytes are more than the limit or more than the buffer holds.";
        BadAddress = 16, "bad-address", "The address and length do not lie inside the actor's memory.";
        InvalidArgument = 17, "invalid-argument", "An argument or a record's field has no meaning.";
        NotFound = 18, "not-found", "No such module, actor, entry or name.";
        WouldDeadlock = 19, "would-deadlock", "The call would close a circle of actors waiting for each other.";
        Busy = 20, "busy", "Not now: somebody else is using this, or its rate is used up. Try again later.";
        Full = 21, "full", "A limit on the number of these objects is reached.";
        BadModule = 22, "bad-module", "No call refuses with this: a module that cannot be loaded ends its actor, as a fault.";
        Unsupported = 23, "unsupported", "The kernel knows the request and does not offer it yet.";
        OverQuota = 24, "over-quota", "The account that pays for this has not so much left of it.";
    }
}

impl Error {
    /// The answer that stands for the error: minus its number.
    #[must_use]
    pub const fn to_answer(self) -> i64 {
        -(self.number() as i64)
    }
}

/// Packs a result into the answer of a host call. Values are at most `i64::MAX`; larger ones are
/// written to memory by the calls that have them, so the top bit is always free here.
#[must_use]
pub const fn answer(result: Result<u64, Error>) -> i64 {
    match result {
        Ok(value) => (value & i64::MAX as u64) as i64,
        Err(error) => error.to_answer(),
    }
}

/// Takes an answer apart again. A negative number that no kernel of this ABI gives is read as
/// [`Error::Unsupported`], so that an actor built against an older table still sees a refusal.
///
/// # Errors
/// The error that the answer stands for.
pub const fn result(answer: i64) -> Result<u64, Error> {
    if answer >= 0 {
        return Ok(answer as u64);
    }
    let number = answer.unsigned_abs();
    if number > u16::MAX as u64 {
        return Err(Error::Unsupported);
    }
    match Error::from_number(number as u16) {
        Some(error) => Err(error),
        None => Err(Error::Unsupported),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_survives_the_border_and_is_negative() {
        for error in Error::ALL {
            assert!(answer(Err(*error)) < 0);
            assert_eq!(result(answer(Err(*error))), Err(*error));
        }
    }

    #[test]
    fn an_unknown_refusal_is_still_a_refusal() {
        assert_eq!(result(-60_000), Err(Error::Unsupported));
        assert_eq!(result(i64::MIN), Err(Error::Unsupported));
    }
}
