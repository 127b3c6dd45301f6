//! A wait for any of so many notifications, on one core: from one wait to the next.
//!
//! Every wait finds nothing, registers with all, sleeps, and leaves every line again; between two of them a
//! partner is signalled, runs, and signals the last. The modules' own part is a few dozen instructions.

use super::{Sink, stamps};
use crate::stage::{notification, request};
use crate::{Stage, Verdict, check};
use alloc::vec;
use tessera_abi::{EndReason, Priority, Rights, Shape};
use tessera_core::actor::spawn::spawn;

const WAITS: usize = 100;

pub fn for_one(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    for_any_of(stage, sink, 1)
}

pub fn for_sixteen(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    for_any_of(stage, sink, 16)
}

pub fn for_256(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    for_any_of(stage, sink, 256)
}

fn for_any_of(stage: &mut Stage<'_>, sink: &mut Sink<'_>, count: u32) -> Verdict {
    let (ask, answer) = (notification()?, notification()?);
    let caps = vec![ask.derive(Rights::WAIT, 0)?, answer.derive(Rights::SIGNAL, 0)?];
    let partner = stage.main("echoes_bits", caps)?;
    for _ in 0..stage.rounds {
        let mut caps = vec![ask.derive(Rights::SIGNAL, 0)?];
        for _ in 1..count {
            caps.push(notification()?);
        }
        caps.push(answer.derive(Rights::WAIT, 0)?);
        let mut asks = request("asks_any", Shape::Main, Priority::Normal, caps);
        asks.slots_max = count + 1;
        stamps::clear();
        let actor = spawn(&stage.kernel, asks)?;
        stage.ends(&actor, EndReason::Exited(0))?;
        let stamps = stamps::all();
        check!(stamps.len() == WAITS, "{} of {WAITS} waits were stamped", stamps.len());
        for (before, after) in stamps.iter().zip(stamps.iter().skip(1)) {
            sink(after - before, 1);
        }
    }
    partner.kill();
    stage.ends(&partner, EndReason::Killed)
}
