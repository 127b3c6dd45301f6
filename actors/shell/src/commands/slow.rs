//! The command that shows who does not get on.
//!
//! Owns: what counts as slow: to be at one thing for so long (to work without a wait, to wait in one call), or, for a
//! handler, at one message. Those that work come first.
//! Does not: know who is meant to wait: a main actor that waits for the next key does nothing else.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Reverse;

use actor_sdk::Shape;
use actor_sdk::abi::inspect::ActorRecord;
use actor_sdk::abi::{PulseRecord, Spell};

use super::Trouble;
use crate::Shell;
use crate::format::{ActorId, table, time};

/// What is slow unless it is said, in milliseconds.
const SLOW_MS: u64 = 1000;

const HEAD: [&str; 5] = ["ID", "NAME", "IS", "FOR", "HEARTBEAT"];

pub fn slow(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let limit_ms = match arguments {
        [] => SLOW_MS,
        [limit_ms] => limit_ms.parse().map_err(|_| Trouble::Usage)?,
        _ => return Err(Trouble::Usage),
    };
    let limit_ns = limit_ms.saturating_mul(1_000_000);
    let actors: Vec<ActorRecord> = shell.system.actors().collect();
    let mut slow: Vec<(&ActorRecord, PulseRecord)> = shell
        .system
        .pulses()
        .filter_map(|pulse| Some((actors.iter().find(|actor| actor.id == pulse.id)?, pulse)))
        .filter(|(actor, pulse)| is_slow(actor, pulse, limit_ns))
        .collect();
    slow.sort_by_key(|(_, pulse)| (pulse.spell != Spell::Working, Reverse(pulse.spell_ns)));
    let mut rows = Vec::from([HEAD.map(String::from).to_vec()]);
    rows.extend(slow.iter().map(|(actor, pulse)| row(actor, pulse)));
    Ok(shell.terminal.write(&table(&rows))?)
}

fn is_slow(actor: &ActorRecord, pulse: &PulseRecord, limit_ns: u64) -> bool {
    let at_one_message = actor.shape == Shape::Handler && pulse.silent_ns >= limit_ns;
    pulse.spell != Spell::AtRest && (pulse.spell_ns >= limit_ns || at_one_message)
}

fn row(actor: &ActorRecord, pulse: &PulseRecord) -> Vec<String> {
    Vec::from([
        ActorId(actor.id).to_string(),
        actor.name.to_string(),
        pulse.spell.name().into(),
        time(pulse.spell_ns),
        time(pulse.silent_ns),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{actor, shown};
    use actor_sdk::abi::ActorState;
    use actor_sdk::fake::Kernel;

    const MS: u64 = 1_000_000;

    fn add(
        kernel: &mut Kernel,
        index: u32,
        (name, shape): (&str, Shape),
        (spell, spell_ns, silent_ns): (Spell, u64, u64),
    ) {
        let record = ActorRecord { shape, ..actor(index, name, ActorState::Running) };
        kernel.add_actor(record);
        kernel.add_pulse(PulseRecord { index, spell, reserved: [0; 3], id: record.id, spell_ns, silent_ns });
    }

    fn five(kernel: &mut Kernel) {
        add(kernel, 1, ("keyboard", Shape::Main), (Spell::Waiting, 70_000 * MS, 80_000 * MS));
        add(kernel, 2, ("primes", Shape::Main), (Spell::Working, 1500 * MS, 9000 * MS));
        add(kernel, 3, ("echo", Shape::Handler), (Spell::Waiting, 20 * MS, 1200 * MS));
        add(kernel, 4, ("pong", Shape::Handler), (Spell::AtRest, 5000 * MS, 5000 * MS));
        add(kernel, 5, ("clock", Shape::Main), (Spell::Waiting, 20 * MS, 90_000 * MS));
    }

    #[test]
    fn slow_lists_who_is_long_at_one_thing_those_that_work_first() {
        let text = shown("slow\nslow 20\n", five);
        let names = |text: &str| -> Vec<String> {
            let rows = text.lines().filter_map(|line| line.split_whitespace().nth(1));
            rows.filter(|word| ["keyboard", "primes", "echo", "pong", "clock"].contains(word))
                .map(String::from)
                .collect()
        };
        assert_eq!(names(&text), ["primes", "keyboard", "echo", "primes", "keyboard", "echo", "clock"]);
        assert!(text.contains("primes    working  1500 ms    9000 ms"), "{text}");
    }

    #[test]
    fn slow_says_how_it_is_used() {
        assert!(shown("slow soon\n", five).contains("slow [MS]"));
    }
}
