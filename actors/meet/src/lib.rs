//! Several actors at every primitive of `actor_sdk::sync` at once, under supervisors in code, and spoken to by tasks of one
//! actor: a first actor that starts the others from its own module and ends with 0 if each kept its promise; otherwise with
//! a fault that says which did not, or with the number of the error that a wait ended with. Used by a boot test, as the
//! machine's first actor.
//!
//! Invariant: every wait has the same deadline, so that a wake-up that is lost is told as one.
#![no_std]

extern crate alloc;

mod hall;
mod parties;
mod tasks;
mod teams;

use core::time::Duration;

use actor_sdk::sync::{Channel, Ending, Interval, JoinHandle, Missed, Scope};
use actor_sdk::{
    Capability, Clock, EndReason, Error, Factory, NOW, Plan, Rights, Spawner, args, exit, fault,
};
use alloc::format;
use hall::Hall;
use parties::{ROUNDS, WORDS, WORKERS, live};

/// When whatever still waits gives up.
const PATIENCE: Duration = Duration::from_secs(60);

fn run() -> i32 {
    let text = args();
    match text.split_once(' ') {
        Some((role, deadline)) => live(role, deadline.parse().unwrap_or(NOW)),
        None => actor_sdk::Outcome::code(host()),
    }
}
actor_sdk::main!(run);

/// What the first actor works with.
struct Host {
    clock: Clock,
    factory: Factory,
    spawner: Spawner,
    deadline_ns: u64,
}

fn host() -> Result<(), Error> {
    let clock = Clock::find("clock")?;
    let deadline_ns = clock.after(PATIENCE)?;
    let (factory, spawner) = (Factory::find("factory")?, Spawner::find("spawner")?);
    let host = Host { clock, factory, spawner, deadline_ns };
    host.workers_meet()?;
    for kind in [Channel::Rendezvous, Channel::Bounded(3)] {
        host.words_arrive(kind)?;
    }
    host.the_latest_is_kept()?;
    host.a_scope_fails_fast()?;
    host.a_dropped_scope_takes_its_actors_along()?;
    host.tasks_go_on_together()?;
    host.failures_go_up()?;
    host.the_silent_are_ended()?;
    host.a_killed_supervisor_returns_with_its_team()?;
    host.those_that_stop_are_asked_one_after_the_other()?;
    host.ticks_come_in_time()
}

impl Host {
    fn plan(&self, role: &str) -> Plan {
        parties::plan(role, self.deadline_ns)
    }

    /// The others stand at the gate until it is opened, and do all rounds.
    fn workers_meet(&self) -> Result<(), Error> {
        let hall = Hall::new(&self.factory, WORKERS as u32)?;
        let mut scope = Scope::new(&self.spawner, Ending::FailFast);
        for _ in 0..WORKERS {
            scope.spawn(&self.plan("worker").share("", &hall))?;
        }
        self.clock.sleep(Duration::from_millis(5))?;
        *hall.gate.lock(self.deadline_ns)? = 1;
        hall.opened.wake_all(self.deadline_ns)?;
        self.all_went_well(&mut scope)?;
        let [inside, most, visits, last] = *hall.ledger.lock(NOW)?;
        if (inside, visits, last) != (0, WORKERS * ROUNDS, ROUNDS) || most == 0 {
            fault("the ledger does not add up");
        }
        Ok(())
    }

    /// Waits for a scope, and ends as the first of its actors did that did not end well.
    fn all_went_well(&self, scope: &mut Scope<'_>) -> Result<(), Error> {
        for end in scope.wait(self.deadline_ns)? {
            match end.reason {
                EndReason::Exited(0) | EndReason::Killed => {}
                EndReason::Exited(code) => exit(code),
                reason => fault(&format!("{}: {}", reason.name(), end.detail.as_str())),
            }
        }
        Ok(())
    }

    /// All words of two speakers come to one listener.
    fn words_arrive(&self, kind: Channel) -> Result<(), Error> {
        let (words, hearing) = kind.open::<u64>(&self.factory)?;
        let (saying, sum) = Channel::Bounded(1).open::<u64>(&self.factory)?;
        let mut scope = Scope::new(&self.spawner, Ending::FailFast);
        scope.spawn(&self.plan("listener").share("words", &hearing).share("sum", &saying))?;
        for _ in 0..2 {
            scope.spawn(&self.plan("speaker").share("words", &words))?;
        }
        self.all_went_well(&mut scope)?;
        if sum.recv(NOW)? != WORDS * (WORDS + 1) {
            fault("a word was lost or came twice");
        }
        drop(hearing);
        if words.send(&1, NOW) != Err(Error::Closed) {
            fault("a channel without receivers is open");
        }
        Ok(())
    }

    /// A speaker whom nobody listens to ends, and leaves his last word.
    fn the_latest_is_kept(&self) -> Result<(), Error> {
        let (words, hearing) = Channel::Conflated.open::<u64>(&self.factory)?;
        let mut scope = Scope::new(&self.spawner, Ending::WaitAll);
        scope.spawn(&self.plan("speaker").share("words", &words))?;
        self.all_went_well(&mut scope)?;
        if (hearing.recv(NOW), hearing.try_recv()) != (Ok(WORDS), Ok(None)) {
            fault("the latest word is not what was kept");
        }
        Ok(())
    }

    /// One that would wait for ever.
    fn idler(&self, scope: &mut Scope<'_>) -> Result<JoinHandle, Error> {
        let quiet = self.factory.endpoint(1)?;
        scope.spawn(&self.plan("idler").grant("quiet", &quiet, Rights::RECEIVE))
    }

    fn a_scope_fails_fast(&self) -> Result<(), Error> {
        let mut scope = Scope::new(&self.spawner, Ending::FailFast);
        self.idler(&mut scope)?;
        scope.spawn(&self.plan("failing"))?;
        self.idler(&mut scope)?;
        let ends = scope.wait(self.deadline_ns)?;
        let killed = ends.iter().filter(|end| end.reason == EndReason::Killed).count();
        if ends.len() != 3 || killed != 2 {
            fault("a failure did not take the others along");
        }
        Ok(())
    }

    fn a_dropped_scope_takes_its_actors_along(&self) -> Result<(), Error> {
        let mut scope = Scope::new(&self.spawner, Ending::WaitAll);
        let idler = self.idler(&mut scope)?;
        if scope.wait(self.clock.after(Duration::from_millis(1))?) != Err(Error::TimedOut) {
            fault("a scope ended before its actors");
        }
        drop(scope);
        if idler.join(NOW)?.reason != EndReason::Killed {
            fault("a scope left an actor behind");
        }
        Ok(())
    }

    fn ticks_come_in_time(&self) -> Result<(), Error> {
        let mut beat = Interval::new(&self.clock, Duration::from_millis(2), Missed::Skip)?;
        for _ in 0..5 {
            let due_ns = beat.next_ns();
            beat.tick()?;
            if self.clock.now_ns()? < due_ns {
                fault("a tick came early");
            }
        }
        Ok(())
    }
}
