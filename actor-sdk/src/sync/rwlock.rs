//! A lock that many readers or one writer can have.
//!
//! Owns: a semaphore with a permit a reader, and a mutex, the turn, in which the number of those permits lies. A reader
//! takes its turn, one permit, and gives the turn back; a writer takes its turn and all permits, and keeps both.
//! Invariant: whoever comes behind a writer waits for the turn behind him, so readers who keep coming do not starve him.
//! Does not: hold the data; what it guards is the parties' own business. A reader that ends with its permit makes every
//! writer wait until his deadline, until somebody puts it right ([`RwLock::replace_lost_reader`]).

use alloc::format;

use tessera_abi::Error;

use super::Shared;
use super::mutex::{Guard, Mutex};
use super::semaphore::{Permit, Semaphore};
use crate::capability::Factory;
use crate::spawn::Plan;

/// Many read or one writes.
///
/// ```
/// use actor_sdk::sync::{RwLock, Shared};
/// use actor_sdk::{Error, Factory, NOW, Plan, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let factory = kernel.grant::<Factory>("factory");
/// let lock = RwLock::new(&factory, 8)?;
/// let worker = Plan::new("worker", "worker").share("lock", &lock); // There: RwLock::find("lock")
/// let (one, other) = (lock.read(NOW)?, lock.read(NOW)?);
/// assert_eq!(lock.write(5_000).err(), Some(Error::TimedOut));
/// drop((one, other));
/// let writer = lock.write(NOW)?;
/// assert_eq!(lock.read(NOW).err(), Some(Error::WouldBlock));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct RwLock {
    turn: Mutex<u64>,
    room: Semaphore,
}

impl RwLock {
    /// A lock that up to so many readers, 1 to 1024, can have at once. A writer sends and receives as many messages.
    ///
    /// # Errors
    /// As [`Semaphore::new`].
    pub fn new(factory: &Factory, readers_max: u32) -> Result<Self, Error> {
        let room = Semaphore::new(factory, readers_max)?;
        Ok(Self { turn: Mutex::new(factory, &u64::from(readers_max))?, room })
    }

    /// Takes the lock for reading, waiting for it until the deadline.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when a writer had it, or came first.
    pub fn read(&self, deadline_ns: u64) -> Result<ReadGuard<'_>, Error> {
        let turn = self.turn.lock(deadline_ns)?;
        let permit = self.room.acquire(deadline_ns)?;
        turn.unlock()?;
        Ok(ReadGuard { _permit: permit })
    }

    /// Takes the lock for writing, waiting for it until the deadline.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when somebody else had it; he and others keep what they have.
    pub fn write(&self, deadline_ns: u64) -> Result<WriteGuard<'_>, Error> {
        let turn = self.turn.lock(deadline_ns)?;
        let readers_max = *turn;
        let mut writer = WriteGuard { room: &self.room, permits: 0, _turn: turn };
        while writer.permits < readers_max {
            self.room.take(deadline_ns)?;
            writer.permits += 1;
        }
        Ok(writer)
    }

    /// Puts a permit in the place of a reader's who ended.
    ///
    /// # Errors
    /// As [`Semaphore::replace_lost`].
    pub fn replace_lost_reader(&self) -> Result<(), Error> {
        self.room.replace_lost()
    }
}

/// The room and the turn lie under the name with `.room` and `.turn` behind it, so it can have 11 bytes.
impl Shared for RwLock {
    fn grant_to(&self, plan: Plan, name: &str) -> Plan {
        plan.share(&format!("{name}.turn"), &self.turn).share(&format!("{name}.room"), &self.room)
    }

    fn find(name: &str) -> Result<Self, Error> {
        Ok(Self {
            turn: Shared::find(&format!("{name}.turn"))?,
            room: Shared::find(&format!("{name}.room"))?,
        })
    }
}

/// The lock, for reading. Dropping it gives it back.
#[derive(Debug)]
#[must_use = "it is given back at once"]
pub struct ReadGuard<'a> {
    _permit: Permit<'a>,
}

/// The lock, for writing. Dropping it gives it back.
#[derive(Debug)]
#[must_use = "it is given back at once"]
pub struct WriteGuard<'a> {
    room: &'a Semaphore,
    permits: u64,
    /// Given back behind the permits.
    _turn: Guard<'a, u64>,
}

impl Drop for WriteGuard<'_> {
    fn drop(&mut self) {
        for _ in 0..self.permits {
            // As with a permit: a closed lock needs none back.
            let _refused = self.room.put();
        }
    }
}
