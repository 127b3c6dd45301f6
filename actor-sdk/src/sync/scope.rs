//! Scopes: actors that do not outlive the part of the program that started them.
//!
//! Owns: the capabilities of the actors that were started in it, and how those ended that it has waited for.
//! Invariant: when a scope is gone, so are its actors: dropping it kills those that are left and waits for their ends,
//! which the kernel brings about at their next safe point; and so are they, as orphaned, when its own actor fails, which
//! drops nothing: each is linked to it.
//! Does not: watch by itself: a failure is noticed while the scope is waited for. An actor that exits with 0 in the middle
//! of a scope has not failed, and has dropped nothing: its actors go on.

use alloc::vec::Vec;

use tessera_abi::{EndReason, EndRecord, Error, Rights, WAIT_ITEMS_MAX};

use crate::capability::{Actor, Capability, Spawner};
use crate::select::{Event, Select};
use crate::spawn::{Plan, end};

/// When a scope has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// When all its actors have, however they did.
    WaitAll,
    /// Likewise; but when one fails, ends otherwise than by returning or exiting with 0, the others are killed.
    FailFast,
}

#[derive(Debug)]
struct Child {
    actor: Actor,
    end: Option<EndRecord>,
}

/// Up to 256 actors that end with it.
///
/// ```
/// use actor_sdk::sync::{Ending, Scope};
/// use actor_sdk::{EndReason, Error, NEVER, NOW, Plan, Spawner, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let spawner = kernel.grant::<Spawner>("spawner");
/// let mut scope = Scope::new(&spawner, Ending::FailFast);
/// let first = scope.spawn(&Plan::new("first", "worker"))?;
/// let second = scope.spawn(&Plan::new("second", "worker"))?;
/// assert_eq!(scope.wait(5_000).err(), Some(Error::TimedOut));
/// kernel.end_actor("first", EndReason::Exited(1), "");
/// let ends = scope.wait(NEVER)?;
/// assert_eq!(ends[1].reason, EndReason::Killed);
/// assert_eq!(first.join(NOW)?.reason, EndReason::Exited(1));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Scope<'a> {
    spawner: &'a Spawner,
    ending: Ending,
    children: Vec<Child>,
}

impl<'a> Scope<'a> {
    /// A scope without actors.
    #[must_use]
    pub const fn new(spawner: &'a Spawner, ending: Ending) -> Self {
        Self { spawner, ending, children: Vec::new() }
    }

    /// Starts an actor in it.
    ///
    /// # Errors
    /// Those of [`Spawner::spawn_linked`], [`Error::Full`] for more than 256, [`Error::TableFull`]; none has been started
    /// then, or it has ended again.
    pub fn spawn(&mut self, plan: &Plan) -> Result<JoinHandle, Error> {
        if self.children.len() >= WAIT_ITEMS_MAX as usize {
            return Err(Error::Full);
        }
        let actor = self.spawner.spawn_linked(plan)?;
        match actor.narrowed(Rights::WAIT) {
            Ok(handle) => {
                self.children.push(Child { actor, end: None });
                Ok(JoinHandle(handle))
            }
            Err(error) => {
                end(&actor);
                Err(error)
            }
        }
    }

    /// Waits until all have ended or the deadline, and tells how each did, in the order in which they were started.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] while there are some left, who go on. Those of [`Select::wait`].
    pub fn wait(&mut self, deadline_ns: u64) -> Result<Vec<EndRecord>, Error> {
        while let Some(end) = self.next_end(deadline_ns)? {
            if self.ending == Ending::FailFast && end.reason != EndReason::Exited(0) {
                self.kill()?;
            }
        }
        Ok(self.children.iter().filter_map(|child| child.end).collect())
    }

    /// Tells all that are left to end.
    ///
    /// # Errors
    /// Those of a capability that has been taken back.
    pub fn kill(&self) -> Result<(), Error> {
        self.running().try_for_each(|child| child.actor.kill())
    }

    fn running(&self) -> impl Iterator<Item = &Child> {
        self.children.iter().filter(|child| child.end.is_none())
    }

    /// Waits for the next of them to end, if there are some left.
    fn next_end(&mut self, deadline_ns: u64) -> Result<Option<EndRecord>, Error> {
        if self.running().next().is_none() {
            return Ok(None);
        }
        let mut any = self.running().fold(Select::new(), |any, child| any.end(&child.actor));
        let (place, Event::Ended(end)) = any.wait(deadline_ns)? else { return Err(Error::WrongKind) };
        if let Some(child) = self.children.iter_mut().filter(|child| child.end.is_none()).nth(place) {
            child.end = Some(end);
        }
        Ok(Some(end))
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        for child in self.running() {
            end(&child.actor);
        }
    }
}

/// An actor of a scope, to be waited for by itself. It stays good when the scope is gone.
#[derive(Debug)]
pub struct JoinHandle(Actor);

impl JoinHandle {
    /// Waits until the actor has ended, and says how.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when it still lives.
    pub fn join(&self, deadline_ns: u64) -> Result<EndRecord, Error> {
        self.0.wait(deadline_ns)
    }

    /// The capability behind it, for a [`Select`].
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.0
    }
}
