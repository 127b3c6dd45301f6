//! Futures of two futures: either, and both.
//!
//! Invariants: both are polled whenever one is woken, the first first, so of two that are done at once the first counts.
//! Each lies in a box: an `async fn` keeps room for its arguments twice, which would double with every level, and an
//! actor's stack is small.
//! Does not: know tasks.

use alloc::boxed::Box;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Which of two came to something, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first.
    First(A),
    /// The second.
    Second(B),
}

/// What the first of two to be done comes to; the other is dropped.
pub fn either<A: Future, B: Future>(
    first: A,
    second: B,
) -> impl Future<Output = Either<A::Output, B::Output>> {
    let mut two = Some((Box::pin(first), Box::pin(second)));
    poll_fn(move |context| {
        let Some((first, second)) = &mut two else { return Poll::Pending };
        let polled = match first.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Either::First(done)),
            Poll::Pending => second.as_mut().poll(context).map(Either::Second),
        };
        if polled.is_ready() {
            // At once: what came for the other is for somebody else now.
            two = None;
        }
        polled
    })
}

/// What both come to.
pub fn both<A: Future, B: Future>(first: A, second: B) -> impl Future<Output = (A::Output, B::Output)> {
    let (mut first, mut second) = (Half::new(first), Half::new(second));
    poll_fn(move |context| {
        first.poll(context);
        second.poll(context);
        match (&mut first, &mut second) {
            (Half::Done(one), Half::Done(other)) => {
                one.take().zip(other.take()).map_or(Poll::Pending, Poll::Ready)
            }
            _ => Poll::Pending,
        }
    })
}

/// One of two that are both waited for.
enum Half<F: Future> {
    Goes(Pin<Box<F>>),
    Done(Option<F::Output>),
}

impl<F: Future> Half<F> {
    fn new(future: F) -> Self {
        Self::Goes(Box::pin(future))
    }

    fn poll(&mut self, context: &mut Context<'_>) {
        if let Self::Goes(future) = self
            && let Poll::Ready(done) = future.as_mut().poll(context)
        {
            *self = Self::Done(Some(done));
        }
    }
}
