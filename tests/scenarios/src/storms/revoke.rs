//! Authority is handed round and taken back at once.

use super::dice::Dice;
use super::{add_up, worker};
use crate::stage::{Stage, authority, endpoint};
use crate::{Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{EndReason, Error, ObjectKind, Rights};
use tessera_core::actor::Actor;
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Scope, Tree};

/// What each does before it ends.
const ROUNDS: u64 = 120;

/// Actors derive, hand on, use, drop and take back capabilities of one clock, while what each of them was
/// given is taken back from outside too: nobody ever gets but what he may, and in the end the clock's tree
/// holds what is still held and nothing else.
pub fn revoke_storm(stage: &mut Stage<'_>) -> Verdict {
    let mut dice = Dice::new(stage.seed);
    let clock = authority(ObjectKind::Clock)?;
    let count = 2 + dice.below(4);
    let doors: Vec<_> = (0..count).map(|_| endpoint(1 + dice.below(4))).collect::<Result<_, _>>()?;
    let (mut given, mut actors) = (Vec::new(), Vec::new());
    for own in &doors {
        // What an actor is given hangs below what another was given, now and then.
        let parent = if dice.below(2) == 0 { None } else { dice.pick(&given) };
        let kept = parent.unwrap_or(&clock).derive(Rights::ALL, 0)?;
        let mut caps = vec![own.derive(Rights::ALL, 0)?, kept.derive(Rights::ALL, 0)?];
        for peer in &doors {
            caps.push(peer.derive(Rights::SEND, 0)?);
        }
        given.push(kept);
        actors.push(worker(stage, "trades", &[dice.word(), ROUNDS, u64::from(count)], caps)?);
    }
    take_back_at_random(stage, &mut dice, &given, &actors)?;
    for actor in &actors {
        stage.ends(actor, EndReason::Exited(0))?;
    }
    add_up(&doors)?;
    // What lies in the queues goes with them.
    drop(doors);
    let usable = given.iter().filter(|one| one.check().is_ok()).count();
    let left = clock.object().tree().map_or(0, Tree::live) as usize;
    check!(left == 1 + usable, "{left} nodes are left, and {} are held", 1 + usable);
    Ok(())
}

fn take_back_at_random(
    stage: &mut Stage<'_>,
    dice: &mut Dice,
    given: &[Capability],
    actors: &[Arc<Actor>],
) -> Verdict {
    while actors.iter().any(|actor| actor.end().record().is_none()) {
        for _ in 0..dice.below(200) {
            (stage.run)();
        }
        let Some(one) = dice.pick(given) else { return Ok(()) };
        let scope = if dice.below(4) == 0 { Scope::Whole } else { Scope::Below };
        match Subtree::of(one, scope).and_then(|subtree| subtree.revoke(&stage.kernel, || {})) {
            // Revoked: it was below another that has been taken back whole, or taken back itself.
            Ok(_) | Err(Error::Revoked | Error::Busy) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
