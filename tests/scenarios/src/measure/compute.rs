//! What a whole program takes that only computes, from its spawn to its end.

use super::Sink;
use crate::{Stage, Verdict};
use alloc::vec;
use khal::time;
use tessera_abi::EndReason;

pub fn integers(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    whole(stage, sink, "integers")
}

pub fn floats(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    whole(stage, sink, "floats")
}

fn whole(stage: &mut Stage<'_>, sink: &mut Sink<'_>, module: &str) -> Verdict {
    for run in 0..=stage.rounds {
        let began = time::cycles();
        let actor = stage.main(module, vec![])?;
        stage.ends(&actor, EndReason::Exited(0))?;
        // The first one parses the module.
        if run > 0 {
            sink(time::cycles() - began, 1);
        }
    }
    Ok(())
}
