//! Messages in one direction: so many senders push through one queue to one receiver.

use super::Sink;
use crate::stage::endpoint;
use crate::{Stage, Verdict};
use alloc::vec;
use alloc::vec::Vec;
use khal::time;
use tessera_abi::{EndReason, Priority, Rights, Shape};

/// What the receiver takes in a round, and the senders send together: 8 divides it.
pub const MESSAGES: u32 = 8_000;

pub fn from_one(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    stream(stage, sink, ("sends_all", 1))
}

pub fn from_two(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    stream(stage, sink, ("sends_half", 2))
}

pub fn from_eight(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    stream(stage, sink, ("sends_eighth", 8))
}

/// The spawns are in it: a thousandth of the messages' part.
fn stream(stage: &mut Stage<'_>, sink: &mut Sink<'_>, (module, count): (&str, usize)) -> Verdict {
    for round in 0..=stage.rounds.min(50) {
        let door = endpoint(16)?;
        let receiver = vec![door.derive(Rights::ALL, 0)?];
        let began = time::cycles();
        let receiver = stage.actor("receives_all", Shape::Main, Priority::Normal, receiver)?;
        let mut senders = Vec::new();
        for _ in 0..count {
            senders.push(stage.main(module, vec![door.derive(Rights::SEND, 0)?])?);
        }
        stage.ends(&receiver, EndReason::Exited(0))?;
        let took = time::cycles() - began;
        for sender in &senders {
            stage.ends(sender, EndReason::Exited(0))?;
        }
        if round > 0 {
            sink(took, MESSAGES);
        }
    }
    Ok(())
}
