//! Endpoints that are closed by who receives from them.

use crate::stage::{Stage, by_kernel, endpoint, endpoint_of};
use crate::{Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use khal::time::Instant;
use tessera_abi::{ActorState, EndReason, Error, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::cap::Capability;
use tessera_core::ipc::Message;

fn exited(error: Error) -> EndReason {
    EndReason::Exited(error as i32)
}

fn waits(actor: &Arc<Actor>) -> bool {
    matches!(actor.state(), ActorState::Blocked | ActorState::Idle) && actor.gate().is_waiting()
}

/// Closes it by a capability with these rights; the closer ends with the answer.
fn close(stage: &mut Stage<'_>, door: &Capability, rights: Rights, reason: EndReason) -> Verdict {
    let closer = stage.main("closes", vec![door.derive(rights, 0)?])?;
    stage.ends(&closer, reason)
}

pub fn closing_tells_who_sent_and_calls(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let queue = endpoint_of(&door)?;
    // One is in the queue, two are in line.
    let queued = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
    stage.until("the call is queued", || queue.counters().queued == 1)?;
    let sender = stage.main("tells", vec![door.derive(Rights::SEND, 1)?])?;
    let caller = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
    stage.until("both are in line", || queue.counters().blocked == 2)?;
    close(stage, &door, Rights::SEND, exited(Error::MissingRight))?;
    check!(queue.counters().queued == 1 && waits(&sender), "it was closed without the right");
    close(stage, &door, Rights::RECEIVE, EndReason::Exited(0))?;
    stage.ends(&queued, exited(Error::PeerDead))?;
    stage.ends(&sender, exited(Error::Closed))?;
    stage.ends(&caller, exited(Error::Closed))?;
    let counters = queue.counters();
    check!(counters.discarded == 3 && counters.balance(), "{counters:?}");
    check!(queue.calls().callee_gone == 2 && queue.calls().balance(), "{:?}", queue.calls());
    // Who comes late learns it too, and closing again is no mistake.
    let late = queue.send(by_kernel(&sender), &mut Some(Message::default()), Instant::ZERO);
    check!(late == Err(Error::Closed), "a closed endpoint took a message: {late:?}");
    close(stage, &door, Rights::RECEIVE, EndReason::Exited(0))
}

pub fn closing_tells_who_waits_for_messages(stage: &mut Stage<'_>) -> Verdict {
    for capacity in [2, 0] {
        let door = endpoint(capacity)?;
        let receiver = stage.main("tells", vec![door.derive(Rights::RECEIVE, 0)?])?;
        let any = stage.main("waits_any", vec![door.derive(Rights::RECEIVE, 0)?])?;
        let caps = vec![door.derive(Rights::ALL, 0)?];
        let handler = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
        stage.until("all wait", || [&receiver, &any, &handler].into_iter().all(waits))?;
        close(stage, &door, Rights::RECEIVE, EndReason::Exited(0))?;
        stage.ends(&receiver, exited(Error::Closed))?;
        stage.ends(&any, EndReason::Exited(100 + Error::Closed as i32))?;
        stage.ends(&handler, EndReason::Exited(0))?;
    }
    Ok(())
}
