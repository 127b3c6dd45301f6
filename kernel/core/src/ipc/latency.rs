//! How long messages wait at an endpoint, and calls take.
//!
//! Owns two histograms and, beside the queue, the moments at which its messages were offered. It is made when an
//! endpoint is first used while statistics are kept, and guarded by the endpoint's lock, like the queue.
//! Invariants: the moments are those of the newest messages in the queue, in their order, as many as there are
//! moments: what was queued unmeasured is before them. The histograms are of one period of the statistics, in which
//! the deliveries and answers fell that they count; what had begun before counts with all its time.

use crate::fallible;
use crate::stats::Period;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use khal::time::Instant;
use tessera_abi::{Error, Histogram};

/// See the module.
#[derive(Debug)]
pub(super) struct Latency {
    number: u32,
    began: Instant,
    /// When the endpoint's lock was taken, while it is held by somebody who measures.
    pub now: Option<Instant>,
    offered: VecDeque<Instant>,
    waits: Histogram,
    answers: Histogram,
}

/// How long messages waited, and how long answered calls took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// The endpoint's number, 0 if it was never measured.
    pub endpoint: u32,
    /// From each offer to its delivery.
    pub waits: Histogram,
    /// From each call to its answer.
    pub answers: Histogram,
}

impl Latencies {
    /// Nothing was measured.
    pub const NONE: Self = Latencies { endpoint: 0, waits: Histogram::EMPTY, answers: Histogram::EMPTY };
}

impl Latency {
    /// Of the endpoint with this number, which keeps so many messages.
    ///
    /// # Errors
    /// `NoMemory`.
    pub fn new(number: u32, capacity: u32, period: Period) -> Result<Box<Self>, Error> {
        let mut offered = VecDeque::new();
        // A rendezvous queues what a receiver has been woken for.
        offered.try_reserve_exact(capacity.max(1) as usize).map_err(|_| Error::NoMemory)?;
        let (waits, answers) = (Histogram::EMPTY, Histogram::EMPTY);
        fallible::own(Latency { number, began: period.began, now: None, offered, waits, answers })
    }

    /// Lets go of what is of another period.
    pub fn renew(&mut self, period: Period) {
        if self.began != period.began {
            (self.began, self.waits, self.answers) = (period.began, Histogram::EMPTY, Histogram::EMPTY);
        }
    }

    /// A message that was offered at that moment, if it was measured, has gone to the queue's end.
    pub fn queued(&mut self, offered: Option<Instant>) {
        match offered {
            Some(offered) if self.offered.try_reserve(1).is_ok() => self.offered.push_back(offered),
            // Those before it would no longer be the newest.
            _ => self.offered.clear(),
        }
    }

    /// The oldest message has left the queue, in which so many are now: when it was offered, if that is known.
    pub fn left(&mut self, queued: usize) -> Option<Instant> {
        if self.offered.len() > queued { self.offered.pop_front() } else { None }
    }

    /// A message that was offered at that moment is delivered.
    pub fn delivered(&mut self, offered: Instant) {
        if let Some(now) = self.now {
            self.waits.note(now.since(offered).as_nanos() as u64);
        }
    }

    /// A call that was made at that moment is answered.
    pub fn answered(&mut self, called: Instant) {
        if let Some(now) = self.now {
            self.answers.note(now.since(called).as_nanos() as u64);
        }
    }

    /// What was measured in this period.
    pub fn of(&self, period: Period) -> Latencies {
        let endpoint = self.number;
        if self.began == period.began {
            Latencies { endpoint, waits: self.waits, answers: self.answers }
        } else {
            Latencies { endpoint, ..Latencies::NONE }
        }
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    fn period(began: u64) -> Period {
        Period { began: at(began), until: Instant::NEVER }
    }

    #[test]
    fn moments_stay_with_the_newest_messages() {
        let mut latency = Latency::new(7, 4, period(0)).unwrap();
        // One was queued before anything was measured, two since.
        latency.queued(Some(at(10)));
        latency.queued(Some(at(20)));
        assert_eq!([latency.left(2), latency.left(1), latency.left(0)], [None, Some(at(10)), Some(at(20))]);
        // One that is not measured comes behind one that is.
        latency.queued(Some(at(30)));
        latency.queued(None);
        assert_eq!([latency.left(1), latency.left(0)], [None, None]);
    }

    #[test]
    fn figures_are_of_one_period_and_only_while_somebody_measures() {
        let mut latency = Latency::new(7, 1, period(100)).unwrap();
        let none = Latencies { endpoint: 7, ..Latencies::NONE };
        latency.delivered(at(100));
        assert_eq!(latency.of(period(100)), none);
        latency.now = Some(at(500));
        latency.delivered(at(100));
        latency.answered(at(200));
        let Latencies { waits, answers, .. } = latency.of(period(100));
        assert_eq!((waits.total(), waits.longest_ns), (1, 400));
        assert_eq!((answers.total(), answers.longest_ns), (1, 300));
        assert_eq!(latency.of(period(600)), none);
        latency.renew(period(100));
        assert_eq!(latency.of(period(100)).waits.total(), 1, "the period goes on");
        latency.renew(period(600));
        assert_eq!(latency.of(period(600)), none);
    }
}
