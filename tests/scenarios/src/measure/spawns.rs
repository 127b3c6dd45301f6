//! Spawn of a module that is parsed already, from the request to the first instruction, and to the end.
//!
//! The first instruction is a host call, whose arrival is stamped. The loop is turned right after the
//! spawn, once: nobody else is ready.

use super::{Sink, stamps};
use crate::{Failure, Stage, Verdict, check};
use alloc::vec;
use khal::time;
use tessera_abi::EndReason;

/// Spawns a round.
const SPAWNS: usize = 50;

pub fn to_the_first_instruction(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    for spawned in 0..=stage.rounds * SPAWNS {
        stamps::clear();
        let (began, _) = one(stage, "exit_seven", EndReason::Exited(7))?;
        let stamps = stamps::all();
        let [first] = stamps.as_slice() else {
            check!(false, "{} host calls were stamped instead of one", stamps.len());
            return Ok(());
        };
        // The first one parses the module.
        if spawned > 0 {
            sink(first - began, 1);
        }
    }
    Ok(())
}

pub fn to_the_end(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    for spawned in 0..=stage.rounds * SPAWNS {
        let (began, ended) = one(stage, "nothing", EndReason::Exited(0))?;
        if spawned > 0 {
            sink(ended - began, 1);
        }
    }
    Ok(())
}

/// Spawns one and lets it run to its end; when it was asked for, and when the loop had run it.
fn one(stage: &mut Stage<'_>, module: &str, reason: EndReason) -> Result<(u64, u64), Failure> {
    let began = time::cycles();
    let actor = stage.main(module, vec![])?;
    (stage.run)();
    let ran = time::cycles();
    stage.ends(&actor, reason)?;
    Ok((began, ran))
}
