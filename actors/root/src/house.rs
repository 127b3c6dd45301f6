//! Root's children: who of them runs, and doing what the supervisors decide.
//!
//! Owns: the wiring, and the tree of supervisors. Root acts for all of them: the manifest says with whom an actor
//! returns, not who starts it.
//! Invariants: a child that has ended is told to its supervisor once, with its endpoint closed before. What the
//! kernel refuses root, for want of memory or because it was taken back, ends no part of this: root's end would be
//! the machine's.

use alloc::vec::Vec;

use actor_sdk::abi::image::{ActorEntry, Manifest};
use actor_sdk::abi::{EndReason, EndRecord, FaultKind};
use actor_sdk::supervisor::{Patience, Policy, Watchdog};
use actor_sdk::{
    Actor, Capability, Clock, Endpoint, Error, Event, Factory, NEVER, NOW, Notification, ObjectKind, Select,
    Unmet, info, warn, yield_now,
};

use crate::tree::{Todo, Tree};
use crate::wiring::{Started, Wiring};

/// How many actors' ends share the notification's bits; an actor's bit is its index modulo this.
const BITS: usize = 64;

/// How long root sleeps at the most when it cannot wait, in nanoseconds.
const POLL_NS: u64 = 100_000_000;

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
    pub(super) tree: Tree,
    watches: Watchdog,
    patience: Patience,
    children: Vec<Child>,
}

impl<'a> House<'a> {
    /// All that the manifest names but root itself, not started yet.
    pub fn new(manifest: &Manifest<'a>) -> Result<Self, Error> {
        let factory = Factory::find(ObjectKind::Factory.name())?;
        let entries: Vec<ActorEntry<'a>> = manifest.actors().collect();
        Ok(Self {
            tree: Tree::new(&entries),
            watches: Watchdog::new(entries.iter().map(|entry| Policy::from(&entry.head).watchdog_ns)),
            patience: Patience::new(entries.iter().map(|entry| Policy::from(&entry.head).shutdown_ns)),
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
        self.tree.is_over()
    }

    /// Does all that is to be done now. What comes due meanwhile is for the next time: root waits in between, however
    /// long a start takes.
    pub fn act(&mut self) {
        let now_ns = self.now_ns();
        self.watch(now_ns);
        self.lose_patience(now_ns);
        while let Some(todo) = self.tree.next(now_ns) {
            self.carry_out(todo);
        }
    }

    /// Ends whoever has been silent for too long, which is a fault like others.
    fn watch(&mut self, now_ns: u64) {
        for index in self.watches.due(now_ns) {
            let Some(Ok(pulse)) = self.child(index).map(Actor::pulse) else { continue };
            let Some(silent_ns) = self.watches.is_silent(index, &pulse) else { continue };
            if let Some(ActorEntry { head, .. }) = self.entries.get(index) {
                let (name, spell, limit_ms) = (head.name, pulse.spell.name(), head.watchdog_ms);
                let silent_ms = silent_ns / 1_000_000;
                warn!(
                    "{name} is {spell} without a heartbeat for {silent_ms} ms, past its {limit_ms}: it is ended"
                );
            }
            self.kill(index, EndReason::Silent);
        }
    }

    /// Ends whoever has been asked to end and has not in the time that it was given.
    fn lose_patience(&mut self, now_ns: u64) {
        while let Some((index, time_ns)) = self.patience.over(now_ns) {
            if let Some(ActorEntry { head, .. }) = self.entries.get(index) {
                let (name, time_ms) = (head.name, time_ns / 1_000_000);
                warn!("{name} was asked to end and has not within {time_ms} ms: it is ended");
            }
            self.kill(index, EndReason::Killed);
        }
    }

    /// What the clock says; without one it is as late as the last wait that ran out.
    fn now_ns(&mut self) -> u64 {
        self.now_ns = self.clock.now_ns().unwrap_or(self.now_ns).max(self.now_ns);
        self.now_ns
    }

    fn carry_out(&mut self, todo: Todo) {
        match todo {
            Todo::Start(index) => self.start(index),
            Todo::Stop(index) => self.stop(index),
            Todo::Kill(index) => self.kill(index, EndReason::Killed),
            Todo::StaysDown(index) => self.report_limit(index, format_args!("it stays down")),
            Todo::Fails { member, supervisor } => {
                let Some(name) = self.entries.get(supervisor).map(|entry| entry.head.name) else { return };
                self.report_limit(member, format_args!("{name} has failed"));
            }
        }
    }

    /// Reports that an actor was started too often, and what follows.
    fn report_limit(&self, index: usize, follows: core::fmt::Arguments<'_>) {
        let Some(entry) = self.entries.get(index) else { return };
        let (name, limit) = (entry.head.name, entry.head.restart_limit);
        let window_ms = entry.head.restart_window_ms;
        warn!("{name} ended once more after {limit} restarts within {window_ms} ms: {follows}");
    }

    /// Asks a child to end, if it is given time for that, and ends it otherwise.
    fn stop(&mut self, index: usize) {
        let now_ns = self.now_ns();
        if self.child(index).is_none() || !self.patience.asks(index, now_ns) {
            return self.kill(index, EndReason::Killed);
        }
        if let Some(Err(error)) = self.child(index).map(Actor::terminate) {
            self.note_end(index, Err(error));
        }
    }

    /// Ends a child. One that root may no longer end counts as ended, or those that are to return with it would wait for
    /// ever.
    fn kill(&mut self, index: usize, reason: EndReason) {
        if let Some(Err(error)) = self.child(index).map(|child| child.kill_for(reason)) {
            self.note_end(index, Err(error));
        }
    }

    /// Starts an actor. One that cannot be is reported, once for the same reason, and told; the others go on.
    fn start(&mut self, index: usize) {
        let Some(entry) = self.entries.get(index) else { return };
        let name = entry.head.name;
        if let Some(other) = self.awaited(index, entry) {
            return self.put_off(index, other);
        }
        match self.wiring.start(index, entry, (&self.ends, bit(index))) {
            Ok(started) => {
                self.see(index, Child::Runs);
                self.tree.started(index);
                self.watches.started(index);
                if started == Started::Again {
                    info!("{name} is started again");
                }
            }
            Err(error) => {
                if self.see(index, Child::Refused(error)) != Some(Child::Refused(error)) {
                    actor_sdk::error!("{name} was not started: {}", error.prose());
                }
                self.wiring.close(index);
                let now_ns = self.now_ns();
                self.tree.not_started(index, error, now_ns);
            }
        }
    }

    /// Another that an actor is granted, that has not been started yet, and will be whether this one is or not.
    fn awaited(&self, index: usize, entry: &ActorEntry<'_>) -> Option<usize> {
        let granted = entry.caps().filter(|cap| cap.kind == ObjectKind::Actor).map(|cap| cap.target as usize);
        let mut missing = granted.filter(|other| self.wiring.actor(*other).is_none());
        missing.find(|other| self.tree.will_start_without(*other, index))
    }

    /// Has an actor tried again later, which is held against nobody. What is sent to it meanwhile waits for it.
    fn put_off(&mut self, index: usize, other: usize) {
        let put_off = Child::Refused(Error::Busy);
        if self.see(index, put_off) != Some(put_off)
            && let (Some(entry), Some(other)) = (self.entries.get(index), self.entries.get(other))
        {
            info!("{} is to be started behind {}", entry.head.name, other.head.name);
        }
        let now_ns = self.now_ns();
        self.tree.not_started(index, Error::Busy, now_ns);
    }

    /// Waits until somebody ends, asks, or is to return, and sees to the first two. Ends come before questions: a
    /// client that asks without pause keeps nobody from returning.
    pub fn wait(&mut self) {
        let polled = core::mem::replace(&mut self.polls, false);
        let wakes_ns = [self.tree.wake_ns(), self.watches.wake_ns(), self.patience.wake_ns()];
        let wake_ns = wakes_ns.into_iter().fold(NEVER, u64::min);
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

    /// Reports a child's end, closes its endpoint, and has its supervisor told.
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
        self.patience.ended(index);
        self.wiring.close(index);
        let now_ns = self.now_ns();
        self.tree.ended(index, reason, now_ns);
    }
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
