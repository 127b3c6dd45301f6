//! How late a 10 ms periodic actor wakes while endless loops run on every core.
//!
//! Two on every core: one that counts, and one that fills memory, where only a forced switch helps.
//! Thirty periods, however many rounds: with several cores they take long. Means something under a counted
//! clock alone.

use super::{Sink, stamps};
use crate::stage::authority;
use crate::{Stage, Verdict, check};
use alloc::vec;
use alloc::vec::Vec;
use khal::cpu;
use tessera_abi::{EndReason, ObjectKind};

const PERIODS: usize = 30;

pub fn lateness(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    let mut endless = Vec::new();
    for _ in 0..cpu::count() {
        endless.push(stage.main("forever", vec![])?);
        endless.push(stage.main("fill_forever", vec![])?);
    }
    stamps::clear();
    let periodic = stage.main("periodic", vec![authority(ObjectKind::Clock)?])?;
    // It exits with the most that it was late.
    stage.end_of(&periodic)?;
    let stamps = stamps::all();
    let late = stamps.get(..PERIODS).unwrap_or_default();
    check!(late.len() == PERIODS, "{} of {PERIODS} periods were stamped", stamps.len());
    late.iter().for_each(|nanos| sink(*nanos, 1));
    for actor in &endless {
        actor.kill();
        stage.ends(actor, EndReason::Killed)?;
    }
    Ok(())
}
