//! What a client does when its server has ended and been started again.
//!
//! Invariant: the supervisor is asked through the capability that it granted under [`SUPERVISOR`]; who was granted
//! none cannot ask.
//! Does not: retry, or notice by itself that a server is gone: a call to it says `peer-dead` or `closed`.

use tessera_abi::Error;

use crate::capability::{Capability, Endpoint};
use crate::message::Outgoing;
use crate::protocol::supervisor::{GIVE, GIVEN};

/// Under which name an actor finds its supervisor.
pub const SUPERVISOR: &str = "supervisor";

/// The capability that the manifest grants under `name`, as it is now: of the server that was started again, and
/// not of the one that has ended.
///
/// # Errors
/// [`Error::Busy`] when there is nothing newer yet, and it may be tried again; [`Error::Closed`] when the server has
/// been given up; [`Error::NotFound`] for a name that the supervisor knows nothing of, or without a supervisor to
/// ask; those of [`Endpoint::call`].
pub fn renewed<C: Capability>(name: &str, deadline_ns: u64) -> Result<C, Error> {
    let supervisor = Endpoint::find(SUPERVISOR)?;
    let mut answer = supervisor.call(&Outgoing::new(GIVE).text(name), deadline_ns)?;
    if answer.label == GIVEN {
        return answer.take(0);
    }
    let number = u16::try_from(answer.word(0)).ok();
    Err(number.and_then(Error::from_number).unwrap_or(Error::Unsupported))
}
