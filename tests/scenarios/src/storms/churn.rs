//! Actors come and go.

use super::dice::Dice;
use crate::inventory::settle;
use crate::stage::{Stage, authority, endpoint};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{EndReason, FaultKind, ObjectKind, Priority, Shape};
use tessera_core::actor::Actor;

/// How many come.
const ACTORS: usize = 60;
/// How many are there at once, at the most.
const AT_ONCE: usize = 12;

/// The actors' modules and how they end; all are parsed before anything is counted.
const KINDS: [(&str, EndReason); 9] = [
    ("nothing", EndReason::Exited(0)),
    ("exit_seven", EndReason::Exited(7)),
    ("trap_unreachable", EndReason::Fault(FaultKind::Unreachable)),
    ("panics", EndReason::Fault(FaultKind::ActorPanic)),
    ("grows", EndReason::Exited(0)),
    ("fills_table", EndReason::Exited(15)),
    ("burn_short", EndReason::Exited(0)),
    (HANDLER, EndReason::Killed),
    (HOLDER, EndReason::Killed),
];

/// Those that do not end by themselves: the second holds regions.
const HANDLER: &str = "adder";
const HOLDER: &str = "holds_regions";

/// Actors of every kind are spawned as fast as others end, by themselves, by a trap, by a panic or because
/// they are killed: when the last has gone, all is as it was.
pub fn churn(stage: &mut Stage<'_>) -> Verdict {
    let mut dice = Dice::new(stage.seed);
    // Once for what stays: parsed modules, lines of the log.
    come_and_go(stage, &mut Dice::new(stage.seed))?;
    // The registry and the pool of stacks keep the room for as many as there ever were at once.
    let all: Vec<_> =
        (0..AT_ONCE).map(|_| newcomer(stage, (HOLDER, EndReason::Killed))).collect::<Result<_, _>>()?;
    all.into_iter().try_for_each(|one| goes(stage, one))?;
    // A stack's frames stay with the stacks for good, so have as many as there can be at once.
    drop((0..2 * AT_ONCE).map(|_| khal::thread::Stack::allocate()).collect::<Vec<_>>());
    let before = settle(stage)?;
    come_and_go(stage, &mut dice)?;
    check!(stage.kernel.leaks() == 0, "an actor left charged memory behind");
    before.comes_back(stage)
}

fn come_and_go(stage: &mut Stage<'_>, dice: &mut Dice) -> Verdict {
    let mut living: Vec<Living> = Vec::with_capacity(AT_ONCE);
    for _ in 0..ACTORS {
        if living.len() == AT_ONCE {
            let gone = living.swap_remove(dice.place(AT_ONCE));
            goes(stage, gone)?;
        }
        if let Some(kind) = dice.pick(&KINDS) {
            living.push(newcomer(stage, *kind)?);
        }
        for _ in 0..dice.below(20) {
            (stage.run)();
        }
    }
    living.into_iter().try_for_each(|one| goes(stage, one))
}

/// One of them, and how it is to end.
type Living = (Arc<Actor>, EndReason);

fn newcomer(stage: &Stage<'_>, (module, reason): (&str, EndReason)) -> Result<Living, Failure> {
    let actor = match module {
        HANDLER => stage.actor(module, Shape::Handler, Priority::Normal, vec![endpoint(1)?])?,
        HOLDER => stage.main(module, vec![authority(ObjectKind::Factory)?, endpoint(1)?])?,
        "panics" => stage.main(module, vec![authority(ObjectKind::Log)?])?,
        "fills_table" => stage.main(module, vec![authority(ObjectKind::Factory)?])?,
        _ => stage.main(module, vec![])?,
    };
    Ok((actor, reason))
}

fn goes(stage: &mut Stage<'_>, (actor, reason): Living) -> Verdict {
    if reason == EndReason::Killed {
        actor.kill();
    }
    stage.ends(&actor, reason)
}
