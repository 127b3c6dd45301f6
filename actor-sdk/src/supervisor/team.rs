//! A supervisor at work: actors that are started, watched, and started again as their policies say.
//!
//! Owns: a plan and a capability for each actor; the decisions are [`Supervisor`]'s.
//! Invariants: whoever runs was linked to this actor before it began, so it ends with it, however this one fails. When
//! [`Team::run`] has returned, or the team is dropped, nobody of it runs.
//! What an actor is granted is the same at each start: an endpoint that this actor keeps outlives whoever serves there, and
//! what waits in it waits for the next.
//! Does not: log, or serve anybody meanwhile; whoever has other things to do takes [`Team::turn`].

use alloc::vec::Vec;

use tessera_abi::{EndReason, Error, FaultKind, NEVER, WAIT_ITEMS_MAX};

use super::{Action, Policy, Strategy, Supervisor, Watchdog};
use crate::capability::{Actor, Clock, Spawner};
use crate::select::{Event, Select, Unmet};
use crate::spawn::{Plan, end};

/// Why a team is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The one with this index was to be started again too often.
    GivenUp(usize),
    /// What the team cannot do without was refused: the clock, or to wait.
    Refused(Error),
}

/// As an actor's code, so that whoever supervises this one sees a fault.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::GivenUp(_) => Self::PeerDead,
            Failure::Refused(error) => error,
        }
    }
}

#[derive(Debug)]
struct Member {
    plan: Plan,
    actor: Option<Actor>,
    /// The one that ended, for as long as another is to stand in for it.
    before: Option<Actor>,
}

/// Up to 256 actors under one supervisor, known by their index.
///
/// ```
/// use actor_sdk::supervisor::{Failure, Policy, Restart, Strategy, Team};
/// use actor_sdk::{Clock, EndReason, NOW, Plan, Spawner, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let (spawner, clock) = (kernel.grant::<Spawner>("spawner"), kernel.grant::<Clock>("clock"));
/// let policy = Policy { restart: Restart::OnFault, limit: 1, window_ns: 1_000_000_000, back_off_ns: 0, watchdog_ns: 0 };
/// let mut team = Team::new(&spawner, &clock, Strategy::OneForOne, [(Plan::new("worker", "worker"), policy)]);
/// assert_eq!(team.turn(NOW), Ok(true));
/// kernel.end_actor("worker", EndReason::Exited(1), "");
/// assert_eq!(team.turn(NOW), Ok(true));
/// kernel.end_actor("worker", EndReason::Exited(1), "");
/// assert_eq!(team.run(), Err(Failure::GivenUp(0)));
/// assert_eq!(kernel.spawned().len(), 2);
/// ```
#[derive(Debug)]
pub struct Team<'a> {
    spawner: &'a Spawner,
    clock: &'a Clock,
    decides: Supervisor,
    watches: Watchdog,
    members: Vec<Member>,
    given_up: Option<usize>,
}

impl Member {
    /// The plan of the next that is to be started.
    fn next(&self) -> Plan {
        let plan = self.plan.clone();
        self.before.iter().fold(plan, Plan::stands_in_for)
    }
}

impl<'a> Team<'a> {
    /// A team of whom nobody has been started. More than 256 cannot be waited for, which is told then.
    #[must_use]
    pub fn new(
        spawner: &'a Spawner,
        clock: &'a Clock,
        strategy: Strategy,
        members: impl IntoIterator<Item = (Plan, Policy)>,
    ) -> Self {
        let member = |(plan, policy)| (Member { plan, actor: None, before: None }, policy);
        let (members, policies): (Vec<_>, Vec<Policy>) = members.into_iter().map(member).unzip();
        let watches = Watchdog::new(policies.iter().map(|policy| policy.watchdog_ns));
        let decides = Supervisor::new(strategy, policies);
        Self { spawner, clock, decides, watches, members, given_up: None }
    }

    /// Starts them, and starts them again as they end, until all are down for good.
    ///
    /// # Errors
    /// [`Failure`], and all have ended.
    pub fn run(&mut self) -> Result<(), Failure> {
        while self.turn(NEVER)? {}
        Ok(())
    }

    /// Does what is to be done, and waits once, until the deadline at the latest. False when all are down for good.
    ///
    /// # Errors
    /// [`Failure`], and all have ended.
    pub fn turn(&mut self, deadline_ns: u64) -> Result<bool, Failure> {
        let turned = self.act().and_then(|()| {
            if !self.decides.is_over() {
                self.wait(deadline_ns)?;
                self.act()?;
            }
            Ok(!self.decides.is_over())
        });
        match (turned, self.given_up) {
            (Ok(false), Some(index)) => Err(Failure::GivenUp(index)),
            (turned, _) => turned.map_err(|error| {
                self.end_all();
                Failure::Refused(error)
            }),
        }
    }

    /// The actor with this index, if it runs.
    #[must_use]
    pub fn actor(&self, index: usize) -> Option<&Actor> {
        self.members.get(index)?.actor.as_ref()
    }

    fn act(&mut self) -> Result<(), Error> {
        if self.members.len() > WAIT_ITEMS_MAX as usize {
            return Err(Error::Full);
        }
        let now_ns = self.clock.now_ns()?;
        self.watch(now_ns);
        while let Some(action) = self.decides.next(now_ns) {
            match action {
                Action::Start(index) => self.start(index, now_ns),
                Action::Stop(index) => self.stop(index, now_ns),
                Action::GiveUp(index) => {
                    self.given_up = Some(index);
                    self.decides.shut_down();
                }
            }
        }
        Ok(())
    }

    /// Ends whoever has been silent for too long, which is a fault like others.
    fn watch(&mut self, now_ns: u64) {
        for index in self.watches.due(now_ns) {
            let pulse = self.actor(index).and_then(|actor| actor.pulse().ok());
            if pulse.and_then(|pulse| self.watches.is_silent(index, &pulse)).is_some() {
                self.kill(index, EndReason::Silent, now_ns);
            }
        }
    }

    fn start(&mut self, index: usize, now_ns: u64) {
        let Some(member) = self.members.get_mut(index) else { return };
        match self.spawner.spawn_linked(&member.next()) {
            Ok(actor) => {
                (member.actor, member.before) = (Some(actor), None);
                self.watches.started(index);
            }
            Err(error) => {
                // It may be the one before that takes the slot that is wanting: who is to run matters more than what
                // is counted.
                member.before.take_if(|_| error == Error::TableFull);
                self.decides.not_started(index, error, now_ns);
            }
        }
    }

    fn stop(&mut self, index: usize, now_ns: u64) {
        self.kill(index, EndReason::Killed, now_ns);
    }

    fn kill(&mut self, index: usize, reason: EndReason, now_ns: u64) {
        if self.actor(index).is_none_or(|actor| actor.kill_for(reason).is_err()) {
            self.note_loss(index, now_ns);
        }
    }

    /// A member has ended. It is kept if another one is to stand in for it.
    fn note_end(&mut self, index: usize, reason: EndReason, now_ns: u64) {
        self.decides.ended(index, reason, now_ns);
        let returns = self.decides.is_to_return(index);
        if let Some(member) = self.members.get_mut(index) {
            member.before = member.actor.take().filter(|_| returns);
        }
    }

    /// The capability for a member was taken from this actor, which can no longer see to it: it counts as failed.
    fn note_loss(&mut self, index: usize, now_ns: u64) {
        self.members.get_mut(index).into_iter().for_each(|member| member.actor = None);
        self.decides.ended(index, LOST, now_ns);
    }

    fn wait(&mut self, deadline_ns: u64) -> Result<(), Error> {
        let until_ns = deadline_ns.min(self.decides.wake_ns()).min(self.watches.wake_ns());
        let numbered = self.members.iter().enumerate();
        let (indices, running): (Vec<usize>, Vec<&Actor>) =
            numbered.filter_map(|(index, member)| Some((index, member.actor.as_ref()?))).unzip();
        if running.is_empty() {
            return self.clock.sleep_until(until_ns);
        }
        let any = running.into_iter().fold(Select::new(), Select::end).wait(until_ns);
        let (place, reason) = match any {
            Ok((place, Event::Ended(end))) => (place, Some(end.reason)),
            Ok(_) => return Ok(()),
            Err(Unmet { error: Error::TimedOut | Error::WouldBlock, .. }) => return Ok(()),
            Err(Unmet { place: Some(place), .. }) => (place, None),
            Err(unmet) => return Err(unmet.error),
        };
        let now_ns = self.clock.now_ns()?;
        match (indices.get(place), reason) {
            (Some(index), Some(reason)) => self.note_end(*index, reason, now_ns),
            (Some(index), None) => self.note_loss(*index, now_ns),
            (None, _) => {}
        }
        Ok(())
    }

    fn end_all(&mut self) {
        self.decides.shut_down();
        // The last first, as they stop for each other.
        self.members.iter_mut().rev().filter_map(|member| member.actor.take()).for_each(|actor| end(&actor));
    }
}

/// How somebody ended whose end cannot be seen.
const LOST: EndReason = EndReason::Fault(FaultKind::Other);

impl Drop for Team<'_> {
    fn drop(&mut self) {
        self.end_all();
    }
}
