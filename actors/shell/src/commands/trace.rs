//! The command that shows what happened last, on all cores.
//!
//! Does not: keep events (the kernel does, a ring a core), or show those of actors that have ended by name:
//! nobody knows it any more.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use actor_sdk::abi::trace::TRACE_KEPT;
use actor_sdk::abi::{FaultKind, TraceKind, TraceRecord, TurnEnd};

use super::Trouble;
use crate::Shell;
use crate::format::{table, time};

/// How many events are shown unless it is told.
const EVENTS: usize = 30;

pub fn trace(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let wanted = match words.as_slice() {
        ["on"] => return Ok(shell.system.set_trace(true)?),
        ["off"] => return Ok(shell.system.set_trace(false)?),
        [] => EVENTS,
        [number] => number.parse().map_err(|_| Trouble::Usage)?,
        _ => return Err(Trouble::Usage),
    };
    let events = last(shell, wanted);
    let names: BTreeMap<u64, String> =
        shell.system.actors().map(|actor| (actor.id, actor.name.as_str().into())).collect();
    let mut rows = Vec::from([["TIME", "CORE", "ACTOR", "EVENT", ""].map(String::from).to_vec()]);
    rows.extend(events.iter().map(|event| row(event, &names)));
    Ok(shell.terminal.write(&table(&rows))?)
}

/// The last events of all cores in the order in which they happened. More happen while they are read, so of no
/// core more are read than it keeps.
fn last(shell: &Shell, wanted: usize) -> Vec<TraceRecord> {
    let mut events = Vec::new();
    for core in shell.system.cores() {
        let Ok(core) = u16::try_from(core.index) else { continue };
        events.extend(shell.system.trace(core).take(TRACE_KEPT));
    }
    events.sort_by_key(|event| (event.time_ns, event.core, event.sequence));
    events.split_off(events.len().saturating_sub(wanted))
}

fn row(event: &TraceRecord, names: &BTreeMap<u64, String>) -> Vec<String> {
    Vec::from([
        format!("{}.{:06}", event.time_ns / 1_000_000_000, event.time_ns / 1_000 % 1_000_000),
        format!("cpu{}", event.core),
        name(event.actor, names),
        event.kind.name().into(),
        told(event, names),
    ])
}

fn name(actor: u64, names: &BTreeMap<u64, String>) -> String {
    names.get(&actor).cloned().unwrap_or_else(|| format!("#{actor:x}"))
}

/// What the two words of an event say.
fn told(event: &TraceRecord, names: &BTreeMap<u64, String>) -> String {
    match event.kind {
        TraceKind::Spawn => name(event.first, names),
        TraceKind::Turn => {
            let end = u8::try_from(event.second).ok().and_then(TurnEnd::from_number);
            format!("ran {}, {}", time(event.first), end.map_or("?", TurnEnd::name))
        }
        TraceKind::Send | TraceKind::Receive => {
            format!("label {:#x}, {} bytes", event.first, event.second)
        }
        TraceKind::Revoke => format!("{} capabilities, {} woken", event.first, event.second),
        TraceKind::Fault => {
            let kind = u8::try_from(event.first).ok().and_then(FaultKind::from_number);
            kind.map_or("?", FaultKind::name).to_string()
        }
        TraceKind::End if event.second == 0 => "told to".into(),
        TraceKind::End => format!("exited with {}", event.first as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run;
    use crate::tests::{actor, core, machine, shown};
    use actor_sdk::abi::ActorState;

    fn event(core: u16, sequence: u64, time_ns: u64, kind: TraceKind, words: (u64, u64)) -> TraceRecord {
        let actor = actor(3, "shell", ActorState::Running).id;
        TraceRecord { sequence, time_ns, actor, first: words.0, second: words.1, core, kind, reserved: 0 }
    }

    #[test]
    fn trace_merges_the_cores_events_and_shows_the_last() {
        let text = shown("trace 4\n", |kernel| {
            kernel.add_core(core(0));
            kernel.add_core(core(1));
            kernel.add_actor(actor(3, "shell", ActorState::Running));
            kernel.add_event(event(0, 8, 10, TraceKind::Receive, (0, 0)));
            kernel.add_event(event(0, 9, 1_000, TraceKind::Send, (0x20, 5)));
            kernel.add_event(event(1, 1, 2_000, TraceKind::Spawn, (0x99, 0)));
            kernel.add_event(event(0, 10, 3_000, TraceKind::Turn, (70_000, 2)));
            kernel.add_event(event(1, 2, 4_000, TraceKind::End, (-1_i64 as u64, 1)));
        });
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(" cpu")).map(str::trim).collect();
        let expected = [
            "0.000001  cpu0  shell  send   label 0x20, 5 bytes",
            "0.000002  cpu1  shell  spawn  #99",
            "0.000003  cpu0  shell  turn   ran 70 us, blocked",
            "0.000004  cpu1  shell  end    exited with -1",
        ];
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn trace_is_switched_on_and_off() {
        for (typed, on) in [("trace on\n", true), ("trace on\ntrace off\n", false), ("trace maybe\n", false)]
        {
            let (kernel, _screen) = machine(typed);
            assert_eq!(run(), Err(actor_sdk::Error::Closed));
            assert_eq!(kernel.traces(), on, "{typed}");
        }
    }
}
