//! Supervisors among real actors: the first actor supervises one that supervises another.
//!
//! Each life of those at the bottom says one word, so what came of all of it can be counted.

use actor_sdk::supervisor::{Failure, Policy, Restart, Strategy, Team};
use actor_sdk::sync::{Channel, Receiver, Sender, Shared};
use actor_sdk::{
    Capability, Clock, Error, Factory, NEVER, NOW, Notification, Plan, Rights, Spawner, fault, yield_now,
};

use crate::Host;
use crate::parties::plan;

/// How often the lower supervisor starts its one again before it fails.
const LOWER_LIMIT: u32 = 2;
/// How often the upper one starts the lower one again.
const UPPER_LIMIT: u32 = 3;

const fn policy(limit: u32) -> Policy {
    Policy {
        restart: Restart::OnFault,
        limit,
        window_ns: u64::MAX,
        back_off_ns: 0,
        watchdog_ns: 0,
        shutdown_ns: 0,
    }
}

/// How long the silent may be silent, and how long the deaf are waited for, in nanoseconds.
const SILENCE_NS: u64 = 20_000_000;

/// Supervises one that lives in the role `member`, until it is given up.
pub fn supervise(member: &str, deadline_ns: u64) -> Result<(), Error> {
    let (spawner, clock) = (Spawner::find("spawner")?, Clock::find("clock")?);
    let member = plan(member, deadline_ns)
        .share("lives", &Sender::<u64>::find("lives")?)
        .share("quiet", &Receiver::<u64>::find("quiet")?);
    Ok(Team::new(&spawner, &clock, Strategy::OneForOne, [(member, policy(LOWER_LIMIT))]).run()?)
}

/// Says that it lives, and fails.
pub fn live_briefly(deadline_ns: u64) -> Result<(), Error> {
    Sender::<u64>::find("lives")?.send(&1, deadline_ns)?;
    fault("as I was told")
}

/// Says that it lives, and nothing more.
pub fn be_silent(deadline_ns: u64) -> Result<(), Error> {
    Sender::<u64>::find("lives")?.send(&1, deadline_ns)?;
    loop {
        yield_now();
    }
}

/// Says that it lives, and when it is asked to end says a word and does.
pub fn be_polite(word: u64, deadline_ns: u64) -> Result<(), Error> {
    let lives = Sender::<u64>::find("lives")?;
    let asked = wish_to_be_asked()?;
    lives.send(&0, deadline_ns)?;
    asked.wait(deadline_ns)?;
    lives.send(&word, deadline_ns)
}

/// Says that it lives, and does not listen when it is asked to end.
pub fn be_deaf(deadline_ns: u64) -> Result<(), Error> {
    let asked = wish_to_be_asked()?;
    Sender::<u64>::find("lives")?.send(&0, deadline_ns)?;
    loop {
        asked.wait(deadline_ns)?;
    }
}

fn wish_to_be_asked() -> Result<Notification, Error> {
    let asked = Factory::find("factory")?.notification()?;
    asked.on_terminate(1).map(|()| asked)
}

/// Says that it lives, and waits for a word.
pub fn sit(deadline_ns: u64) -> Result<(), Error> {
    Sender::<u64>::find("lives")?.send(&1, deadline_ns)?;
    Receiver::<u64>::find("quiet")?.recv(deadline_ns).map(|_| ())
}

impl Host {
    fn supervisor(&self, role: &str, lives: &Sender<u64>, quiet: &Receiver<u64>) -> Plan {
        self.plan(role)
            .share("lives", lives)
            .share("quiet", quiet)
            .grant("spawner", &self.spawner, Rights::SPAWN)
            .grant("clock", &self.clock, Rights::READ.union(Rights::WAIT))
    }

    /// One that fails each time is given up by its supervisor, which is given up by this one.
    pub fn failures_go_up(&self) -> Result<(), Error> {
        let (lives, counted) = Channel::Bounded(64).open::<u64>(&self.factory)?;
        let (_words, quiet) = Channel::Bounded(1).open::<u64>(&self.factory)?;
        let crew = self.supervisor("crew", &lives, &quiet);
        let mut team =
            Team::new(&self.spawner, &self.clock, Strategy::OneForOne, [(crew, policy(UPPER_LIMIT))]);
        if team.run() != Err(Failure::GivenUp(0)) {
            fault("a supervisor that fails each time was not given up");
        }
        let mut count = 0;
        while counted.try_recv()?.is_some() {
            count += 1;
        }
        if count != (UPPER_LIMIT + 1) * (LOWER_LIMIT + 1) {
            fault("the lives below a supervisor that fails do not add up");
        }
        Ok(())
    }

    /// One that gives no sign of life is ended, and given up when that does not help.
    pub fn the_silent_are_ended(&self) -> Result<(), Error> {
        let (lives, counted) = Channel::Bounded(64).open::<u64>(&self.factory)?;
        let silent = self.plan("silent").share("lives", &lives);
        let policy = Policy { watchdog_ns: SILENCE_NS, ..policy(LOWER_LIMIT) };
        let mut team = Team::new(&self.spawner, &self.clock, Strategy::OneForOne, [(silent, policy)]);
        if team.run() != Err(Failure::GivenUp(0)) {
            fault("one without a heartbeat was left alone");
        }
        let mut count = 0;
        while counted.try_recv()?.is_some() {
            count += 1;
        }
        // On a machine that is busy enough one may be ended before its first word.
        if count > LOWER_LIMIT + 1 {
            fault("one without a heartbeat lived too often");
        }
        Ok(())
    }

    /// Who is asked to end does so in his own time, the last first; who does not listen is ended, and holds nobody up.
    pub fn those_that_stop_are_asked_one_after_the_other(&self) -> Result<(), Error> {
        let (lives, heard) = Channel::Bounded(8).open::<u64>(&self.factory)?;
        let given = |role, shutdown_ns| {
            let plan = self.plan(role).share("lives", &lives).grant("factory", &self.factory, Rights::CREATE);
            (plan, Policy { shutdown_ns, ..policy(0) })
        };
        let members = [given("polite", NEVER), given("courteous", NEVER), given("deaf", SILENCE_NS)];
        let count = members.len();
        let mut team = Team::new(&self.spawner, &self.clock, Strategy::OneForOne, members);
        team.turn(NOW)?;
        for _ in 0..count {
            if heard.recv(self.deadline_ns)? != 0 {
                fault("one spoke before it was asked to end");
            }
        }
        team.shut_down()?;
        if (heard.try_recv()?, heard.try_recv()?, heard.try_recv()?) != (Some(2), Some(1), None) {
            fault("those that were asked to end did not, or not one after the other");
        }
        Ok(())
    }

    /// A supervisor that is killed returns, its one with it; when all is over nobody is left of any of them.
    pub fn a_killed_supervisor_returns_with_its_team(&self) -> Result<(), Error> {
        let (lives, counted) = Channel::Bounded(64).open::<u64>(&self.factory)?;
        let (words, quiet) = Channel::Rendezvous.open::<u64>(&self.factory)?;
        let keeper = self.supervisor("keeper", &lives, &quiet);
        let mut team =
            Team::new(&self.spawner, &self.clock, Strategy::OneForOne, [(keeper, policy(UPPER_LIMIT))]);
        for _ in 0..UPPER_LIMIT {
            team.turn(NOW)?;
            counted.recv(self.deadline_ns)?;
            team.actor(0).ok_or(Error::NotFound)?.kill()?;
            team.turn(self.deadline_ns)?;
        }
        counted.recv(self.deadline_ns)?;
        drop(team);
        // What nobody can receive from any more is closed: until then somebody is left.
        drop(quiet);
        let closed = loop {
            if let Err(error) = words.send(&0, self.deadline_ns) {
                break error;
            }
        };
        if closed != Error::Closed {
            fault("one of a killed supervisor's team lives on");
        }
        if counted.try_recv()?.is_some() {
            fault("more lived than were started");
        }
        Ok(())
    }
}
