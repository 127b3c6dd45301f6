//! Everybody talks to everybody.

use super::dice::Dice;
use super::{add_up, worker};
use crate::Verdict;
use crate::stage::{Stage, authority, endpoint};
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{EndReason, ObjectKind, Rights};

/// What each does before it ends.
const ROUNDS: u64 = 60;

/// Actors send to, call and answer each other over short queues, with deadlines and without, and sometimes
/// let an answer go.
pub fn mesh(stage: &mut Stage<'_>) -> Verdict {
    let mut dice = Dice::new(stage.seed);
    let clock = authority(ObjectKind::Clock)?;
    let count = 3 + dice.below(5);
    let doors: Vec<_> = (0..count).map(|_| endpoint(1 + dice.below(3))).collect::<Result<_, _>>()?;
    let mut actors = Vec::new();
    for own in &doors {
        let mut caps = vec![own.derive(Rights::ALL, 0)?, clock.derive(Rights::ALL, 0)?];
        for peer in &doors {
            caps.push(peer.derive(Rights::SEND, 0)?);
        }
        actors.push(worker(stage, "gossips", &[dice.word(), ROUNDS, u64::from(count)], caps)?);
    }
    for actor in &actors {
        stage.ends(actor, EndReason::Exited(0))?;
    }
    add_up(&doors)
}
