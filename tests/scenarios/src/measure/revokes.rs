//! Taking capabilities back: so many, side by side below one, from the mark to the last one freed; and for how long a
//! lock was held by that.

use super::Sink;
use crate::stage::authority;
use crate::{Stage, Verdict, check};
use alloc::vec::Vec;
use khal::{sync, time};
use tessera_abi::{Error, ObjectKind, RevokeReceipt, Rights};
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Scope};
use tessera_core::kernel::Kernel;

pub fn of_one(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    revoke(stage, 1, timed, &mut |took| sink(took, 1))
}

pub fn of_a_hundred(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    revoke(stage, 100, timed, &mut |took| sink(took, 100))
}

pub fn of_ten_thousand(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    revoke(stage, 10_000, timed, &mut |took| sink(took, 10_000))
}

pub fn longest_hold_for_ten_thousand(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    revoke(stage, 10_000, held, &mut |longest| sink(longest, 1))
}

/// Revokes, and what is measured of that.
type Measured = fn(&Subtree, &Kernel) -> Result<(RevokeReceipt, u64), Error>;

/// In cycles.
fn timed(subtree: &Subtree, kernel: &Kernel) -> Result<(RevokeReceipt, u64), Error> {
    let began = time::cycles();
    let receipt = subtree.revoke(kernel, || {})?;
    Ok((receipt, time::cycles() - began))
}

/// The longest hold of any lock meanwhile, in ns.
fn held(subtree: &Subtree, kernel: &Kernel) -> Result<(RevokeReceipt, u64), Error> {
    sync::forget_holds();
    let receipt = subtree.revoke(kernel, || {})?;
    let longest = sync::rank_stats().map(|rank| rank.longest_hold_ns).max();
    Ok((receipt, longest.unwrap_or(0)))
}

fn revoke(stage: &mut Stage<'_>, count: u32, measured: Measured, sink: &mut dyn FnMut(u64)) -> Verdict {
    let top = authority(ObjectKind::Clock)?;
    for round in 0..=stage.rounds {
        let below: Vec<Capability> =
            (0..count).map(|_| top.derive(Rights::ALL, 0)).collect::<Result<_, _>>()?;
        let subtree = Subtree::of(&top, Scope::Below)?;
        let (receipt, sample) = measured(&subtree, &stage.kernel)?;
        check!(receipt.nodes == u64::from(count), "{receipt:?}");
        drop(below);
        // The first one makes the tree's room.
        if round > 0 {
            sink(sample);
        }
    }
    Ok(())
}
