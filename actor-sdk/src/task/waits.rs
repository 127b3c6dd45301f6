//! What tasks wait for, and the actor's wait for all of it.
//!
//! Owns: the list of waits in the order in which they began, and what has come for somebody who was dropped.
//! Invariant: a thing is in the actor's wait once, however many tasks wait for it, by however many capabilities; what
//! comes goes to the first of them.
//! Does not: poll anybody. It wakes. Nor does it know which capabilities name one thing, before the kernel says so.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use tessera_abi::{Error, Handle, NEVER};

use super::Shared;
use crate::capability::{Actor, Capability, Endpoint, Notification};
use crate::select::{Event, Select, Unmet};

/// Something to wait for.
#[derive(Clone, Copy)]
pub enum What<'a> {
    Message(&'a Endpoint),
    Bits(&'a Notification),
    End(&'a Actor),
    Moment(u64),
}

impl<'a> What<'a> {
    /// What it is known by; a moment by none.
    fn handle(self) -> Option<Handle> {
        match self {
            Self::Message(endpoint) => Some(endpoint.handle()),
            Self::Bits(notification) => Some(notification.handle()),
            Self::End(actor) => Some(actor.handle()),
            Self::Moment(_) => None,
        }
    }

    fn add_to(self, any: Select<'a>) -> Select<'a> {
        match self {
            Self::Message(endpoint) => any.message(endpoint),
            Self::Bits(notification) => any.bits(notification),
            Self::End(actor) => any.end(actor),
            Self::Moment(_) => any,
        }
    }
}

/// What a wait came to; nothing but itself for a moment.
type Came = Result<Option<Event>, Error>;

struct Waiting<'a> {
    id: u64,
    what: What<'a>,
    waker: Waker,
    came: Option<Came>,
}

/// See the module.
#[derive(Default)]
pub struct Waits<'a> {
    last_id: u64,
    waiting: Vec<Waiting<'a>>,
    unclaimed: Vec<(Handle, Event)>,
}

impl<'a> Waits<'a> {
    /// Each capability once, in the order in which somebody began to wait for it, and the first moment.
    fn sought(&self) -> (Vec<What<'a>>, u64) {
        let (mut things, mut moment_ns) = (Vec::<What<'a>>::new(), NEVER);
        for waiting in self.waiting.iter().filter(|waiting| waiting.came.is_none()) {
            match waiting.what {
                What::Moment(at_ns) => moment_ns = moment_ns.min(at_ns),
                what if things.iter().any(|thing| thing.handle() == what.handle()) => {}
                what => things.push(what),
            }
        }
        (things, moment_ns)
    }

    /// Gives what came to the first who waits for it.
    fn deliver(&mut self, to: Handle, came: Came) {
        let mut waiting = self.waiting.iter_mut();
        if let Some(first) = waiting.find(|one| one.came.is_none() && one.what.handle() == Some(to)) {
            first.came = Some(came);
            first.waker.wake_by_ref();
        }
    }

    fn deliver_moments(&mut self, now_ns: u64) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.came.is_none()) {
            if matches!(waiting.what, What::Moment(at_ns) if at_ns <= now_ns) {
                waiting.came = Some(Ok(None));
                waiting.waker.wake_by_ref();
            }
        }
    }

    /// What came for `what` when whoever it was for had gone.
    fn claim(&mut self, what: What<'a>) -> Option<Event> {
        let place = self.unclaimed.iter().position(|(handle, _)| Some(*handle) == what.handle())?;
        Some(self.unclaimed.remove(place).1)
    }

    fn begin(&mut self, what: What<'a>, waker: Waker) -> u64 {
        self.last_id += 1;
        self.waiting.push(Waiting { id: self.last_id, what, waker, came: None });
        self.last_id
    }

    fn place(&self, id: u64) -> Option<usize> {
        self.waiting.iter().position(|waiting| waiting.id == id)
    }

    /// Somebody waits no longer. What came for him is for the next, or kept for who comes.
    fn end(&mut self, id: u64) {
        let Some(place) = self.place(id) else { return };
        let Waiting { what, came, .. } = self.waiting.remove(place);
        let (Some(handle), Some(Ok(Some(event)))) = (what.handle(), came) else { return };
        if self.waiting.iter().any(|one| one.came.is_none() && one.what.handle() == Some(handle)) {
            self.deliver(handle, Ok(Some(event)));
        } else {
            self.unclaimed.push((handle, event));
        }
    }
}

/// Waits for any of `things`. Of two that turn out to be one, the later is left out: whoever waits for it has waited
/// less long, and is the first when the others have been served.
fn any_of(things: &mut Vec<What<'_>>, deadline_ns: u64) -> Result<(usize, Event), Unmet> {
    loop {
        match things.iter().fold(Select::new(), |any, thing| thing.add_to(any)).wait(deadline_ns) {
            Err(Unmet { error: Error::InvalidArgument, place: Some(place) }) if place < things.len() => {
                things.remove(place);
            }
            came => return came,
        }
    }
}

impl Shared<'_> {
    /// Waits until something comes that somebody waits for, and wakes him.
    ///
    /// # Errors
    /// See [`Tasks::run`](super::Tasks::run).
    pub fn wait(&self) -> Result<(), Error> {
        let (mut things, moment_ns) = self.waits.borrow().sought();
        let came = match (things.is_empty(), moment_ns) {
            (true, NEVER) => return Err(Error::WouldDeadlock),
            (true, _) => self
                .clock
                .sleep_until(moment_ns)
                .and(Err(Error::TimedOut))
                .map_err(|error| Unmet { error, place: None }),
            (false, _) => any_of(&mut things, moment_ns),
        };
        let handle = |place: usize| things.get(place).and_then(|thing| thing.handle());
        let (to, came) = match came {
            Ok((place, event)) => (handle(place), Ok(Some(event))),
            Err(Unmet { error: Error::TimedOut | Error::WouldBlock, .. }) => {
                self.waits.borrow_mut().deliver_moments(moment_ns);
                return Ok(());
            }
            Err(Unmet { error, place: Some(place) }) => (handle(place), Err(error)),
            Err(unmet) => return Err(unmet.error),
        };
        if let Some(to) = to {
            self.waits.borrow_mut().deliver(to, came);
        }
        // Something that always comes is not to hold up the moments.
        let now_ns = if moment_ns == NEVER { 0 } else { self.clock.now_ns()? };
        self.waits.borrow_mut().deliver_moments(now_ns);
        Ok(())
    }
}

/// One task's wait.
pub struct Wait<'a> {
    shared: Rc<Shared<'a>>,
    what: What<'a>,
    id: Option<u64>,
}

impl<'a> Wait<'a> {
    /// It begins when it is first polled.
    pub const fn new(shared: Rc<Shared<'a>>, what: What<'a>) -> Self {
        Self { shared, what, id: None }
    }
}

impl Future for Wait<'_> {
    type Output = Came;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Came> {
        let shared = self.shared.clone();
        let mut waits = shared.waits.borrow_mut();
        let Some(place) = self.id.and_then(|id| waits.place(id)) else {
            if let Some(event) = waits.claim(self.what) {
                return Poll::Ready(Ok(Some(event)));
            }
            self.id = Some(waits.begin(self.what, context.waker().clone()));
            return Poll::Pending;
        };
        let Some(waiting) = waits.waiting.get_mut(place) else { return Poll::Pending };
        match waiting.came.take() {
            Some(came) => {
                waits.waiting.remove(place);
                self.id = None;
                Poll::Ready(came)
            }
            None => {
                waiting.waker.clone_from(context.waker());
                Poll::Pending
            }
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.shared.waits.borrow_mut().end(id);
        }
    }
}
