//! Root's children: who of them runs, who supervises whom, and doing what the supervisors decide.
//!
//! Owns: the wiring, and a supervisor's decisions for each actor that the manifest names as one. Root acts for all
//! of them: the manifest says with whom an actor returns, not who starts it.
//! Invariants: a child that has ended is told to its supervisor once, with its endpoint closed before. What the
//! kernel refuses root, for want of memory or because it was taken back, ends no part of this: root's end would be
//! the machine's.

use alloc::vec::Vec;

use actor_sdk::abi::image::{ActorEntry, Manifest, NO_ACTOR};
use actor_sdk::abi::{EndReason, EndRecord, FaultKind};
use actor_sdk::supervisor::{Action, Policy, Supervisor};
use actor_sdk::{
    Actor, Capability, Clock, Endpoint, Error, Event, Factory, NOW, Notification, ObjectKind, Select, Unmet,
    info, warn, yield_now,
};

use crate::wiring::{Started, Wiring};

/// How many actors' ends share the notification's bits; an actor's bit is its index modulo this.
const BITS: usize = 64;

/// How long root sleeps at the most when it cannot wait, in nanoseconds.
const POLL_NS: u64 = 100_000_000;

/// Whom one supervisor decides about: indices in the manifest, in its order.
struct Group {
    decides: Supervisor,
    members: Vec<usize>,
}

/// What root has last seen of a child.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Child {
    /// Not started, or ended.
    Down,
    Runs,
    /// It was not started, which has been reported.
    Refused(Error),
}

/// See the module.
pub struct House<'a> {
    pub(super) entries: Vec<ActorEntry<'a>>,
    pub(super) wiring: Wiring,
    clock: Clock,
    /// The latest moment that is known to have come.
    now_ns: u64,
    ends: Notification,
    /// Whether the last wait was refused, which has been reported.
    polls: bool,
    groups: Vec<Group>,
    children: Vec<Child>,
}

impl<'a> House<'a> {
    /// All that the manifest names but root itself, not started yet.
    pub fn new(manifest: &Manifest<'a>) -> Result<Self, Error> {
        let factory = Factory::find(ObjectKind::Factory.name())?;
        let entries: Vec<ActorEntry<'a>> = manifest.actors().collect();
        Ok(Self {
            groups: groups(&entries),
            children: entries.iter().map(|_| Child::Down).collect(),
            wiring: Wiring::new(&entries, &factory)?,
            clock: Clock::find(ObjectKind::Clock.name())?,
            now_ns: NOW,
            ends: factory.notification()?,
            polls: false,
            entries,
        })
    }

    /// How many run.
    pub fn count(&self) -> usize {
        self.children.iter().filter(|child| **child == Child::Runs).count()
    }

    /// Whether nobody runs and nobody is to return.
    pub fn is_over(&self) -> bool {
        self.groups.iter().all(|group| group.decides.is_over())
    }

    /// Does all that is to be done now. What comes due meanwhile is for the next time: root waits in between, however
    /// long a start takes.
    pub fn act(&mut self) {
        let now_ns = self.now_ns();
        for group in 0..self.groups.len() {
            while let Some(action) = self.groups.get_mut(group).and_then(|group| group.decides.next(now_ns)) {
                self.carry_out(group, action);
            }
        }
    }

    /// What the clock says; without one it is as late as the last wait that ran out.
    fn now_ns(&mut self) -> u64 {
        self.now_ns = self.clock.now_ns().unwrap_or(self.now_ns).max(self.now_ns);
        self.now_ns
    }

    fn carry_out(&mut self, group: usize, action: Action) {
        let (Action::Start(member) | Action::Stop(member) | Action::GiveUp(member)) = action;
        let index = self.groups.get(group).and_then(|group| group.members.get(member).copied());
        let Some((index, entry)) = index.and_then(|index| Some((index, *self.entries.get(index)?))) else {
            return;
        };
        match action {
            Action::Start(_) => self.start(index, &entry),
            Action::Stop(_) => self.stop(index),
            Action::GiveUp(_) => {
                let (name, limit) = (entry.head.name, entry.head.restart_limit);
                let window_ms = entry.head.restart_window_ms;
                warn!("{name} ended once more after {limit} restarts within {window_ms} ms: it stays down");
            }
        }
    }

    /// Tells a child to end. One that root may no longer tell counts as ended, or those that are to return with it
    /// would wait for ever.
    fn stop(&mut self, index: usize) {
        if let Some(Err(error)) = self.child(index).map(Actor::kill) {
            self.note_end(index, Err(error));
        }
    }

    /// Starts an actor. One that cannot be is reported, once for the same reason, and told; the others go on.
    fn start(&mut self, index: usize, entry: &ActorEntry<'a>) {
        let name = entry.head.name;
        match self.wiring.start(index, entry, (&self.ends, bit(index))) {
            Ok(started) => {
                self.see(index, Child::Runs);
                if started == Started::Again {
                    info!("{name} is started again");
                }
            }
            Err(error) => {
                if self.see(index, Child::Refused(error)) != Some(Child::Refused(error)) {
                    actor_sdk::error!("{name} was not started: {}", error.prose());
                }
                self.wiring.close(index);
                self.tell(index, |decides, member, now_ns| decides.not_started(member, error, now_ns));
            }
        }
    }

    /// Waits until somebody ends, asks, or is to return, and sees to the first two. Ends come before questions: a
    /// client that asks without pause keeps nobody from returning.
    pub fn wait(&mut self) {
        let polled = core::mem::replace(&mut self.polls, false);
        let wake_ns = self.groups.iter().map(|group| group.decides.wake_ns()).min().unwrap_or(NOW);
        let mut any = Select::new().bits(&self.ends);
        if let Some(door) = self.wiring.own() {
            any = any.message(door);
        }
        match any.wait(wake_ns) {
            Ok((_, Event::Bits(bits))) => self.look(bits),
            Ok((_, Event::Message(message))) => self.serve(message),
            Ok((_, Event::Ended(_))) => {}
            Err(Unmet { error: Error::TimedOut | Error::WouldBlock, .. }) => {
                self.now_ns = self.now_ns.max(wake_ns);
            }
            Err(unmet) => {
                if !polled {
                    warn!("root cannot wait and polls instead: {}", unmet.error.prose());
                }
                self.poll(wake_ns);
            }
        }
    }

    /// Sleeps a little, if it may do that, and looks at everything.
    fn poll(&mut self, wake_ns: u64) {
        self.polls = true;
        let until_ns = self.now_ns().saturating_add(POLL_NS).min(wake_ns);
        if self.clock.sleep_until(until_ns).is_err() {
            yield_now();
        }
        self.look(u64::MAX);
        if let Some(Ok(Some(message))) = self.wiring.own().map(Endpoint::try_recv) {
            self.serve(message);
        }
    }

    /// Whether an actor runs or is to return. Root itself does.
    pub fn will_be_there(&self, index: usize) -> bool {
        index == 0
            || self.groups.iter().any(|group| {
                let member = group.members.iter().position(|member| *member == index);
                member.is_some_and(|at| group.decides.is_up(at) || group.decides.is_to_return(at))
            })
    }

    /// The actor at `index`, if it runs.
    fn child(&self, index: usize) -> Option<&Actor> {
        self.children.get(index).filter(|child| **child == Child::Runs)?;
        self.wiring.actor(index)
    }

    /// Takes note of a child, and says what was known of it before.
    fn see(&mut self, index: usize, child: Child) -> Option<Child> {
        self.children.get_mut(index).map(|place| core::mem::replace(place, child))
    }

    fn look(&mut self, bits: u64) {
        for index in (0..self.children.len()).filter(|index| bits & bit(*index) != 0) {
            let Some(child) = self.child(index) else { continue };
            match child.wait(NOW) {
                Err(Error::WouldBlock) => {}
                ended => self.note_end(index, ended),
            }
        }
    }

    /// Reports a child's end, closes its endpoint, and tells its supervisor.
    fn note_end(&mut self, index: usize, ended: Result<EndRecord, Error>) {
        let Some(entry) = self.entries.get(index) else { return };
        let reason = match &ended {
            Ok(end) => {
                report(entry, end);
                end.reason
            }
            Err(error) => {
                warn!("{} is lost: {}", entry.head.name, error.prose());
                EndReason::Fault(FaultKind::Other)
            }
        };
        self.see(index, Child::Down);
        self.wiring.close(index);
        self.tell(index, |decides, member, now_ns| decides.ended(member, reason, now_ns));
    }

    /// Tells an actor's supervisor something about it.
    fn tell(&mut self, index: usize, what: impl Fn(&mut Supervisor, usize, u64)) {
        let now_ns = self.now_ns();
        for group in &mut self.groups {
            if let Some(member) = group.members.iter().position(|member| *member == index) {
                what(&mut group.decides, member, now_ns);
            }
        }
    }
}

/// One group an actor, those whom it supervises: for most nobody. Who names no supervisor is root's.
fn groups(entries: &[ActorEntry<'_>]) -> Vec<Group> {
    let group = |(by, supervisor): (u32, &ActorEntry<'_>)| {
        let own = |entry: &ActorEntry<'_>| match entry.head.supervisor {
            NO_ACTOR => by == 0,
            index => by == index,
        };
        let members = entries.iter().enumerate().skip(1).filter(|(_, entry)| own(entry));
        let (members, policies): (Vec<usize>, Vec<Policy>) =
            members.map(|(index, entry)| (index, Policy::from(&entry.head))).unzip();
        Group { decides: Supervisor::new(supervisor.head.strategy, policies), members }
    };
    (0..).zip(entries).map(group).collect()
}

const fn bit(index: usize) -> u64 {
    1 << (index % BITS)
}

fn report(entry: &ActorEntry<'_>, end: &EndRecord) {
    let name = entry.head.name;
    match end.reason {
        EndReason::Exited(0) => info!("{name} ended"),
        EndReason::Exited(code) => warn!("{name} ended with code {code}"),
        EndReason::Fault(kind) => warn!("{name} faulted: {}: {}", kind.name(), end.detail),
        other => warn!("{name} was ended: {}", other.name()),
    }
}
