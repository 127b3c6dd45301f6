//! Synchronisation between actors: they share no memory, so what they meet at is an endpoint.
//!
//! Owns: how the parties of a primitive get it. Whoever makes one has all its capabilities; a party is given them when
//! it is spawned ([`Plan::share`]) and finds them by name ([`Shared::find`]). Later is too late for all that has to
//! receive: the right to does not travel in messages.
//! Invariants: there is one mechanism. A queue holds messages that stand for what may be taken (permits, a value,
//! wake-ups); to take one is to receive it, with a deadline, and who comes first is served first. So nothing is
//! remembered in two places, and closing a primitive's endpoint tells everybody.
//! Does not: notice that a party ended. What it had taken is lost with it, as the message that it had received is;
//! each primitive says what that means. Whoever monitors the party can put it right.

mod barrier;
mod channel;
mod condvar;
mod interval;
mod mutex;
mod once;
mod rwlock;
mod scope;
mod semaphore;
mod value;

pub use barrier::{Arrival, Barrier};
pub use channel::{Channel, Receiver, Sender};
pub use condvar::Condvar;
pub use interval::{Interval, Missed};
pub use mutex::{Guard, Mutex};
pub use once::Once;
pub use rwlock::{ReadGuard, RwLock, WriteGuard};
pub use scope::{Ending, JoinHandle, Scope};
pub use semaphore::{Permit, Semaphore};
pub use value::{Packed, Portable};

use tessera_abi::{Error, Rights};

use crate::capability::Endpoint;
use crate::spawn::Plan;

/// How long past its deadline a wait that came to nothing may take to withdraw, in nanoseconds.
const WITHDRAWAL_NS: u64 = 1_000_000_000;

/// What a party of a primitive is given of each of its endpoints: to take, to put back, and to hand on to its own
/// children.
const PARTY: Rights = Rights::SEND.union(Rights::RECEIVE).union(Rights::GRANT);

/// What several actors can be given when they are spawned.
pub trait Shared: Sized {
    /// The plan with all that a party needs, to be found by `name`; what has several endpoints adds to it.
    #[must_use]
    fn grant_to(&self, plan: Plan, name: &str) -> Plan;

    /// Finds what the spawner has shared as `name`.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, [`Error::WrongKind`] if it is something else.
    fn find(name: &str) -> Result<Self, Error>;
}

impl Plan {
    /// Makes the new actor a party of `shared`, which it [finds](Shared::find) by `name`.
    #[must_use]
    pub fn share(self, name: &str, shared: &impl Shared) -> Self {
        shared.grant_to(self, name)
    }
}

/// The plan with an endpoint that its actor takes from and puts back into.
fn grant_party(plan: Plan, name: &str, endpoint: &Endpoint) -> Plan {
    plan.grant(name, endpoint, PARTY)
}
