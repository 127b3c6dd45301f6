//! A supervisor at work: actors that are started, watched, and started again as their policies say.
//!
//! Owns: a plan and a capability for each actor; the decisions are [`Supervisor`]'s.
//! Invariants: whoever runs was linked to this actor before it began, so it ends with it, however this one fails. When
//! [`Team::run`] has returned, or the team is dropped, nobody of it runs. Who is to stop is asked first, and killed when
//! its time is over ([`Policy::shutdown_ns`]).
//! What an actor is granted is the same at each start: an endpoint that this actor keeps outlives whoever serves there, and
//! what waits in it waits for the next.
//! Does not: log, or serve anybody meanwhile; whoever has other things to do takes [`Team::turn`].

use alloc::vec::Vec;

use tessera_abi::{EndReason, Error, FaultKind, NEVER, WAIT_ITEMS_MAX};

use super::{Action, Patience, Policy, Strategy, Supervisor, Watchdog};
use crate::capability::{Actor, Clock, Notification, Spawner};
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

/// What came of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    On,
    /// Somebody asks the whole team to end.
    Asked,
    /// All are down for good.
    Over,
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
/// let policy = Policy { restart: Restart::OnFault, limit: 1, window_ns: 1_000_000_000, back_off_ns: 0, watchdog_ns: 0, shutdown_ns: 0 };
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
    patience: Patience,
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
        let patience = Patience::new(policies.iter().map(|policy| policy.shutdown_ns));
        let decides = Supervisor::new(strategy, policies);
        Self { spawner, clock, decides, watches, patience, members, given_up: None }
    }

    /// Starts them, and starts them again as they end, until all are down for good.
    ///
    /// # Errors
    /// [`Failure`], and all have ended.
    pub fn run(&mut self) -> Result<(), Failure> {
        while self.turn(NEVER)? {}
        Ok(())
    }

    /// As [`run`](Self::run), until a bit is set in `asked`: then [`shut_down`](Self::shut_down). For a supervisor that is
    /// to end with its team when it is asked to ([`Notification::on_terminate`]); the team has up to 255.
    ///
    /// # Errors
    /// [`Failure`], and all have ended.
    pub fn run_until(&mut self, asked: &Notification) -> Result<(), Failure> {
        loop {
            match self.step(NEVER, Some(asked))? {
                Step::Over => return Ok(()),
                Step::Asked => return self.shut_down(),
                Step::On => {}
            }
        }
    }

    /// Stops all, the last first, each asked before it is killed, and waits until they have ended.
    ///
    /// # Errors
    /// [`Failure`], and all have ended.
    pub fn shut_down(&mut self) -> Result<(), Failure> {
        self.decides.shut_down();
        self.run()
    }

    /// Does what is to be done, and waits once, until the deadline at the latest. False when all are down for good.
    ///
    /// # Errors
    /// [`Failure`], and all have ended.
    pub fn turn(&mut self, deadline_ns: u64) -> Result<bool, Failure> {
        self.step(deadline_ns, None).map(|step| step != Step::Over)
    }

    fn step(&mut self, deadline_ns: u64, asked: Option<&Notification>) -> Result<Step, Failure> {
        let turned = self.act().and_then(|()| {
            let mut step = Step::On;
            if !self.decides.is_over() {
                step = self.wait(deadline_ns, asked)?;
                self.act()?;
            }
            if self.decides.is_over() {
                // Nobody is to stand in for them any more.
                self.members.iter_mut().for_each(|member| member.before = None);
                step = Step::Over;
            }
            Ok(step)
        });
        match (turned, self.given_up) {
            (Ok(Step::Over), Some(index)) => Err(Failure::GivenUp(index)),
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
        while let Some((index, _)) = self.patience.over(now_ns) {
            self.kill(index, EndReason::Killed, now_ns);
        }
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
        if !self.patience.asks(index, now_ns) {
            self.kill(index, EndReason::Killed, now_ns);
        } else if self.actor(index).is_none_or(|actor| actor.terminate().is_err()) {
            self.note_loss(index, now_ns);
        }
    }

    fn kill(&mut self, index: usize, reason: EndReason, now_ns: u64) {
        if self.actor(index).is_none_or(|actor| actor.kill_for(reason).is_err()) {
            self.note_loss(index, now_ns);
        }
    }

    /// A member has ended. It is kept if another one is to stand in for it.
    fn note_end(&mut self, index: usize, reason: EndReason, now_ns: u64) {
        self.patience.ended(index);
        self.decides.ended(index, reason, now_ns);
        let returns = self.decides.is_to_return(index);
        if let Some(member) = self.members.get_mut(index) {
            member.before = member.actor.take().filter(|_| returns);
        }
    }

    /// The capability for a member was taken from this actor, which can no longer see to it: it counts as failed.
    fn note_loss(&mut self, index: usize, now_ns: u64) {
        self.patience.ended(index);
        self.members.get_mut(index).into_iter().for_each(|member| member.actor = None);
        self.decides.ended(index, LOST, now_ns);
    }

    fn wait(&mut self, deadline_ns: u64, asked: Option<&Notification>) -> Result<Step, Error> {
        let wakes_ns = [self.decides.wake_ns(), self.watches.wake_ns(), self.patience.wake_ns()];
        let until_ns = wakes_ns.into_iter().fold(deadline_ns, u64::min);
        let numbered = self.members.iter().enumerate();
        let (indices, running): (Vec<usize>, Vec<&Actor>) =
            numbered.filter_map(|(index, member)| Some((index, member.actor.as_ref()?))).unzip();
        if running.is_empty() && asked.is_none() {
            return self.clock.sleep_until(until_ns).map(|()| Step::On);
        }
        let any = running.into_iter().fold(Select::new(), Select::end);
        let (place, reason) = match asked.into_iter().fold(any, Select::bits).wait(until_ns) {
            Ok((place, Event::Ended(end))) => (place, Some(end.reason)),
            Ok((_, Event::Bits(_))) => return Ok(Step::Asked),
            Ok((_, Event::Message(_))) => return Ok(Step::On),
            Err(Unmet { error: Error::TimedOut | Error::WouldBlock, .. }) => return Ok(Step::On),
            Err(Unmet { place: Some(place), .. }) if place < indices.len() => (place, None),
            Err(unmet) => return Err(unmet.error),
        };
        let now_ns = self.clock.now_ns()?;
        match (indices.get(place), reason) {
            (Some(index), Some(reason)) => self.note_end(*index, reason, now_ns),
            (Some(index), None) => self.note_loss(*index, now_ns),
            (None, _) => {}
        }
        Ok(Step::On)
    }

    fn end_all(&mut self) {
        self.decides.shut_down();
        // The last first, as they stop for each other.
        for (index, member) in self.members.iter_mut().enumerate().rev() {
            let time_ns = self.patience.time_ns(index);
            member.before = None;
            member.actor.take().into_iter().for_each(|actor| end_within(&actor, self.clock, time_ns));
        }
    }
}

/// Asks an actor to end, if it is given time for that, and ends it when it has not.
fn end_within(actor: &Actor, clock: &Clock, time_ns: u64) {
    let asked = |now_ns: u64| actor.terminate().and_then(|()| actor.wait(now_ns.saturating_add(time_ns)));
    if time_ns == 0 || clock.now_ns().and_then(asked).is_err() {
        end(actor);
    }
}

/// How somebody ended whose end cannot be seen.
const LOST: EndReason = EndReason::Fault(FaultKind::Other);

impl Drop for Team<'_> {
    fn drop(&mut self) {
        self.end_all();
    }
}
