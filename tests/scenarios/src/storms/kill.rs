//! Whoever it is, whatever he does: he is killed.

use super::dice::Dice;
use super::{add_up, worker};
use crate::stage::{Stage, authority, endpoint, notification};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{EndReason, ObjectKind, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::cap::Capability;

/// How many are spawned.
const VICTIMS: usize = 24;

/// What the victims may be.
const LEVELS: [Priority; 4] = [Priority::Critical, Priority::High, Priority::Normal, Priority::Low];

/// Actors of all priorities that compute, give way, sleep, wait, call, serve and talk are killed at any moment of
/// their lives, while one server of the lowest goes on answering its clients, and is in the end what it was.
pub fn kill_storm(stage: &mut Stage<'_>) -> Verdict {
    let mut dice = Dice::new(stage.seed);
    let door = endpoint(2)?;
    let server = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("adder", Shape::Handler, Priority::Low, server)?;
    let clock = authority(ObjectKind::Clock)?;
    let shared = endpoint(1)?;
    let mut living: Vec<Arc<Actor>> = Vec::new();
    for _ in 0..VICTIMS {
        living.push(victim(stage, &mut dice, &clock, &shared, &door)?);
        for _ in 0..dice.below(60) {
            (stage.run)();
        }
        if dice.below(2) == 0 {
            kill_one(stage, &mut dice, &mut living)?;
        }
    }
    let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
    while !living.is_empty() {
        kill_one(stage, &mut dice, &mut living)?;
    }
    stage.ends(&client, EndReason::Exited(0))?;
    check!(server.end().record().is_none(), "the server has ended too");
    check!(!server.standing().has_donors(), "somebody dead still makes the server urgent");
    server.kill();
    stage.ends(&server, EndReason::Killed)?;
    check!(stage.kernel.leaks() == 0, "an actor left charged memory behind");
    add_up(&[door, shared])
}

fn kill_one(stage: &mut Stage<'_>, dice: &mut Dice, living: &mut Vec<Arc<Actor>>) -> Verdict {
    let actor = living.swap_remove(dice.place(living.len()));
    actor.kill();
    if dice.below(3) == 0 {
        actor.kill();
    }
    let end = stage.end_of(&actor)?;
    // It may have come to its own end first.
    let ended = matches!(end.reason, EndReason::Killed | EndReason::Exited(_));
    check!(ended, "{} ended: {:?} ({})", actor.profile().name.as_str(), end.reason, end.detail.as_str());
    Ok(())
}

/// Somebody who does one of the things that can be done.
fn victim(
    stage: &Stage<'_>,
    dice: &mut Dice,
    clock: &Capability,
    shared: &Capability,
    served: &Capability,
) -> Result<Arc<Actor>, Failure> {
    let all = Rights::ALL;
    let level = LEVELS.get(dice.place(LEVELS.len())).copied().unwrap_or(Priority::Normal);
    let main = |module, caps| stage.actor(module, Shape::Main, level, caps);
    match dice.below(12) {
        0 => main("forever", vec![]),
        1 => main("yielder", vec![]),
        2 => main("bad_start_loops", vec![]),
        3 => main("sleeps", vec![clock.derive(all, 0)?]),
        4 => main("receives_once", vec![endpoint(1)?]),
        5 => main("sends_once", vec![shared.derive(Rights::SEND, 1)?]),
        6 => main("calls_once", vec![shared.derive(Rights::SEND, 0)?]),
        7 => main("adds_hundred", vec![served.derive(Rights::SEND, 0)?]),
        8 => main("awaits_bits", vec![notification()?]),
        9 => stage.actor("adder", Shape::Handler, Priority::Low, vec![endpoint(1)?]),
        10 => main("grows", vec![]),
        _ => {
            let caps = vec![endpoint(1)?, clock.derive(all, 0)?, shared.derive(Rights::SEND, 0)?];
            worker(stage, "gossips", &[dice.word(), u64::MAX, 1], caps)
        }
    }
}
