//! Calls, and how each of them ends.

use crate::stage::{Stage, authority, endpoint, endpoint_of, endpoint_with};
use crate::{Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use tessera_abi::{EndReason, Error, FaultKind, ObjectKind, Policy, Priority, Rights, Shape};
use tessera_core::ipc::{Calls, Endpoint};

/// States how the calls of an endpoint have ended: answered, caller gone, callee gone, not at all.
fn ended(queue: &Arc<Endpoint>, what: &str, expected: [u64; 4]) -> Verdict {
    let calls = queue.calls();
    let Calls { replied, caller_gone, callee_gone, outstanding, .. } = calls;
    check!([replied, caller_gone, callee_gone, outstanding] == expected, "{what}: {calls:?}");
    check!(calls.balance() && queue.counters().balance(), "{what}: unaccounted for: {calls:?}");
    Ok(())
}

pub fn every_call_ends_in_one_way(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(4)?;
    let queue = endpoint_of(&door)?;
    let caps = vec![door.derive(Rights::SEND, 0)?, authority(ObjectKind::Clock)?];
    let impatient = stage.main("call_times_out", caps)?;
    stage.ends(&impatient, EndReason::Exited(Error::TimedOut as i32))?;
    ended(&queue, "timed out in the queue", [0, 1, 0, 0])?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
    let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&client, EndReason::Exited(0))?;
    // The late one was first in the queue: its answer reached nobody, and changes nothing.
    ended(&queue, "answered", [100, 1, 0, 0])?;
    server.kill();
    stage.ends(&server, EndReason::Killed)?;
    let waiting = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
    stage.until("the call is queued", || queue.counters().queued == 1)?;
    ended(&queue, "waits", [100, 1, 0, 1])?;
    drop(door);
    stage.ends(&waiting, EndReason::Exited(Error::PeerDead as i32))?;
    ended(&queue, "closed", [100, 1, 1, 0])
}

pub fn a_call_that_finds_no_taker_is_counted(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("traps_on_call", Shape::Handler, Priority::Normal, caps)?;
    let client = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&client, EndReason::Exited(Error::PeerDead as i32))?;
    stage.ends(&server, EndReason::Fault(FaultKind::Unreachable))?;
    ended(&endpoint_of(&door)?, "the server trapped", [0, 0, 1, 0])?;
    for (policy, expected) in [(Policy::Reject, [0; 4]), (Policy::DropNewest, [0, 0, 1, 0])] {
        let door = endpoint_with(0, policy)?;
        let client = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
        stage.ends(&client, EndReason::Exited(Error::QueueFull as i32))?;
        ended(&endpoint_of(&door)?, policy.name(), expected)?;
    }
    Ok(())
}

pub fn an_inspector_reads_what_has_become_of_it(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(4)?;
    let queue = endpoint_of(&door)?;
    let waiting = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
    stage.until("the call is queued", || queue.counters().queued == 1)?;
    let system = authority(ObjectKind::System)?.derive(Rights::INSPECT, 0)?;
    let inspector = stage.main("asks_endpoints", vec![system])?;
    stage.ends(&inspector, EndReason::Exited(111))?;
    waiting.kill();
    stage.ends(&waiting, EndReason::Killed)?;
    ended(&queue, "killed in its call", [0, 1, 0, 0])
}
