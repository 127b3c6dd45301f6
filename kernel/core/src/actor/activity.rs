//! Where an actor's time goes and how much it sends, while statistics are kept.
//!
//! Owns the figures of one actor in one period of the statistics, made when it is first seen in one, so that who is
//! never measured pays a pointer. Invariant: states follow each other without a gap, from the period's beginning or
//! the actor's spawn, if that is later; so their times add up to its age in the period.
//! Written by whoever has the actor in hand: itself, its core's loop, or who makes it ready, one after the other, as
//! the run queue and the gate hand it on. So all of it is Relaxed; a reader sees each figure right by itself.
//! Takes no lock.

use super::{Actor, add_to};
use crate::stats::Period;
use khal::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use khal::time::{self, Instant};
use tessera_abi::ActorState;

/// The states that take time.
const KEPT: usize = 5;

/// See the module.
#[derive(Debug, Default)]
pub struct Activity {
    began_ns: AtomicU64,
    /// When it came into the state that it is in.
    since_ns: AtomicU64,
    state: AtomicU8,
    spent_ns: [AtomicU64; KEPT],
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// What an actor did in a period, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Time ready for a core, in ns.
    pub ready_ns: u64,
    /// Time on a core, in ns.
    pub running_ns: u64,
    /// Time waiting for something with its stack, in ns.
    pub blocked_ns: u64,
    /// Time as a handler without a message, in ns.
    pub idle_ns: u64,
    /// Time put aside by somebody, or as a draft, in ns.
    pub suspended_ns: u64,
    /// Bytes of the messages that it received.
    pub bytes_in: u64,
    /// Bytes of the messages that it sent.
    pub bytes_out: u64,
}

/// The figure that a state's time goes to; the end takes none.
const fn place(state: ActorState) -> Option<usize> {
    match state {
        ActorState::Starting | ActorState::Ready => Some(0),
        ActorState::Running => Some(1),
        ActorState::Blocked => Some(2),
        ActorState::Idle => Some(3),
        ActorState::Suspended | ActorState::Draft => Some(4),
        ActorState::Ended => None,
    }
}

impl Activity {
    fn is_of(&self, period: Period) -> bool {
        self.began_ns.load(Ordering::Relaxed) == period.began.as_nanos()
    }

    /// Forgets what was, and is in `state` from then on.
    fn begin(&self, period: Period, state: ActorState, from: Instant) {
        for figure in self.spent_ns.iter().chain([&self.bytes_in, &self.bytes_out]) {
            figure.store(0, Ordering::Relaxed);
        }
        self.since_ns.store(from.as_nanos(), Ordering::Relaxed);
        self.state.store(state.number(), Ordering::Relaxed);
        self.began_ns.store(period.began.as_nanos(), Ordering::Relaxed);
    }

    fn enter(&self, state: ActorState, at: Instant) {
        let since_ns = self.since_ns.load(Ordering::Relaxed);
        // Two cores' readings of the clock may come in the other order than what they were read for.
        let until_ns = at.as_nanos().max(since_ns);
        if let Some(figure) = self.present() {
            add_to(figure, until_ns - since_ns);
        }
        self.since_ns.store(until_ns, Ordering::Relaxed);
        self.state.store(state.number(), Ordering::Relaxed);
    }

    /// Since when it has been running, if it is.
    fn running_since(&self) -> Option<Instant> {
        let running = self.state.load(Ordering::Relaxed) == ActorState::Running.number();
        running.then(|| Instant::from_nanos(self.since_ns.load(Ordering::Relaxed)))
    }

    /// The figure of the state that it is in.
    fn present(&self) -> Option<&AtomicU64> {
        let state = ActorState::from_number(self.state.load(Ordering::Relaxed))?;
        self.spent_ns.get(place(state)?)
    }

    fn spent(&self, at: Instant) -> Spent {
        let rest_ns = at.as_nanos().saturating_sub(self.since_ns.load(Ordering::Relaxed));
        let present = ActorState::from_number(self.state.load(Ordering::Relaxed)).and_then(place);
        let mut figures = [0; KEPT];
        for (place, (figure, spent)) in figures.iter_mut().zip(&self.spent_ns).enumerate() {
            *figure = spent.load(Ordering::Relaxed) + if present == Some(place) { rest_ns } else { 0 };
        }
        let bytes_in = self.bytes_in.load(Ordering::Relaxed);
        Spent { bytes_in, bytes_out: self.bytes_out.load(Ordering::Relaxed), ..Spent::in_states(figures) }
    }
}

impl Spent {
    const fn in_states(figures: [u64; KEPT]) -> Self {
        let [ready_ns, running_ns, blocked_ns, idle_ns, suspended_ns] = figures;
        Spent { ready_ns, running_ns, blocked_ns, idle_ns, suspended_ns, bytes_in: 0, bytes_out: 0 }
    }
}

impl Actor {
    /// It begins to be; nobody else knows it yet.
    pub(super) fn measure_birth(&self) {
        let stats = self.kernel().stats();
        if let Some(now) = stats.now()
            && let Some(activity) = self.measured()
        {
            activity.begin(stats.period(), self.noted_state(), now);
        }
    }

    /// From `at` on it is in `state`, while statistics are kept. If it is seen for the first time, it has been in
    /// the state `before` up to now.
    pub(crate) fn measure(&self, before: ActorState, state: ActorState, at: Instant) {
        let stats = self.kernel().stats();
        if !stats.is_on() {
            return;
        }
        let period = stats.period();
        let Some(activity) = self.measured() else { return };
        if !activity.is_of(period) {
            activity.begin(period, before, period.began);
        }
        activity.enter(state, at);
    }

    /// It is about to be made ready, at `now` if that is known. No clock is read while statistics are off.
    pub(crate) fn measure_ready(&self, now: Option<Instant>) {
        let stats = self.kernel().stats();
        if stats.is_on() {
            self.measure(self.noted_state(), ActorState::Ready, now.unwrap_or_else(time::now));
        }
    }

    /// When the turn began that it is in, if that was measured: for itself.
    pub(crate) fn turn_began(&self) -> Option<Instant> {
        let activity = self.activity()?;
        activity.is_of(self.kernel().stats().period()).then(|| activity.running_since())?
    }

    /// It has received or sent a message's bytes, while statistics are kept.
    pub fn measure_bytes(&self, received: usize, sent: usize) {
        let stats = self.kernel().stats();
        // Most messages have no bytes.
        if received + sent == 0 || !stats.is_on() {
            return;
        }
        if let Some(activity) = self.activity().filter(|activity| activity.is_of(stats.period())) {
            add_to(&activity.bytes_in, received as u64);
            add_to(&activity.bytes_out, sent as u64);
        }
    }

    /// The state noted last, suspended or not.
    fn noted_state(&self) -> ActorState {
        ActorState::from_number(self.state.load(Ordering::Relaxed)).unwrap_or(ActorState::Ready)
    }

    /// Its figures, if it has any.
    fn activity(&self) -> Option<&Activity> {
        self.extras.get()?.activity.get()
    }

    /// Its figures, made now if it has none; where there is no memory for them it goes unmeasured.
    #[inline]
    fn measured(&self) -> Option<&Activity> {
        self.activity().or_else(|| self.begin_measuring())
    }

    #[cold]
    fn begin_measuring(&self) -> Option<&Activity> {
        let extras = self.extras().inspect_err(|_| self.kernel().stats().miss()).ok()?;
        Some(extras.activity.call_once(Activity::default))
    }

    /// What it did in the present period of the statistics, or the last.
    pub fn spent(&self) -> Spent {
        let period = self.kernel().stats().period();
        let until = time::now().min(period.until);
        match self.activity() {
            Some(activity) if activity.is_of(period) => activity.spent(until),
            // It has not left its state since the period began.
            _ => {
                let mut figures = [0; KEPT];
                if let Some(figure) = place(self.noted_state()).and_then(|place| figures.get_mut(place)) {
                    *figure = until.since(period.began).as_nanos() as u64;
                }
                Spent::in_states(figures)
            }
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
    fn times_in_all_states_add_up_whatever_order_the_clock_is_read_in() {
        let activity = Activity::default();
        activity.begin(period(100), ActorState::Ready, at(100));
        activity.enter(ActorState::Running, at(110));
        activity.enter(ActorState::Blocked, at(130));
        activity.enter(ActorState::Ready, at(170));
        // Looked for before it was made ready, by another core's clock.
        activity.enter(ActorState::Running, at(165));
        activity.enter(ActorState::Idle, at(200));
        let spent = activity.spent(at(250));
        let expected = [10, 50, 40, 50, 0];
        assert_eq!(spent, Spent::in_states(expected));
        assert_eq!(expected.iter().sum::<u64>(), 150);
        activity.enter(ActorState::Ended, at(260));
        assert_eq!(activity.spent(at(900)), Spent::in_states([10, 50, 40, 60, 0]));
    }

    #[test]
    fn a_new_period_begins_with_nothing() {
        let activity = Activity::default();
        activity.begin(period(100), ActorState::Running, at(100));
        activity.bytes_in.fetch_add(7, Ordering::Relaxed);
        activity.enter(ActorState::Suspended, at(150));
        assert!(activity.is_of(period(100)) && !activity.is_of(period(500)));
        activity.begin(period(500), ActorState::Suspended, at(500));
        assert_eq!(activity.spent(at(510)), Spent::in_states([0, 0, 0, 0, 10]));
    }
}
