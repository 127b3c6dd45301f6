//! More is sent than is taken.

use super::dice::Dice;
use super::{add_up, worker};
use crate::stage::{Stage, authority, endpoint, endpoint_of};
use crate::{Verdict, check};
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{EndReason, ObjectKind, Rights};

/// What each sender sends.
const MESSAGES: u64 = 30;

/// Many send numbered messages through one short queue to few slow receivers, and offer again what was not
/// taken: each arrives once, and those of one sender in their order at whoever receives them.
pub fn back_pressure(stage: &mut Stage<'_>) -> Verdict {
    let mut dice = Dice::new(stage.seed);
    let clock = authority(ObjectKind::Clock)?;
    let door = endpoint(1 + dice.below(4))?;
    let mut receivers = Vec::new();
    for _ in 0..1 + dice.below(2) {
        let caps = vec![door.derive(Rights::ALL, 0)?, clock.derive(Rights::ALL, 0)?];
        receivers.push(worker(stage, "pulls", &[dice.word()], caps)?);
    }
    let mut senders = Vec::new();
    for badge in 1..=2 + u64::from(dice.below(8)) {
        let caps = vec![door.derive(Rights::SEND, badge)?, clock.derive(Rights::ALL, 0)?];
        senders.push(worker(stage, "pushes", &[dice.word(), MESSAGES], caps)?);
    }
    for sender in &senders {
        stage.ends(sender, EndReason::Exited(0))?;
    }
    let queue = endpoint_of(&door)?;
    stage.until("all has been taken", || queue.counters().queued == 0)?;
    let taken = queue.counters().delivered;
    let sent = MESSAGES * senders.len() as u64;
    check!(taken == sent, "{taken} messages arrived of {sent}");
    for receiver in &receivers {
        // One that has found a number out of order has exited before.
        receiver.kill();
        stage.ends(receiver, EndReason::Killed)?;
    }
    add_up(&[door])
}
