//! A condition variable: waiting for what another actor does to a value that a mutex guards.
//!
//! Owns: the number of those who wait and have not been woken, in a mutex, and a queue of wake-ups, each of which one of
//! them takes. To wake is to count one less and to queue one.
//! Invariant: a wake-up is only queued for somebody who waits, so none is left over for one who comes later; one whose
//! deadline passes takes the wake-up that was meant for him, or counts himself off.
//! Does not: promise that the condition holds: whoever is woken looks again. A party that ends while it waits stays
//! counted, and a wake-up that it would have got wakes somebody who comes later for nothing.

use alloc::format;

use tessera_abi::{ENDPOINT_CAPACITY_MAX, Error, NOW, Policy};

use super::mutex::{Guard, Mutex};
use super::value::Portable;
use super::{Shared, WITHDRAWAL_NS, grant_party};
use crate::capability::{Capability, Endpoint, Factory};
use crate::message::Outgoing;
use crate::spawn::Plan;

/// Lets up to 1024 actors wait for a change.
///
/// ```
/// use actor_sdk::sync::{Condvar, Mutex};
/// use actor_sdk::{Error, Factory, NOW, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let factory = kernel.grant::<Factory>("factory");
/// let (level, changed) = (Mutex::new(&factory, &0_u64)?, Condvar::new(&factory)?);
/// let mut guard = level.lock(NOW)?;
/// let waited = loop {
///     if *guard >= 10 {
///         break Ok(());
///     }
///     match changed.wait(guard, 5_000) {
///         Ok(locked) => guard = locked,
///         Err(error) => break Err(error),
///     }
/// };
/// assert_eq!(waited, Err(Error::TimedOut), "nobody has called `wake_one`");
/// assert!(level.lock(NOW).is_ok());
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Condvar {
    waiting: Mutex<u64>,
    wake_ups: Endpoint,
}

impl Condvar {
    /// A condition that nobody waits for.
    ///
    /// # Errors
    /// [`Error::TableFull`], [`Error::NoMemory`].
    pub fn new(factory: &Factory) -> Result<Self, Error> {
        let wake_ups = factory.endpoint_with(ENDPOINT_CAPACITY_MAX, Policy::Reject)?;
        Ok(Self { waiting: Mutex::new(factory, &0)?, wake_ups })
    }

    /// Unlocks, waits until it is woken, and locks again, all until the deadline. Whoever changes the value under the
    /// lock and wakes afterwards is not missed.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`]; those of the mutex and of the endpoint. The mutex is not locked by
    /// this actor then.
    pub fn wait<'a, T: Portable>(
        &self,
        guard: Guard<'a, T>,
        deadline_ns: u64,
    ) -> Result<Guard<'a, T>, Error> {
        let mutex = guard.mutex();
        let mut waiting = self.waiting.lock(deadline_ns)?;
        *waiting += 1;
        waiting.unlock()?;
        let woken = guard.unlock().and_then(|()| self.wake_ups.recv(deadline_ns));
        if let Err(error) = woken {
            self.withdraw(error, deadline_ns)?;
        }
        mutex.lock(deadline_ns).inspect_err(|_| {
            // The wake-up was for somebody who looks at the value; this one will not.
            let _broken = self.wake_one(deadline_ns.saturating_add(WITHDRAWAL_NS));
        })
    }

    /// Counts one off who waits no longer, unless he has been woken meanwhile.
    fn withdraw(&self, error: Error, deadline_ns: u64) -> Result<(), Error> {
        let mut waiting = self.waiting.lock(deadline_ns.saturating_add(WITHDRAWAL_NS))?;
        if self.wake_ups.try_recv()?.is_some() {
            return Ok(());
        }
        *waiting = waiting.saturating_sub(1);
        waiting.unlock().and(Err(error))
    }

    /// Wakes the one who has waited longest, if anybody waits. Waits for others who are being counted until the deadline.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`], those of [`Endpoint::send`]; nobody is woken then.
    pub fn wake_one(&self, deadline_ns: u64) -> Result<(), Error> {
        self.wake(1, deadline_ns)
    }

    /// Wakes all who wait.
    ///
    /// # Errors
    /// As [`Condvar::wake_one`]; some may have been woken.
    pub fn wake_all(&self, deadline_ns: u64) -> Result<(), Error> {
        self.wake(u64::MAX, deadline_ns)
    }

    fn wake(&self, at_most: u64, deadline_ns: u64) -> Result<(), Error> {
        let mut waiting = self.waiting.lock(deadline_ns)?;
        for _ in 0..at_most.min(*waiting) {
            self.wake_ups.send(&Outgoing::new(0), NOW)?;
            *waiting -= 1;
        }
        waiting.unlock()
    }
}

/// Its two queues lie under the name with `.wait` and `.wake` behind it, so it can have 11 bytes.
impl Shared for Condvar {
    fn grant_to(&self, plan: Plan, name: &str) -> Plan {
        grant_party(
            plan.share(&format!("{name}.wait"), &self.waiting),
            &format!("{name}.wake"),
            &self.wake_ups,
        )
    }

    fn find(name: &str) -> Result<Self, Error> {
        let wake_ups = Endpoint::find(&format!("{name}.wake"))?;
        Ok(Self { waiting: Shared::find(&format!("{name}.wait"))?, wake_ups })
    }
}
