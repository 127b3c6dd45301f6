//! When a supervisor starts its actors again, in what order, and when it gives up: decisions, and nothing else.
//!
//! Owns: what each child is about to be, and when it was started again. The rules are Erlang's: `always` is its
//! permanent, `on-fault` its transient, `never` its temporary; a kill is a fault.
//! Invariants:
//! * A child is started again at most `limit` times within any `window`, then given up.
//! * Of children that are to start together none starts while one is still to stop; they start the first first, each
//!   only when those before it are up or down for good.
//! * Children stop one after the other, the last first: who may count on another ends before it.
//! * The wait before a restart doubles with each restart within the window, up to [`BACK_OFF_MOST_NS`].
//! * After a start that failed there is one of [`RETRY_NS`] at the least, so whoever drives this comes to wait.
//! * A supervisor that gives a child up has failed: whoever drives it shuts it down, and ends, so that the supervisor
//!   above sees a fault.
//!
//! Does not: call the kernel or know the time. Whoever drives it says what ended and when it is, and does what
//! [`Supervisor::next`] tells it: a [`Team`], or root.

mod patience;
mod team;
mod watchdog;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use tessera_abi::image::{ManifestActor, SHUTDOWN_MS};
use tessera_abi::{EndReason, Error, FaultKind, NEVER};

pub use patience::Patience;
pub use team::{Failure, Team};
pub use tessera_abi::image::{Restart, Strategy};
pub use watchdog::Watchdog;

/// The longest wait before a restart, in nanoseconds: a minute.
pub const BACK_OFF_MOST_NS: u64 = 60_000_000_000;

/// The shortest wait after a start that failed, in nanoseconds: a tenth of a second.
pub const RETRY_NS: u64 = 100_000_000;

const NS_PER_MS: u64 = 1_000_000;

/// How long a child is usually given to end once it is asked to, in nanoseconds.
pub const SHUTDOWN_NS: u64 = SHUTDOWN_MS as u64 * NS_PER_MS;

/// When one child is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// After which ends.
    pub restart: Restart,
    /// How often within the window at the most.
    pub limit: u32,
    /// That window.
    pub window_ns: u64,
    /// The wait before the first restart in a window; 0 for none, ever.
    pub back_off_ns: u64,
    /// The longest that it may be silent within an activation before it is ended; 0 for one that is not watched.
    pub watchdog_ns: u64,
    /// How long it is given to end once it is asked to, before it is killed; 0 to kill it at once, [`NEVER`] to wait for as
    /// long as it takes. One that has not said how it is to be asked ends at once anyhow.
    pub shutdown_ns: u64,
}

impl From<&ManifestActor> for Policy {
    fn from(actor: &ManifestActor) -> Self {
        Self {
            restart: actor.restart,
            limit: actor.restart_limit,
            window_ns: u64::from(actor.restart_window_ms) * NS_PER_MS,
            back_off_ns: u64::from(actor.back_off_ms) * NS_PER_MS,
            watchdog_ns: u64::from(actor.watchdog_ms) * NS_PER_MS,
            shutdown_ns: u64::from(actor.shutdown_ms) * NS_PER_MS,
        }
    }
}

/// What to do; children are named by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start it. If that fails, say so by [`Supervisor::not_started`].
    Start(usize),
    /// Have it end, because it is to start again with another, or the supervisor is shut down; its end is expected.
    Stop(usize),
    /// It has been started too often. It stays down, and the supervisor has failed.
    GiveUp(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up,
    /// Is to be stopped.
    Doomed,
    /// Has been told to stop.
    Stopping,
    /// Starts at that time, or as soon after as its turn comes.
    Due(u64),
    /// Down for good, which is still to be told.
    GivenUp,
    Down,
}

#[derive(Clone, Debug)]
struct Child {
    policy: Policy,
    state: State,
    /// When it was started again, within the window.
    restarts: VecDeque<u64>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Supervisor {
    strategy: Strategy,
    children: Vec<Child>,
    /// Whether nobody is to return.
    shut: bool,
}

impl Supervisor {
    /// A supervisor of children that are all to be started now, in this order.
    #[must_use]
    pub fn new(strategy: Strategy, children: impl IntoIterator<Item = Policy>) -> Self {
        let child = |policy| Child { policy, state: State::Due(0), restarts: VecDeque::new() };
        Self { strategy, children: children.into_iter().map(child).collect(), shut: false }
    }

    /// Begins anew, when all are down: all are to be started now, and nothing is held against them.
    pub fn begin(&mut self) {
        self.shut = false;
        for child in &mut self.children {
            child.state = State::Due(0);
            child.restarts.clear();
        }
    }

    /// Stops everybody, the last first, and starts nobody again, until it begins anew.
    pub fn shut_down(&mut self) {
        self.shut = true;
        for child in &mut self.children {
            child.state = match child.state {
                State::Up => State::Doomed,
                stopped @ (State::Doomed | State::Stopping) => stopped,
                State::Due(_) | State::GivenUp | State::Down => State::Down,
            };
        }
    }

    /// What is to be done now, if anything; to be asked until there is nothing more.
    pub fn next(&mut self, now_ns: u64) -> Option<Action> {
        if let Some(at) = self.find(|state| state == State::GivenUp) {
            return self.turn(at, State::Down, Action::GiveUp(at));
        }
        if let Some(at) = self.stoppable() {
            return self.turn(at, State::Stopping, Action::Stop(at));
        }
        let at = self.startable(now_ns)?;
        self.turn(at, State::Up, Action::Start(at))
    }

    /// When [`next`](Self::next) will have something to do although nothing ends before, [`NEVER`] if it won't.
    #[must_use]
    pub fn wake_ns(&self) -> u64 {
        self.candidates().map(|(_, due_ns)| due_ns).min().unwrap_or(NEVER)
    }

    /// Whether every child is down for good.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.children.iter().all(|child| child.state == State::Down)
    }

    /// Whether the child runs, as far as is known here.
    #[must_use]
    pub fn is_up(&self, index: usize) -> bool {
        let state = self.children.get(index).map(|child| child.state);
        matches!(state, Some(State::Up | State::Doomed | State::Stopping))
    }

    /// Whether the child is down, or about to be, and will be started again.
    #[must_use]
    pub fn is_to_return(&self, index: usize) -> bool {
        let state = self.children.get(index).map(|child| child.state);
        !self.shut && matches!(state, Some(State::Due(_) | State::Doomed | State::Stopping))
    }

    /// Whether it has been shut down, and not begun anew since.
    #[must_use]
    pub const fn is_shut(&self) -> bool {
        self.shut
    }

    /// A child could not be started. That is a fault of its own, unless something was wanting that may be there
    /// later: then it is tried again for as long as it takes, also a child that is never to return.
    pub fn not_started(&mut self, index: usize, error: Error, now_ns: u64) {
        let again_ns = now_ns.saturating_add(RETRY_NS);
        if is_want(error) {
            if let Some(child) = self.children.get_mut(index).filter(|child| child.state == State::Up) {
                child.state = State::Due(again_ns);
            }
            return;
        }
        self.ended(index, EndReason::Fault(FaultKind::Other), now_ns);
        if let Some(State::Due(due_ns)) = self.children.get_mut(index).map(|child| &mut child.state) {
            *due_ns = again_ns.max(*due_ns);
        }
    }

    /// A child has ended.
    pub fn ended(&mut self, index: usize, reason: EndReason, now_ns: u64) {
        let Some(child) = self.children.get_mut(index) else { return };
        match child.state {
            State::Up if !child.is_to_return(reason) => child.state = State::Down,
            State::Up => match child.restart_at(now_ns) {
                Some(due_ns) => {
                    child.state = State::Due(due_ns);
                    self.take_along(index);
                }
                None => child.state = State::GivenUp,
            },
            // It ended because others did: that is held against those.
            State::Doomed | State::Stopping if self.shut || child.policy.restart == Restart::Never => {
                child.state = State::Down;
            }
            State::Doomed | State::Stopping => child.state = State::Due(now_ns),
            State::Due(_) | State::GivenUp | State::Down => {}
        }
    }

    /// Dooms those that are to start again together with the child at `index`.
    fn take_along(&mut self, index: usize) {
        let first = match self.strategy {
            Strategy::OneForOne => return,
            Strategy::OneForAll => 0,
            Strategy::RestForOne => index,
        };
        for child in self.children.iter_mut().skip(first).filter(|child| child.state == State::Up) {
            child.state = State::Doomed;
        }
    }

    /// Children that may start, and from when on.
    fn candidates(&self) -> impl Iterator<Item = (usize, u64)> {
        let stops = self.find(|state| matches!(state, State::Doomed | State::Stopping)).is_some();
        let due = self.children.iter().enumerate().filter_map(|(at, child)| match child.state {
            State::Due(due_ns) => Some((at, due_ns)),
            _ => None,
        });
        let at_once = match (stops, self.strategy) {
            (true, _) => 0,
            (false, Strategy::OneForOne) => usize::MAX,
            (false, _) => 1,
        };
        due.take(at_once)
    }

    /// The last that is to stop, unless one behind it still does.
    fn stoppable(&self) -> Option<usize> {
        let at =
            self.children.iter().rposition(|child| matches!(child.state, State::Doomed | State::Stopping))?;
        self.children.get(at).filter(|child| child.state == State::Doomed).map(|_| at)
    }

    fn startable(&self, now_ns: u64) -> Option<usize> {
        self.candidates().find(|(_, due_ns)| *due_ns <= now_ns).map(|(at, _)| at)
    }

    fn find(&self, is_it: impl Fn(State) -> bool) -> Option<usize> {
        self.children.iter().position(|child| is_it(child.state))
    }

    fn turn(&mut self, at: usize, state: State, action: Action) -> Option<Action> {
        self.children.get_mut(at)?.state = state;
        Some(action)
    }
}

/// Whether an error says that something is used up for now.
const fn is_want(error: Error) -> bool {
    matches!(error, Error::NoMemory | Error::OverQuota | Error::TableFull | Error::Full | Error::Busy)
}

impl Child {
    fn is_to_return(&self, reason: EndReason) -> bool {
        match self.policy.restart {
            Restart::Never => false,
            Restart::OnFault => reason != EndReason::Exited(0),
            Restart::Always => true,
        }
    }

    /// When it is to start again, `None` if it has done so too often. Counts it.
    fn restart_at(&mut self, now_ns: u64) -> Option<u64> {
        let Policy { limit, window_ns, back_off_ns, .. } = self.policy;
        while self.restarts.front().is_some_and(|then_ns| now_ns.saturating_sub(*then_ns) >= window_ns) {
            self.restarts.pop_front();
        }
        if self.restarts.len() as u64 >= u64::from(limit) {
            return None;
        }
        let doublings = u32::try_from(self.restarts.len()).unwrap_or(u32::MAX);
        let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
        self.restarts.push_back(now_ns);
        Some(now_ns.saturating_add(back_off_ns.saturating_mul(factor).min(BACK_OFF_MOST_NS)))
    }
}

#[cfg(test)]
mod tests;
