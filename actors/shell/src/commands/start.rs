//! Commands that start actors.
//!
//! Invariant: what is started gets the log, the clock and its own endpoint if it is a handler, and besides
//! only what is named.
//! Does not: start again what ended; what becomes of it is in `lives`.

use alloc::format;
use alloc::string::String;

use actor_sdk::abi::UNLIMITED;
use actor_sdk::capability::Slot;
use actor_sdk::{Capability, Clock, Endpoint, Error, Factory, Log, NEVER, Plan, Priority, Rights, Shape};
use core::time::Duration;

use super::Trouble;
use crate::Shell;
use crate::format::ActorId;
use crate::terminal::CONSOLE;

/// What `spawn` does and which options it takes.
pub const SPAWN_HELP: &str = "starts an actor; OPTION is --name N, --priority P, --memory KIB, --handler, --draft, \
    --with NAME for a capability of the shell's, --uses N or --for SECONDS to limit what those are good for";

/// What a spawned actor's memory may become unless it is told, in KiB.
const MEMORY_KIB: u64 = 1024;

/// How long the supervisor may take to answer.
const RENEW_PATIENCE: Duration = Duration::from_secs(5);

/// How many messages a spawned handler's endpoint queues.
const MAILBOX: u32 = 16;

/// What the words after `spawn` say.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request<'a> {
    name: Option<&'a str>,
    priority: Priority,
    memory_kib: u64,
    with: alloc::vec::Vec<&'a str>,
    uses: u64,
    seconds: Option<u64>,
    shape: Shape,
    draft: bool,
    module: &'a str,
    args: String,
}

impl<'a> Request<'a> {
    fn parse(words: &'a [String]) -> Result<Self, Trouble> {
        let mut request = Self {
            name: None,
            priority: Priority::Normal,
            memory_kib: MEMORY_KIB,
            with: alloc::vec::Vec::new(),
            uses: UNLIMITED,
            seconds: None,
            shape: Shape::Main,
            draft: false,
            module: "",
            args: String::new(),
        };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--") else {
                request.module = word;
                break;
            };
            match option {
                "handler" => request.shape = Shape::Handler,
                "draft" => request.draft = true,
                _ => request.take(option, words.next().ok_or(Trouble::Usage)?)?,
            }
        }
        request.args = words.collect::<alloc::vec::Vec<_>>().join(" ");
        if request.module.is_empty() { Err(Trouble::Usage) } else { Ok(request) }
    }

    /// Takes an option that has a value.
    fn take(&mut self, option: &str, value: &'a str) -> Result<(), Trouble> {
        match option {
            "name" => self.name = Some(value),
            "priority" => self.priority = Priority::from_name(value).ok_or(Trouble::Usage)?,
            "memory" => self.memory_kib = value.parse().map_err(|_| Trouble::Usage)?,
            "with" => self.with.push(value),
            "uses" => self.uses = value.parse().map_err(|_| Trouble::Usage)?,
            "for" => self.seconds = Some(value.parse().map_err(|_| Trouble::Usage)?),
            _ => return Err(Trouble::Usage),
        }
        Ok(())
    }
}

pub fn spawn(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let request = Request::parse(arguments)?;
    let name = request.name.unwrap_or(request.module);
    let mut plan = Plan::new(name, request.module)
        .shape(request.shape)
        .priority(request.priority)
        .memory_max_bytes(request.memory_kib.saturating_mul(1024))
        .args(&request.args);
    let own = match request.shape {
        Shape::Handler => Some(Factory::find("factory")?.endpoint(MAILBOX)?),
        Shape::Main => None,
    };
    if let Some(own) = &own {
        plan = plan.grant("", own, Rights::RECEIVE.union(Rights::SEND).union(Rights::GRANT));
    }
    plan = plan.grant("log", &shell.log, Rights::WRITE);
    plan = plan.grant("clock", &shell.clock, Rights::READ.union(Rights::WAIT));
    let until_ns = match request.seconds {
        Some(seconds) => shell.clock.after(Duration::from_secs(seconds))?,
        None => NEVER,
    };
    // The shell's own copies: what the new actor gets is derived from them.
    let mut handed = alloc::vec::Vec::new();
    for slot in &request.with {
        let (own, rights) = limited(shell, slot, (request.uses, until_ns))
            .map_err(|_| Trouble::NothingToHandOver((*slot).into()))?;
        plan = plan.grant_slot(slot, &own, rights);
        handed.push(own);
    }
    let actor = if request.draft { shell.spawner.draft(&plan)? } else { shell.spawner.spawn(&plan)? };
    drop(handed);
    let text =
        match shell.system.actors().filter(|actor| actor.name.as_str() == name).map(|actor| actor.id).max() {
            Some(id) => format!("started {name} as {}\n", ActorId(id)),
            None => format!("started {name}\n"),
        };
    shell.started.keep(name, actor);
    Ok(shell.terminal.write(&text)?)
}

/// Uses, and the moment of expiry in ns since boot.
pub(super) type Limits = (u64, u64);

/// What the shell has under this name, with all the rights it has but granting, limited.
pub(super) fn limited(shell: &Shell, slot: &str, limits: Limits) -> Result<(Slot, Rights), Error> {
    fn found<C: Capability>(slot: &str, limits: Limits) -> Result<(Slot, Rights), Error> {
        derived(&C::find(slot)?, limits)
    }
    shell
        .with_endpoint(slot, |endpoint| derived(endpoint, limits))
        .or_else(|_| found::<Factory>(slot, limits))
        .or_else(|_| found::<Clock>(slot, limits))
        .or_else(|_| found::<Log>(slot, limits))
}

fn derived<C: Capability>(from: &C, (uses, until_ns): Limits) -> Result<(Slot, Rights), Error> {
    let rights = from.rights()?.without(Rights::GRANT);
    Ok((from.derive().uses(uses).expires_at(until_ns).get()?.into_slot(), rights))
}

pub fn renew(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let [name] = arguments else { return Err(Trouble::Usage) };
    let endpoint: Endpoint = actor_sdk::renewed(name, shell.clock.after(RENEW_PATIENCE)?)?;
    if name == CONSOLE {
        shell.terminal.lead_to(endpoint);
    } else {
        shell.renewed.retain(|(known, _)| known != name);
        shell.renewed.push((name.clone(), endpoint));
    }
    Ok(shell.terminal.write(&format!("{name} leads to the new one\n"))?)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::words::split;

    #[test]
    fn options_come_before_the_module_and_the_rest_is_its_arguments() {
        let words =
            split("--name p1 --priority low --memory 64 --with pong --handler ping 5 --fast").unwrap();
        let request = Request::parse(&words).unwrap();
        assert_eq!((request.name, request.module, request.args.as_str()), (Some("p1"), "ping", "5 --fast"));
        assert_eq!(
            (request.priority, request.memory_kib, request.shape),
            (Priority::Low, 64, Shape::Handler)
        );
        assert_eq!(request.with, ["pong"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["", "--name", "--name x", "--colour red x", "--memory much x", "--priority urgent x"] {
            assert_eq!(Request::parse(&split(line).unwrap()), Err(Trouble::Usage), "{line}");
        }
    }
}
