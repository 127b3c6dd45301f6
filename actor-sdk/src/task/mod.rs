//! Tasks: several things that one actor does at a time, each written as if it did nothing else (`async`).
//!
//! Owns: the tasks of one [`Tasks::run`], what each waits for, and the one wait of the actor that serves them all.
//! Invariants:
//! * The actor waits in one place only, by a [`Select`](crate::Select) over all that its tasks wait for, when no task has
//!   anything to do: nothing is polled in vain, and a task that waits costs no host call.
//! * Who has waited longest for a thing gets it, and things that always have something are taken from in turns.
//! * Dropping a future ends its wait and loses nothing: a message that came for it is kept for the next who waits there
//!   by the same capability.
//!
//! Does not: run anything at the same time. A task goes on until it awaits something; host calls that block (`call`,
//! `send` to a full queue) block all tasks. Up to 256 different capabilities can be waited for at once; of several that
//! name one thing by one at a time, that of who has waited longest: what becomes of the others meanwhile, if they are
//! taken back or expire, is told when the actor's wait has ended.
//!
//! ```
//! use actor_sdk::task::{Tasks, both};
//! use actor_sdk::{Clock, Endpoint, Error, Outgoing, fake};
//!
//! fn echo(door: &Endpoint, clock: &Clock) -> Result<u64, Error> {
//!     let tasks = Tasks::new(clock);
//!     let (first, second) = tasks.run(both(
//!         async { tasks.recv(door).await.map(|message| message.label) },
//!         async { tasks.timeout(5_000, tasks.recv(door)).await.map(|_| ()) },
//!     ))?;
//!     assert_eq!(second, Err(Error::TimedOut));
//!     first
//! }
//!
//! let mut kernel = fake::Kernel::new();
//! let (clock, door) = (kernel.grant::<Clock>("clock"), kernel.grant::<Endpoint>("door"));
//! door.try_send(&Outgoing::new(7))?;
//! assert_eq!(echo(&door, &clock), Ok(7));
//! # Ok::<(), Error>(())
//! ```

mod combine;
mod join;
mod waits;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};

use tessera_abi::{EndRecord, Error};

use crate::capability::{Actor, Clock, Endpoint, Notification};
use crate::message::Incoming;
use crate::select::Event;
use crate::sync::{Packed, Portable, Receiver};

pub use combine::{Either, both, either};
pub use join::Join;
use waits::{Wait, Waits, What};

/// Whether a task has something to do.
struct Woken(AtomicBool);

impl Woken {
    /// A new task has.
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(true)))
    }

    fn take(&self) -> bool {
        // Relaxed: an actor has one thread; it is an atomic because a waker must be one.
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One task beside the first.
struct Task<'a> {
    future: Pin<Box<dyn Future<Output = ()> + 'a>>,
    woken: Arc<Woken>,
}

struct Shared<'a> {
    clock: &'a Clock,
    waits: RefCell<Waits<'a>>,
    tasks: RefCell<Vec<Task<'a>>>,
    /// How many runs there are, each within the one before.
    runs: Cell<usize>,
}

/// The tasks of an actor; clones mean the same ones. See the module.
#[derive(Clone)]
pub struct Tasks<'a>(Rc<Shared<'a>>);

impl fmt::Debug for Tasks<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tasks").finish_non_exhaustive()
    }
}

impl<'a> Tasks<'a> {
    /// None yet. The clock is for those that wait for a moment.
    #[must_use]
    pub fn new(clock: &'a Clock) -> Self {
        let (waits, tasks) = (RefCell::new(Waits::default()), RefCell::new(Vec::new()));
        Self(Rc::new(Shared { clock, waits, tasks, runs: Cell::new(0) }))
    }

    /// Runs `first`, and all that are spawned before it is done; those that are not done then are dropped. A run within a
    /// run leaves them to the outer one. Meanwhile whoever called it stands still, and, unless that was the outer run's
    /// `first`, so do all that were spawned before.
    ///
    /// # Errors
    /// [`Error::WouldDeadlock`] when all wait for each other and nothing of the kernel's; otherwise what the actor's wait
    /// was refused with, if that concerns none of the things that are waited for.
    pub fn run<T>(&self, first: impl Future<Output = T>) -> Result<T, Error> {
        self.0.runs.update(|runs| runs + 1);
        let done = self.run_to_end(first);
        self.0.runs.update(|runs| runs - 1);
        if self.0.runs.get() == 0 {
            self.drop_others();
        }
        done
    }

    fn run_to_end<T>(&self, first: impl Future<Output = T>) -> Result<T, Error> {
        let (mut first, woken) = (Box::pin(first), Woken::new());
        let waker = Waker::from(woken.clone());
        loop {
            if woken.take()
                && let Poll::Ready(done) = first.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return Ok(done);
            }
            if !self.poll_others() && !woken.0.load(Ordering::Relaxed) {
                self.0.wait()?;
            }
        }
    }

    fn drop_others(&self) {
        loop {
            // Outside of the cell: what they drop may spawn another.
            let tasks = core::mem::take(&mut *self.0.tasks.borrow_mut());
            if tasks.is_empty() {
                return;
            }
        }
    }

    /// Starts another task, which goes on while others wait. It ends with what is returned here.
    pub fn spawn<T: 'a>(&self, future: impl Future<Output = T> + 'a) -> Join<T> {
        let woken = Woken::new();
        let (join, future) = join::joined(future, Waker::from(woken.clone()));
        self.0.tasks.borrow_mut().push(Task { future: Box::pin(future), woken });
        join
    }

    /// The next message at an endpoint.
    ///
    /// # Errors
    /// Those of [`Endpoint::recv`], but for deadlines.
    pub async fn recv(&self, endpoint: &'a Endpoint) -> Result<Incoming, Error> {
        match self.wait(What::Message(endpoint)).await? {
            Some(Event::Message(message)) => Ok(message),
            _ => Err(Error::WrongKind),
        }
    }

    /// The next value of a channel.
    ///
    /// # Errors
    /// Those of [`Receiver::recv`], but for deadlines.
    pub async fn next<T: Portable>(&self, channel: &'a Receiver<T>) -> Result<T, Error> {
        let packed = Packed::from(self.recv(channel.endpoint()).await?);
        T::unpack(&packed).ok_or(Error::InvalidArgument)
    }

    /// The bits of a notification, as soon as there are some.
    ///
    /// # Errors
    /// Those of [`Notification::wait`], but for deadlines.
    pub async fn bits(&self, notification: &'a Notification) -> Result<u64, Error> {
        match self.wait(What::Bits(notification)).await? {
            Some(Event::Bits(bits)) => Ok(bits),
            _ => Err(Error::WrongKind),
        }
    }

    /// How an actor has ended, as soon as it has.
    ///
    /// # Errors
    /// Those of [`Actor::wait`], but for deadlines.
    pub async fn end(&self, actor: &'a Actor) -> Result<EndRecord, Error> {
        match self.wait(What::End(actor)).await? {
            Some(Event::Ended(end)) => Ok(end),
            _ => Err(Error::WrongKind),
        }
    }

    /// Waits until the moment has come.
    ///
    /// # Errors
    /// Those of the clock.
    pub async fn until(&self, moment_ns: u64) -> Result<(), Error> {
        self.wait(What::Moment(moment_ns)).await.map(|_| ())
    }

    /// What `future` comes to, if it does before the deadline; otherwise it is dropped.
    ///
    /// # Errors
    /// Its own, and [`Error::TimedOut`].
    pub fn timeout<T>(
        &self,
        deadline_ns: u64,
        future: impl Future<Output = Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let either = either(future, self.wait(What::Moment(deadline_ns)));
        async {
            match either.await {
                Either::First(done) => done,
                Either::Second(ended) => ended.and(Err(Error::TimedOut)),
            }
        }
    }

    fn wait(&self, what: What<'a>) -> Wait<'a> {
        Wait::new(self.0.clone(), what)
    }

    /// Lets those others that have something to do go on; false if none had.
    fn poll_others(&self) -> bool {
        // Taken out of the cell: whoever is polled may spawn.
        let mut tasks = core::mem::take(&mut *self.0.tasks.borrow_mut());
        let mut any = false;
        tasks.retain_mut(|task| {
            if !task.woken.take() {
                return true;
            }
            any = true;
            let waker = Waker::from(task.woken.clone());
            task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()
        });
        let spawned = core::mem::take(&mut *self.0.tasks.borrow_mut());
        tasks.extend(spawned);
        *self.0.tasks.borrow_mut() = tasks;
        any
    }
}
