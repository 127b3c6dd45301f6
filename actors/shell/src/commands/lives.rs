//! Commands that configure actors, hold them back, and end them.
//!
//! Invariant: an actor is told by its name or its id; one that has ended can be waited for if the shell started it,
//! or by its id.
//! Does not: start actors, or list them.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use actor_sdk::abi::{EndRecord, UNLIMITED};
use actor_sdk::{Actor, EndReason, Error, NEVER};

use super::Trouble;
use super::actors::find;
use super::start::limited;
use crate::Shell;
use crate::format::ActorId;

/// Does one thing to the actor that the only argument names, and says so.
fn done(
    shell: &mut Shell,
    arguments: &[String],
    thing: fn(&Actor) -> Result<(), Error>,
    said: fn(&str, ActorId) -> String,
) -> Result<(), Trouble> {
    let [wanted] = arguments else { return Err(Trouble::Usage) };
    let record = find(shell, wanted)?;
    thing(&shell.system.open(record.id)?)?;
    Ok(shell.terminal.write(&said(record.name.as_str(), ActorId(record.id)))?)
}

pub fn terminate(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    done(shell, arguments, Actor::terminate, |name, id| format!("asked {name} ({id}) to end\n"))
}

pub fn kill(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    done(shell, arguments, Actor::kill, |name, id| format!("told {name} ({id}) to end\n"))
}

pub fn suspend(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    done(shell, arguments, Actor::suspend, |name, id| format!("{name} ({id}) is held back\n"))
}

pub fn resume(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    done(shell, arguments, Actor::resume, |name, id| format!("{name} ({id}) goes on\n"))
}

pub fn grant(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let [wanted, slot] = arguments else { return Err(Trouble::Usage) };
    let record = find(shell, wanted)?;
    let (own, rights) =
        limited(shell, slot, (UNLIMITED, NEVER)).map_err(|_| Trouble::NothingToHandOver(slot.clone()))?;
    shell.system.open(record.id)?.grant_slot(slot, &own, rights)?;
    let text = format!("{} ({}) has {slot}\n", record.name, ActorId(record.id));
    Ok(shell.terminal.write(&text)?)
}

pub fn wait(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let (wanted, deadline_ns) = match arguments {
        [wanted] => (wanted, NEVER),
        [wanted, seconds] => {
            let seconds = seconds.parse().map_err(|_| Trouble::Usage)?;
            (wanted, shell.clock.after(Duration::from_secs(seconds))?)
        }
        _ => return Err(Trouble::Usage),
    };
    let text = match shell.started.find(wanted) {
        Some(actor) => {
            let end = actor.wait(deadline_ns)?;
            shell.started.forget(wanted);
            end_line(wanted, &end)
        }
        None => {
            let record = find(shell, wanted)?;
            end_line(record.name.as_str(), &shell.system.open(record.id)?.wait(deadline_ns)?)
        }
    };
    Ok(shell.terminal.write(&text)?)
}

fn end_line(name: &str, end: &EndRecord) -> String {
    let detail = if end.detail.is_empty() { String::new() } else { format!(": {}", end.detail) };
    match end.reason {
        EndReason::Exited(code) => format!("{name} exited with {code}\n"),
        reason => format!("{name} ended: {}{detail}\n", reason.name()),
    }
}
