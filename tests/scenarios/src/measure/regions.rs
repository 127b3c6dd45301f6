//! What is long: read and written in a region, a KiB at a time; handed over as a region, and copied in messages.

use super::Sink;
use super::bulk::COPY_BYTES;
use crate::stage::{endpoint, region};
use crate::{Stage, Verdict};
use alloc::vec;
use khal::time;
use tessera_abi::{EndReason, Priority, Rights, Shape};

/// What is handed over, in bytes.
const MEBIBYTE: u64 = 1 << 20;

/// Rounds of a program, as its bytes in `native` say: of those that copy, that hand over a region, and that send bytes,
/// of which 256 make up a mebibyte.
const COPIES: u32 = 200;
const HANDED: u32 = 2000;
const MESSAGES: u32 = 2560;

pub fn reading(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    copying(stage, sink, "reads")
}

pub fn writing(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    copying(stage, sink, "writes")
}

/// The spawn is in it: a hundredth of what the copies take.
fn copying(stage: &mut Stage<'_>, sink: &mut Sink<'_>, module: &str) -> Verdict {
    for _ in 0..stage.rounds.min(50) {
        let began = time::cycles();
        let actor = stage.main(module, vec![region(COPY_BYTES.into())?])?;
        stage.ends(&actor, EndReason::Exited(0))?;
        sink(time::cycles() - began, COPIES * (COPY_BYTES / 1024));
    }
    Ok(())
}

pub fn handing_over(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    moving(stage, sink, ("sends_region", "takes_region"), HANDED)
}

pub fn sending(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    moving(stage, sink, ("sends_bytes", "takes_bytes"), MESSAGES / 256)
}

/// The spawns are in it, as above.
fn moving(stage: &mut Stage<'_>, sink: &mut Sink<'_>, (sends, takes): (&str, &str), times: u32) -> Verdict {
    for _ in 0..stage.rounds.min(50) {
        let (door, long) = (endpoint(16)?, region(MEBIBYTE)?);
        let began = time::cycles();
        let caps = vec![door.derive(Rights::ALL, 0)?];
        let taker = stage.actor(takes, Shape::Main, Priority::Normal, caps)?;
        let sender = stage.main(sends, vec![door.derive(Rights::SEND, 0)?, long])?;
        stage.ends(&taker, EndReason::Exited(0))?;
        sink(time::cycles() - began, times);
        stage.ends(&sender, EndReason::Exited(0))?;
    }
    Ok(())
}
