//! A barrier: so many actors wait until all of them have come, again and again.
//!
//! Owns: a mutex with how many have come to which round, and two gates, queues of passes: the last to come opens the
//! round's gate by putting a pass there for each of the others.
//! Invariant: rounds take the gates by turns. Nobody comes to a round before he has left the one before it, so when a gate
//! is opened the other is empty, but for passes of parties that have ended.
//! Does not: do without a party that ended. The others wait until their deadlines.

use alloc::format;

use tessera_abi::{ENDPOINT_CAPACITY_MAX, Error, NOW, Policy};

use super::mutex::Mutex;
use super::{Shared, WITHDRAWAL_NS, grant_party};
use crate::capability::{Capability, Endpoint, Factory};
use crate::message::Outgoing;
use crate::spawn::Plan;

/// In what order a party came to a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Others came later.
    Earlier,
    /// It was the last, of which each round has one.
    Last,
}

/// Lets nobody pass before all have come. Who gives up by his deadline takes himself off the count, for which he
/// may wait a second more; if the count stays in others' hands for that long, the round opens one too early.
///
/// ```
/// use actor_sdk::sync::{Arrival, Barrier, Shared};
/// use actor_sdk::{Error, Factory, NOW, Plan, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let factory = kernel.grant::<Factory>("factory");
/// let start = Barrier::new(&factory, 2)?;
/// let worker = Plan::new("worker", "worker").share("start", &start); // There: Barrier::find("start")
/// assert_eq!(start.wait(5_000), Err(Error::TimedOut), "the worker has not come");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Barrier {
    /// How many parties there are, how many have come, and the number of the round.
    state: Mutex<[u64; 4]>,
    even: Endpoint,
    odd: Endpoint,
}

impl Barrier {
    /// A barrier for so many parties, 1 to 1024.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for their number, [`Error::TableFull`], [`Error::NoMemory`].
    pub fn new(factory: &Factory, parties: u32) -> Result<Self, Error> {
        if !(1..=ENDPOINT_CAPACITY_MAX).contains(&parties) {
            return Err(Error::InvalidArgument);
        }
        let gate = || factory.endpoint_with(parties, Policy::Reject);
        let state = Mutex::new(factory, &[u64::from(parties), 0, 0, 0])?;
        Ok(Self { state, even: gate()?, odd: gate()? })
    }

    /// Comes to the round and waits until all have, or until the deadline; then it has not come.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when not all came; those of [`Mutex::lock`] and
    /// [`Endpoint::recv`]. If a party ended in the few calls for which it holds the state, everybody is told so.
    pub fn wait(&self, deadline_ns: u64) -> Result<Arrival, Error> {
        let mut state = self.state.lock(deadline_ns)?;
        let [parties, come, round, _] = *state;
        if come + 1 >= parties {
            self.open(parties, round)?;
            *state = [parties, 0, round.wrapping_add(1), 0];
            return state.unlock().map(|()| Arrival::Last);
        }
        *state = [parties, come + 1, round, 0];
        state.unlock()?;
        let passed = self.gate(round).recv(deadline_ns);
        passed.map(|_| ()).or_else(|error| self.withdraw(error, round, deadline_ns))?;
        Ok(Arrival::Earlier)
    }

    const fn gate(&self, round: u64) -> &Endpoint {
        if round.is_multiple_of(2) { &self.even } else { &self.odd }
    }

    fn open(&self, parties: u64, round: u64) -> Result<(), Error> {
        while self.gate(round.wrapping_add(1)).try_recv()?.is_some() {}
        (1..parties).try_for_each(|_| self.gate(round).send(&Outgoing::new(0), NOW))
    }

    /// Leaves the round, unless its gate has been opened meanwhile.
    fn withdraw(&self, error: Error, round: u64, deadline_ns: u64) -> Result<(), Error> {
        let mut state = self.state.lock(deadline_ns.saturating_add(WITHDRAWAL_NS))?;
        let [parties, come, current, _] = *state;
        if current != round {
            return self.gate(round).recv(NOW).map(|_| ());
        }
        *state = [parties, come.saturating_sub(1), round, 0];
        state.unlock().and(Err(error))
    }
}

/// Its three queues lie under the name with `.state`, `.even` and `.odd` behind it, so it can have 10 bytes.
impl Shared for Barrier {
    fn grant_to(&self, plan: Plan, name: &str) -> Plan {
        let plan = plan.share(&format!("{name}.state"), &self.state);
        let plan = grant_party(plan, &format!("{name}.even"), &self.even);
        grant_party(plan, &format!("{name}.odd"), &self.odd)
    }

    fn find(name: &str) -> Result<Self, Error> {
        let gate = |which: &str| Endpoint::find(&format!("{name}.{which}"));
        Ok(Self { state: Shared::find(&format!("{name}.state"))?, even: gate("even")?, odd: gate("odd")? })
    }
}
