//! The commands: what they are called, what they say about themselves, and how a line becomes one.
//!
//! Owns: the table. Adding a command is a line here and a function in one of the files below.
//! Does not: read the line.

mod accounts;
mod actors;
mod authority;
mod lives;
mod machine;
mod restarts;
mod slow;
mod start;
mod stats;
mod trace;
mod traffic;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use actor_sdk::Error;

use crate::Shell;
use crate::format::table;
use crate::words;

/// A command.
pub struct Command {
    name: &'static str,
    usage: &'static str,
    help: &'static str,
    run: fn(&mut Shell, &[String]) -> Result<(), Trouble>,
}

/// Why a command did nothing, or not all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The words after it make no sense.
    Usage,
    /// The kernel or a server refused.
    Refused(Error),
    /// No actor has this name or id.
    NoSuchActor(String),
    /// Several actors have this name.
    SeveralActors(String),
    /// The actor has nothing in the slot.
    EmptySlot(String, u32),
    /// The shell holds no capability under this name that it could hand on.
    NothingToHandOver(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// All commands, in the order of `help`.
const COMMANDS: &[Command] = &[
    Command { name: "help", usage: "help [COMMAND]", help: "says what there is", run: help },
    Command { name: "ps", usage: "ps", help: "lists actors", run: actors::ps },
    Command {
        name: "top",
        usage: "top [ROUNDS]",
        help: "shows actors every second, until a key",
        run: actors::top,
    },
    Command { name: "cpus", usage: "cpus", help: "lists cores and what they did", run: machine::cpus },
    Command { name: "mem", usage: "mem", help: "says where memory is", run: machine::mem },
    Command {
        name: "slow",
        usage: "slow [MS]",
        help: "lists who has been at one thing for so long, a second unless said",
        run: slow::slow,
    },
    Command {
        name: "restarts",
        usage: "restarts",
        help: "lists who was started again, how often, and how the one before ended",
        run: restarts::restarts,
    },
    Command {
        name: "caps",
        usage: "caps ACTOR",
        help: "lists an actor's capabilities",
        run: authority::caps,
    },
    Command {
        name: "endpoints",
        usage: "endpoints ACTOR",
        help: "lists an actor's endpoints and what has become of what was sent there",
        run: traffic::endpoints,
    },
    Command {
        name: "accounts",
        usage: "accounts",
        help: "lists accounts below what they were split from, and what is used of what each may have",
        run: accounts::accounts,
    },
    Command {
        name: "who-can",
        usage: "who-can ACTOR SLOT",
        help: "lists everybody who can use what is in the slot, and how they came by it",
        run: authority::who_can,
    },
    Command {
        name: "unused",
        usage: "unused",
        help: "lists the capabilities that nobody has used",
        run: authority::unused,
    },
    Command {
        name: "revoke",
        usage: "revoke [--dry-run] [--whole] ACTOR SLOT",
        help: "takes back what was derived from a capability, and it too if --whole",
        run: authority::revoke,
    },
    Command {
        name: "stats",
        usage: "stats [on | off | ACTOR]",
        help: "keeps statistics, or shows how long messages waited and calls took, or all about an actor",
        run: stats::stats,
    },
    Command {
        name: "snapshot",
        usage: "snapshot",
        help: "writes all figures to the second serial port, as lines of JSON",
        run: stats::snapshot,
    },
    Command {
        name: "trace",
        usage: "trace on | off | [EVENTS]",
        help: "switches the trace on or off, or shows its last events",
        run: trace::trace,
    },
    Command { name: "log", usage: "log [LINES]", help: "shows the last lines of the log", run: machine::log },
    Command {
        name: "spawn",
        usage: "spawn [OPTION]… MODULE [ARGS]",
        help: start::SPAWN_HELP,
        run: start::spawn,
    },
    Command {
        name: "grant",
        usage: "grant DRAFT NAME",
        help: "hands a capability of the shell's to an actor that was made with spawn --draft",
        run: lives::grant,
    },
    Command {
        name: "terminate",
        usage: "terminate ACTOR",
        help: "asks an actor to end, or ends it if it cannot be asked",
        run: lives::terminate,
    },
    Command { name: "kill", usage: "kill ACTOR", help: "ends an actor by force", run: lives::kill },
    Command { name: "suspend", usage: "suspend ACTOR", help: "holds an actor back", run: lives::suspend },
    Command {
        name: "resume",
        usage: "resume ACTOR",
        help: "lets a suspended actor go on, or a draft begin",
        run: lives::resume,
    },
    Command {
        name: "wait",
        usage: "wait ACTOR [SECONDS]",
        help: "waits for an actor's end",
        run: lives::wait,
    },
    Command {
        name: "renew",
        usage: "renew NAME",
        help: "asks the supervisor for the shell's endpoint of a server that was started again",
        run: start::renew,
    },
    Command { name: "history", usage: "history", help: "lists the lines before", run: history },
    Command { name: "clear", usage: "clear", help: "clears the screen", run: machine::clear },
    Command {
        name: "uptime",
        usage: "uptime",
        help: "says how long the machine is up",
        run: machine::uptime,
    },
    Command { name: "shutdown", usage: "shutdown", help: "switches the machine off", run: machine::shutdown },
    Command { name: "reboot", usage: "reboot", help: "starts the machine again", run: machine::reboot },
];

/// Runs a line, and says on the terminal what went wrong with it.
///
/// # Errors
/// Only when the terminal is lost.
pub fn run(shell: &mut Shell, line: &str) -> Result<(), Error> {
    let Some(words) = words::split(line) else {
        return shell.terminal.write("a quote has no end\n");
    };
    let Some((name, arguments)) = words.split_first() else { return Ok(()) };
    let Some(command) = find(name) else {
        return shell.terminal.write(&unknown(name));
    };
    match (command.run)(shell, arguments) {
        Ok(()) => Ok(()),
        Err(trouble) => shell.terminal.write(&explain(command, &trouble)),
    }
}

fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

fn unknown(name: &str) -> String {
    let advice = match words::closest(name, COMMANDS.iter().map(|command| command.name)) {
        Some(closest) => format!("did you mean `{closest}`? "),
        None => String::new(),
    };
    format!("there is no command `{name}`; {advice}`help` lists them all\n")
}

fn explain(command: &Command, trouble: &Trouble) -> String {
    let name = command.name;
    match trouble {
        Trouble::Usage => format!("usage: {}\n", command.usage),
        Trouble::Refused(error) => format!("{name}: {} ({})\n", error.prose(), error.name()),
        Trouble::NoSuchActor(actor) => format!("{name}: there is no actor `{actor}`; `ps` lists them\n"),
        Trouble::SeveralActors(actor) => {
            format!("{name}: several actors are called `{actor}`; `ps` tells their ids\n")
        }
        Trouble::EmptySlot(actor, slot) => {
            format!("{name}: {actor} has nothing in slot {slot}; see `caps {actor}`\n")
        }
        Trouble::NothingToHandOver(slot) => {
            format!("{name}: the shell has nothing called `{slot}` to hand over; see `caps shell`\n")
        }
    }
}

fn help(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let text = match arguments {
        [] => {
            let row = |command: &Command| Vec::from([command.usage.into(), command.help.into()]);
            table(&COMMANDS.iter().map(row).collect::<Vec<_>>())
        }
        [name] => match find(name) {
            Some(command) => format!("{}: {}\n", command.usage, command.help),
            None => unknown(name),
        },
        _ => return Err(Trouble::Usage),
    };
    Ok(shell.terminal.write(&text)?)
}

fn history(shell: &mut Shell, _arguments: &[String]) -> Result<(), Trouble> {
    let mut text = String::new();
    for (number, line) in (1..).zip(shell.history.lines()) {
        text.push_str(&format!("{number:4}  {line}\n"));
    }
    Ok(shell.terminal.write(&text)?)
}
