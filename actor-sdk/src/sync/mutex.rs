//! A mutex, and the value that it guards: one message in a queue that keeps one.
//!
//! Owns: an endpoint of capacity 1. To lock is to receive the value, to unlock is to send it back.
//! Invariant: the value is in one place: in the queue, or with the one who has the lock.
//! Does not: survive its holder's end: the value goes with it, and everybody else waits until his deadline. Whoever
//! learns of it can put a new value in its place ([`Mutex::replace_lost`]).

use core::ops::{Deref, DerefMut};

use tessera_abi::{Error, NOW, Policy};

use core::marker::PhantomData;

use super::value::{Packed, Portable};
use super::{Shared, grant_party};
use crate::capability::{Endpoint, Factory};
use crate::spawn::Plan;

/// A value that one actor at a time has.
///
/// ```
/// use actor_sdk::sync::{Mutex, Shared};
/// use actor_sdk::{Error, Factory, NOW, Plan, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let factory = kernel.grant::<Factory>("factory");
/// let total = Mutex::new(&factory, &40_u64)?;
/// let worker = Plan::new("worker", "worker").share("total", &total); // There: Mutex::<u64>::find("total")
/// let mut guard = total.lock(NOW)?;
/// *guard += 2;
/// assert_eq!(total.lock(NOW).err(), Some(Error::WouldBlock));
/// drop(guard);
/// assert_eq!(*total.lock(NOW)?, 42);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Mutex<T> {
    place: Endpoint,
    value: PhantomData<fn() -> T>,
}

impl<T: Portable> Mutex<T> {
    /// A mutex that nobody has locked.
    ///
    /// # Errors
    /// [`Error::TooLong`] for the value, [`Error::TableFull`], [`Error::NoMemory`].
    pub fn new(factory: &Factory, value: &T) -> Result<Self, Error> {
        let mutex = Self { place: factory.endpoint_with(1, Policy::Reject)?, value: PhantomData };
        mutex.replace_lost(value)?;
        Ok(mutex)
    }

    /// Takes the value, waiting for it until the deadline. Who waits longest is served first.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when somebody else had it, [`Error::Closed`], and
    /// [`Error::InvalidArgument`] when what lies there is no `T`; it stays there.
    pub fn lock(&self, deadline_ns: u64) -> Result<Guard<'_, T>, Error> {
        let packed = Packed::from(self.place.recv(deadline_ns)?);
        match T::unpack(&packed) {
            Some(value) => Ok(Guard { of: self, value, packed, is_held: true }),
            None => packed.send(&self.place, 0, NOW).and(Err(Error::InvalidArgument)),
        }
    }

    /// Puts a value in the place of one whose holder ended.
    ///
    /// # Errors
    /// [`Error::QueueFull`] when one is there, [`Error::TooLong`], [`Error::Closed`], [`Error::NoMemory`].
    pub fn replace_lost(&self, value: &T) -> Result<(), Error> {
        value.pack().send(&self.place, 0, NOW)
    }

    /// Closes it for good: whoever waits or comes later is told [`Error::Closed`].
    ///
    /// # Errors
    /// Those of [`Endpoint::close`].
    pub fn close(&self) -> Result<(), Error> {
        self.place.close()
    }
}

impl<T> Shared for Mutex<T> {
    fn grant_to(&self, plan: Plan, name: &str) -> Plan {
        grant_party(plan, name, &self.place)
    }

    fn find(name: &str) -> Result<Self, Error> {
        crate::Capability::find(name).map(|place| Self { place, value: PhantomData })
    }
}

/// The lock, and the value under it. Dropping it unlocks.
#[derive(Debug)]
#[must_use = "it is unlocked at once"]
pub struct Guard<'a, T: Portable> {
    of: &'a Mutex<T>,
    value: T,
    /// The value as it was, for when it has grown too long to go back.
    packed: Packed,
    is_held: bool,
}

impl<'a, T: Portable> Guard<'a, T> {
    /// Puts the value back for others.
    ///
    /// # Errors
    /// [`Error::TooLong`] when the value has become too long for a message; it is as it was before the lock then.
    /// [`Error::Closed`], [`Error::NoMemory`]: it is gone. Dropping this could not have said so.
    pub fn unlock(mut self) -> Result<(), Error> {
        self.put_back()
    }

    /// The mutex that this is the lock of.
    pub(super) const fn mutex(&self) -> &'a Mutex<T> {
        self.of
    }

    fn put_back(&mut self) -> Result<(), Error> {
        self.is_held = false;
        match self.of.replace_lost(&self.value) {
            Err(Error::TooLong) => self.packed.send(&self.of.place, 0, NOW).and(Err(Error::TooLong)),
            put => put,
        }
    }
}

impl<T: Portable> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        if self.is_held {
            // A closed mutex needs nothing back; who must know of other refusals calls `unlock`.
            let _refused = self.put_back();
        }
    }
}

impl<T: Portable> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Portable> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}
