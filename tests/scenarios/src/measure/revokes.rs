//! Taking capabilities back: so many, side by side below one, from the mark to the last one freed.

use super::Sink;
use crate::stage::authority;
use crate::{Stage, Verdict, check};
use alloc::vec::Vec;
use khal::time;
use tessera_abi::{ObjectKind, Rights};
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Scope};

pub fn of_one(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    revoke(stage, sink, 1)
}

pub fn of_a_hundred(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    revoke(stage, sink, 100)
}

pub fn of_ten_thousand(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    revoke(stage, sink, 10_000)
}

fn revoke(stage: &mut Stage<'_>, sink: &mut Sink<'_>, count: u32) -> Verdict {
    let top = authority(ObjectKind::Clock)?;
    for round in 0..=stage.rounds {
        let below: Vec<Capability> =
            (0..count).map(|_| top.derive(Rights::ALL, 0)).collect::<Result<_, _>>()?;
        let subtree = Subtree::of(&top, Scope::Below)?;
        let began = time::cycles();
        let receipt = subtree.revoke(&stage.kernel, || {})?;
        let took = time::cycles() - began;
        check!(receipt.nodes == u64::from(count), "{receipt:?}");
        drop(below);
        // The first one makes the tree's room.
        if round > 0 {
            sink(took, count);
        }
    }
    Ok(())
}
