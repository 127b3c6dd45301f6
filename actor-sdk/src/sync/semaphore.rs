//! A semaphore: so many permits, of which each is a message in one queue.
//!
//! Owns: an endpoint whose capacity is the number of permits. To acquire is to receive, to release is to send.
//! Invariant: there are never more permits than it was made with, since the queue has no room for more.
//! Does not: get a permit back whose holder ended; whoever learns of it may [replace](Semaphore::replace_lost) it.

use tessera_abi::{Error, NOW, Policy};

use super::{Shared, grant_party};
use crate::capability::{Endpoint, Factory};
use crate::message::Outgoing;
use crate::spawn::Plan;

/// So many permits, among whoever was given the semaphore.
///
/// ```
/// use actor_sdk::sync::{Semaphore, Shared};
/// use actor_sdk::{Error, Factory, NOW, Plan, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let factory = kernel.grant::<Factory>("factory");
/// let lanes = Semaphore::new(&factory, 2)?;
/// let worker = Plan::new("worker", "worker").share("lanes", &lanes); // There: Semaphore::find("lanes")
/// let (first, second) = (lanes.acquire(NOW)?, lanes.acquire(NOW)?);
/// assert_eq!(lanes.acquire(5_000).err(), Some(Error::TimedOut));
/// drop(first);
/// assert!(lanes.acquire(NOW).is_ok());
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Semaphore(Endpoint);

impl Semaphore {
    /// A semaphore with so many permits, 1 to 1024, none of them taken.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for their number, [`Error::TableFull`], [`Error::NoMemory`].
    pub fn new(factory: &Factory, permits: u32) -> Result<Self, Error> {
        if permits == 0 {
            return Err(Error::InvalidArgument);
        }
        let semaphore = Self(factory.endpoint_with(permits, Policy::Reject)?);
        (0..permits).try_for_each(|_| semaphore.put())?;
        Ok(semaphore)
    }

    /// Takes a permit, waiting for one until the deadline. Who waits longest is served first.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when there was none, [`Error::Closed`].
    pub fn acquire(&self, deadline_ns: u64) -> Result<Permit<'_>, Error> {
        self.take(deadline_ns).map(|()| Permit { of: self, is_held: true })
    }

    /// Puts a permit in the place of one whose holder ended.
    ///
    /// # Errors
    /// [`Error::QueueFull`] when all are there, [`Error::Closed`], [`Error::NoMemory`].
    pub fn replace_lost(&self) -> Result<(), Error> {
        self.put()
    }

    /// Closes it for good: whoever waits or comes later is told [`Error::Closed`].
    ///
    /// # Errors
    /// Those of [`Endpoint::close`].
    pub fn close(&self) -> Result<(), Error> {
        self.0.close()
    }

    pub(super) fn take(&self, deadline_ns: u64) -> Result<(), Error> {
        self.0.recv(deadline_ns).map(|_| ())
    }

    pub(super) fn put(&self) -> Result<(), Error> {
        self.0.send(&Outgoing::new(0), NOW)
    }
}

impl Shared for Semaphore {
    fn grant_to(&self, plan: Plan, name: &str) -> Plan {
        grant_party(plan, name, &self.0)
    }

    fn find(name: &str) -> Result<Self, Error> {
        crate::Capability::find(name).map(Self)
    }
}

/// A permit, which goes back when this is dropped.
#[derive(Debug)]
#[must_use = "it goes back at once"]
pub struct Permit<'a> {
    of: &'a Semaphore,
    is_held: bool,
}

impl Permit<'_> {
    /// Gives the permit back.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::NoMemory`]; dropping this could not have said so. The permit is lost then.
    pub fn release(mut self) -> Result<(), Error> {
        self.is_held = false;
        self.of.put()
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_held {
            // A closed semaphore needs none back; who must know of other refusals calls `release`.
            let _refused = self.of.put();
        }
    }
}
