//! Calls that go through stages.

use crate::stage::{Stage, authority, by_kernel, endpoint, endpoint_of, endpoint_with, failure};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use khal::time::Instant;
use tessera_abi::{ActorState, EndReason, Error, ObjectKind, Policy, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::cap::Capability;

fn exited(error: Error) -> EndReason {
    EndReason::Exited(error as i32)
}

fn waits(actor: &Arc<Actor>) -> bool {
    actor.state() == ActorState::Blocked && actor.gate().is_waiting()
}

fn accounted(door: &Capability) -> Verdict {
    let queue = endpoint_of(door)?;
    check!(
        queue.counters().balance() && queue.calls().balance(),
        "{:?} {:?}",
        queue.counters(),
        queue.calls()
    );
    Ok(())
}

/// A handler for `module` that also holds `next`.
fn handler(
    stage: &Stage<'_>,
    module: &str,
    door: &Capability,
    next: &Capability,
) -> Result<Arc<Actor>, Failure> {
    let caps = vec![door.derive(Rights::ALL, 0)?, next.derive(Rights::SEND, 0)?];
    stage.actor(module, Shape::Handler, Priority::Normal, caps)
}

pub fn a_call_that_is_handed_on_is_answered_by_the_last(stage: &mut Stage<'_>) -> Verdict {
    for capacity in [2, 0] {
        let doors = [endpoint(capacity)?, endpoint(capacity)?, endpoint(capacity)?];
        let [first, second, last] = &doors;
        let actors = [
            handler(stage, "forwards", first, second)?,
            handler(stage, "forwards", second, last)?,
            handler(stage, "adder", last, first)?,
        ];
        let mut clients = vec![];
        for _ in 0..3 {
            clients.push(stage.main("adds_hundred", vec![first.derive(Rights::SEND, 0)?])?);
        }
        for client in &clients {
            stage.ends(client, EndReason::Exited(0))?;
        }
        for (door, calls) in doors.iter().zip([300, 0, 0]) {
            let queue = endpoint_of(door)?;
            check!(queue.counters().delivered == 300, "{:?}", queue.counters());
            check!(
                queue.calls().replied == calls,
                "a call is counted where it was made: {:?}",
                queue.calls()
            );
            accounted(door)?;
        }
        for actor in &actors {
            actor.kill();
            stage.ends(actor, EndReason::Killed)?;
        }
    }
    Ok(())
}

pub fn a_call_that_cannot_be_handed_on_can_still_be_answered(stage: &mut Stage<'_>) -> Verdict {
    let (door, full) = (endpoint(2)?, endpoint_with(0, Policy::Reject)?);
    let server = handler(stage, "forwards", &door, &full)?;
    let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&client, EndReason::Exited(0))?;
    check!(endpoint_of(&full)?.counters().rejected == 100, "{:?}", endpoint_of(&full)?.counters());
    accounted(&full)?;
    server.kill();
    stage.ends(&server, EndReason::Killed)
}

/// A forwarder that waits for room is not its caller: room ends its wait, and the answer the caller's.
pub fn whoever_hands_on_waits_for_room_alone(stage: &mut Stage<'_>) -> Verdict {
    let (door, meeting) = (endpoint(2)?, endpoint(0)?);
    for killed in [false, true] {
        let client = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
        let caps = vec![door.derive(Rights::ALL, 0)?, meeting.derive(Rights::SEND, 0)?];
        let stage_one = stage.main("forwards_once", caps)?;
        let queue = endpoint_of(&meeting)?;
        stage.until("it waits for a receiver", || waits(&stage_one) && queue.counters().blocked == 1)?;
        if killed {
            stage_one.kill();
            stage.ends(&stage_one, EndReason::Killed)?;
            // The reply was with it, and went with it.
            stage.ends(&client, exited(Error::PeerDead))?;
            continue;
        }
        let message = queue.recv(by_kernel(&client), 0, Instant::ZERO)?;
        stage.ends(&stage_one, EndReason::Exited(0))?;
        check!(client.end().record().is_none(), "the call ended with its being handed on");
        let reply = message.reply.ok_or_else(|| failure(format_args!("it carries no reply")))?;
        reply.answer(tessera_core::ipc::Message::default())?;
        stage.ends(&client, EndReason::Exited(0))?;
    }
    accounted(&door)?;
    accounted(&meeting)
}

/// Whoever drops the message, the caller is told by what it carries.
pub fn a_call_that_is_dropped_where_it_is_handed_on_is_told(stage: &mut Stage<'_>) -> Verdict {
    let (door, next) = (endpoint(2)?, endpoint_with(0, Policy::DropNewest)?);
    let client = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
    let caps = vec![door.derive(Rights::ALL, 0)?, next.derive(Rights::SEND, 0)?];
    let server = stage.main("forwards_once", caps)?;
    stage.ends(&server, EndReason::Exited(0))?;
    stage.ends(&client, exited(Error::QueueFull))?;
    check!(endpoint_of(&next)?.counters().dropped == 1, "{:?}", endpoint_of(&next)?.counters());
    check!(endpoint_of(&door)?.calls().callee_gone == 1, "{:?}", endpoint_of(&door)?.calls());
    accounted(&next)
}

pub fn a_call_whose_caller_has_gone_is_not_handed_on(stage: &mut Stage<'_>) -> Verdict {
    let (door, next) = (endpoint(2)?, endpoint(2)?);
    let caps = vec![door.derive(Rights::SEND, 0)?, authority(ObjectKind::Clock)?];
    let impatient = stage.main("call_times_out", caps)?;
    stage.ends(&impatient, exited(Error::TimedOut))?;
    let caps = vec![door.derive(Rights::ALL, 0)?, next.derive(Rights::SEND, 0)?];
    let server = stage.main("forwards_once", caps)?;
    stage.ends(&server, exited(Error::PeerDead))?;
    check!(endpoint_of(&next)?.counters().offered == 0, "{:?}", endpoint_of(&next)?.counters());
    Ok(())
}

/// Whoever of the two comes first, and however close they come: not both wait for ever.
pub fn of_two_that_call_each_other_one_is_refused(stage: &mut Stage<'_>) -> Verdict {
    for _ in 0..20 {
        let doors = [endpoint(2)?, endpoint(2)?];
        let [mine, yours] = &doors;
        let mut both = vec![];
        for (own, other) in [(mine, yours), (yours, mine)] {
            let caps = vec![other.derive(Rights::SEND, 0)?, own.derive(Rights::ALL, 0)?];
            both.push(stage.main("serves_then_calls", caps)?);
        }
        let refused = |one: &Arc<Actor>| {
            one.end().record().is_some_and(|end| end.reason == exited(Error::WouldDeadlock))
        };
        stage.until("one is refused", || both.iter().any(refused))?;
        drop(doors);
        for one in &both {
            stage.end_of(one)?;
        }
    }
    Ok(())
}

/// Neither to the caller itself, nor does whoever has it now get to call the caller.
pub fn handing_on_closes_no_circle(stage: &mut Stage<'_>) -> Verdict {
    for through_another in [false, true] {
        let (door, callers, next) = (endpoint(2)?, endpoint(2)?, endpoint(2)?);
        let to = if through_another { &next } else { &callers };
        let caps = vec![next.derive(Rights::ALL, 0)?, callers.derive(Rights::SEND, 0)?];
        let last = stage.main("receives_then_calls", caps)?;
        stage.until("the last waits", || waits(&last))?;
        let caps = vec![door.derive(Rights::ALL, 0)?, to.derive(Rights::SEND, 0)?];
        let server = stage.main("forwards_once", caps)?;
        stage.until("the first waits", || waits(&server))?;
        let caps = vec![door.derive(Rights::SEND, 0)?, callers.derive(Rights::ALL, 0)?];
        let client = stage.main("serves_then_calls", caps)?;
        if through_another {
            stage.ends(&server, EndReason::Exited(0))?;
            stage.ends(&last, exited(Error::WouldDeadlock))?;
        } else {
            stage.ends(&server, exited(Error::WouldDeadlock))?;
            last.kill();
        }
        stage.ends(&client, exited(Error::PeerDead))?;
        stage.end_of(&last)?;
    }
    Ok(())
}
