//! Handles, and capabilities on their way.

use crate::stage::{Stage, authority, endpoint, endpoint_of};
use crate::{Verdict, check};
use alloc::vec;
use tessera_abi::{EndReason, ObjectKind, Rights};

pub fn forged_and_stale_handles_are_told_apart(stage: &mut Stage<'_>) -> Verdict {
    let log = authority(ObjectKind::Log)?.derive(Rights::WRITE, 0)?;
    let actor = stage.main("forges", vec![log, authority(ObjectKind::Clock)?])?;
    stage.ends(&actor, EndReason::Exited(0))
}

pub fn a_capability_arrives_with_fewer_rights(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    stage.kernel.log().write(
        tessera_abi::Level::Info,
        tessera_core::log::Writer::kernel(),
        format_args!("a line to be read"),
    );
    let giver = stage.main("gives", vec![door.derive(Rights::SEND, 0)?, authority(ObjectKind::Log)?])?;
    let taker = stage.main("takes", vec![door.derive(Rights::RECEIVE, 0)?])?;
    stage.ends(&giver, EndReason::Exited(0))?;
    stage.ends(&taker, EndReason::Exited(0))
}

pub fn what_may_not_be_granted_stays(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let kept = authority(ObjectKind::Log)?.derive(Rights::READ.union(Rights::WRITE), 0)?;
    let actor = stage.main("gives_more", vec![door.derive(Rights::SEND, 0)?, kept])?;
    stage.ends(&actor, EndReason::Exited(0))
}

/// Otherwise an endpoint in its own queue could never close, and a chain of them would close by
/// recursion.
pub fn the_right_to_receive_does_not_travel(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(2)?;
    let actor = stage.main("sends_itself", vec![door.derive(Rights::ALL, 0)?])?;
    stage.ends(&actor, EndReason::Exited(0))?;
    let queue = endpoint_of(&door)?;
    check!(queue.counters().queued == 1, "{:?}", queue.counters());
    drop(door);
    check!(queue.counters().discarded == 1, "it did not close: {:?}", queue.counters());
    Ok(())
}

pub fn a_full_table_refuses(stage: &mut Stage<'_>) -> Verdict {
    let actor = stage.main("fills_table", vec![authority(ObjectKind::Factory)?])?;
    // Sixteen slots, one of them taken by the factory.
    stage.ends(&actor, EndReason::Exited(15))
}
