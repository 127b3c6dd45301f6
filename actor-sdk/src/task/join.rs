//! A task's result, and its end.
//!
//! Invariant: a task goes on as long as somebody can still have its result, or it was let go.
//! Does not: run the task.

use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

struct State<T> {
    done: Cell<Option<T>>,
    /// Who waits for the result.
    waiter: RefCell<Option<Waker>>,
    /// Whether the task is to be dropped.
    over: Cell<bool>,
    /// Wakes the task.
    task: Waker,
}

/// A task that was spawned: await it for what it comes to. Dropping it ends the task, where it waits.
#[must_use = "dropping it ends the task; `detach` lets it go on"]
pub struct Join<T> {
    state: Option<Rc<State<T>>>,
}

impl<T> core::fmt::Debug for Join<T> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Join").finish_non_exhaustive()
    }
}

impl<T> Join<T> {
    /// Lets the task go on by itself, as long as the tasks are run.
    pub fn detach(mut self) {
        self.state = None;
    }
}

impl<T> Future for Join<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(state) = &self.state else { return Poll::Pending };
        if let Some(done) = state.done.take() {
            return Poll::Ready(done);
        }
        *state.waiter.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        if let Some(state) = &self.state {
            state.over.set(true);
            state.task.wake_by_ref();
        }
    }
}

/// A task of this future, which `task` wakes, and what it is joined by.
pub fn joined<T>(future: impl Future<Output = T>, task: Waker) -> (Join<T>, impl Future<Output = ()>) {
    let (done, waiter) = (Cell::new(None), RefCell::new(None));
    let state = Rc::new(State { done, waiter, over: Cell::new(false), task });
    let own = state.clone();
    let mut future = Box::pin(future);
    let run = poll_fn(move |context| {
        if own.over.get() {
            return Poll::Ready(());
        }
        future.as_mut().poll(context).map(|done| {
            own.done.set(Some(done));
            own.waiter.take().into_iter().for_each(Waker::wake);
        })
    });
    (Join { state: Some(state) }, run)
}
