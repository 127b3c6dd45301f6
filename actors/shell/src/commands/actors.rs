//! Commands that look at actors.
//!
//! Invariant: an actor is named by its id, or by its name where only one that lives has it.
//! Does not: change any.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use actor_sdk::abi::ActorState;
use actor_sdk::abi::inspect::ActorRecord;
use actor_sdk::{EndReason, Error};

use super::Trouble;
use crate::Shell;
use crate::format::{ActorId, bytes, table, time};
use crate::terminal::CLEAR;

/// How often `top` looks.
const TOP_INTERVAL: Duration = Duration::from_secs(1);

/// How many actors `top` shows at most: what fits on a small screen.
const TOP_ACTORS: usize = 20;

const PS_HEAD: [&str; 9] = ["ID", "NAME", "STATE", "PRIORITY", "CORE", "CPU", "MEMORY", "MAX", "MODULE"];

pub fn ps(shell: &mut Shell, _arguments: &[String]) -> Result<(), Trouble> {
    let mut rows = Vec::from([PS_HEAD.map(String::from).to_vec()]);
    rows.extend(shell.system.actors().map(|actor| ps_row(&actor)));
    Ok(shell.terminal.write(&table(&rows))?)
}

fn ps_row(actor: &ActorRecord) -> Vec<String> {
    Vec::from([
        ActorId(actor.id).to_string(),
        actor.name.to_string(),
        state(actor),
        priority(actor),
        format!("cpu{}", actor.core),
        time(actor.cpu_ns),
        bytes(actor.memory_bytes),
        bytes(actor.memory_max_bytes),
        actor.module.to_string(),
    ])
}

/// Its own, and the one that it has for the time of a call, if that is another.
fn priority(actor: &ActorRecord) -> String {
    match (actor.priority.name(), actor.level.name()) {
        (own, now) if own == now => own.into(),
        (own, now) => format!("{own} as {now}"),
    }
}

fn state(actor: &ActorRecord) -> String {
    match actor.state {
        ActorState::Ended => ended(actor.end),
        state => state.name().into(),
    }
}

/// How one ended, in a word or two.
pub fn ended(reason: EndReason) -> String {
    match reason {
        EndReason::Exited(code) => format!("exited {code}"),
        reason => reason.name().into(),
    }
}

pub fn top(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let mut rounds = match arguments {
        // Who pipes commands in wants the next one to run, not to wait for a key.
        [] if shell.terminal.has_typed() => Some(1_u64),
        [] => None,
        [number] => Some(number.parse().map_err(|_| Trouble::Usage)?),
        _ => return Err(Trouble::Usage),
    };
    let mut before = Snapshot::take(shell)?;
    while rounds != Some(0) {
        let until = shell.clock.after(TOP_INTERVAL)?;
        if rounds.is_some() {
            shell.clock.sleep_until(until)?;
        } else {
            match shell.terminal.key(until) {
                Ok(_) => return Ok(()),
                Err(Error::TimedOut) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let now = Snapshot::take(shell)?;
        shell.terminal.write(&now.screen(&before))?;
        before = now;
        rounds = rounds.map(|left| left - 1);
    }
    Ok(())
}

/// All actors at a moment.
struct Snapshot {
    time_ns: u64,
    actors: Vec<ActorRecord>,
}

impl Snapshot {
    fn take(shell: &Shell) -> Result<Self, Error> {
        let time_ns = shell.clock.now_ns()?;
        Ok(Self { time_ns, actors: shell.system.actors().collect() })
    }

    /// What `top` shows, busiest first; shares are of one core.
    fn screen(&self, before: &Self) -> String {
        let span_ns = self.time_ns.saturating_sub(before.time_ns).max(1);
        let mut busy: Vec<(u64, &ActorRecord)> =
            self.actors.iter().map(|actor| (spent_ns(actor, before), actor)).collect();
        busy.sort_by_key(|(spent_ns, _)| u64::MAX - spent_ns);
        let mut rows =
            Vec::from([["%CPU"].iter().chain(&PS_HEAD).map(ToString::to_string).collect::<Vec<_>>()]);
        for (spent_ns, actor) in busy.into_iter().take(TOP_ACTORS) {
            let per_mille = spent_ns.saturating_mul(1000) / span_ns;
            let mut row = Vec::from([format!("{}.{}", per_mille / 10, per_mille % 10)]);
            row.extend(ps_row(actor));
            rows.push(row);
        }
        format!("{CLEAR}{} actors\n{}", self.actors.len(), table(&rows))
    }
}

fn spent_ns(actor: &ActorRecord, before: &Snapshot) -> u64 {
    let earlier =
        before.actors.iter().find(|earlier| earlier.id == actor.id).map_or(0, |earlier| earlier.cpu_ns);
    actor.cpu_ns.saturating_sub(earlier)
}

/// The actor that is meant by an id or a name. Of those that share a name, one that lives is meant.
pub fn find(shell: &Shell, wanted: &str) -> Result<ActorRecord, Trouble> {
    let mut found: Vec<ActorRecord> = match wanted.parse() {
        Ok(ActorId(id)) => shell.system.actors().filter(|actor| actor.id == id).collect(),
        Err(_) => shell.system.actors().filter(|actor| actor.name.as_str() == wanted).collect(),
    };
    if found.iter().any(|actor| actor.state != ActorState::Ended) {
        found.retain(|actor| actor.state != ActorState::Ended);
    }
    match found.as_slice() {
        [actor] => Ok(*actor),
        [] => Err(Trouble::NoSuchActor(wanted.into())),
        _ => Err(Trouble::SeveralActors(wanted.into())),
    }
}
