//! Sending, calling, waiting.

use crate::stage::{Stage, authority, by_kernel, endpoint, endpoint_of, notification};
use crate::{Verdict, check};
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{EndReason, Error, FaultKind, ObjectKind, Priority, Rights, Shape};

const SENDER: Rights = Rights::SEND;

pub fn calls_are_answered(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(2)?;
    let server = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("adder", Shape::Handler, Priority::Normal, server)?;
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(stage.main("adds_hundred", vec![door.derive(SENDER, 0)?])?);
    }
    for client in &clients {
        stage.ends(client, EndReason::Exited(0))?;
    }
    let counters = endpoint_of(&door)?.counters();
    check!(counters.offered == 500 && counters.delivered == 500, "of 500 calls: {counters:?}");
    check!(counters.balance(), "messages are unaccounted for: {counters:?}");
    server.kill();
    stage.ends(&server, EndReason::Killed)
}

pub fn blocked_senders_are_served_in_order(stage: &mut Stage<'_>) -> Verdict {
    eight_in_order(stage, 1)?;
    eight_in_order(stage, 0)
}

fn eight_in_order(stage: &mut Stage<'_>, capacity: u32) -> Verdict {
    let door = endpoint(capacity)?;
    let mut senders = Vec::new();
    for badge in 1..=8 {
        let sender = stage.main("sends_once", vec![door.derive(SENDER, badge)?])?;
        // One at a time, so that the order in which they block is known.
        let queue = endpoint_of(&door)?;
        stage.until("its message is offered", || queue.counters().offered == badge)?;
        senders.push(sender);
    }
    let caps = vec![door.derive(Rights::ALL, 0)?, authority(ObjectKind::Clock)?];
    let receiver = stage.main("takes_in_order", caps)?;
    stage.ends(&receiver, EndReason::Exited(0))?;
    for sender in &senders {
        stage.ends(sender, EndReason::Exited(0))?;
    }
    Ok(())
}

pub fn waits_end_at_their_deadlines(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let caps = vec![door.derive(Rights::ALL, 0)?, authority(ObjectKind::Clock)?];
    let actor = stage.main("times_out", caps)?;
    stage.ends(&actor, EndReason::Exited(0))?;
    let caps = vec![door.derive(SENDER, 0)?, authority(ObjectKind::Clock)?];
    let caller = stage.main("call_times_out", caps)?;
    stage.ends(&caller, EndReason::Exited(i32::from(Error::TimedOut.number())))?;
    let counters = endpoint_of(&door)?.counters();
    check!(counters.balance(), "messages are unaccounted for: {counters:?}");
    Ok(())
}

pub fn a_call_to_a_server_that_dies_says_so(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("traps_on_call", Shape::Handler, Priority::Normal, caps)?;
    let client = stage.main("calls_once", vec![door.derive(SENDER, 0)?])?;
    stage.ends(&client, EndReason::Exited(i32::from(Error::PeerDead.number())))?;
    stage.ends(&server, EndReason::Fault(FaultKind::Unreachable))
}

pub fn a_call_to_a_closed_endpoint_says_so(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(4)?;
    let caller = stage.main("calls_once", vec![door.derive(SENDER, 0)?])?;
    let queue = endpoint_of(&door)?;
    stage.until("the call is queued", || queue.counters().queued == 1)?;
    // The last capability that could receive goes: the call was queued, so its reply dies with it.
    drop(door);
    stage.ends(&caller, EndReason::Exited(i32::from(Error::PeerDead.number())))?;
    check!(queue.counters().discarded == 1 && queue.counters().balance(), "{:?}", queue.counters());
    let late = stage.main("nothing", vec![])?;
    let mut message = Some(tessera_core::ipc::Message::default());
    let sent = queue.send(by_kernel(&late), &mut message, khal::time::Instant::ZERO);
    check!(sent == Err(Error::Closed) && message.is_some(), "a closed endpoint took a message");
    stage.ends(&late, EndReason::Exited(0))
}

pub fn a_flood_is_refused_and_counted(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(16)?;
    let flood = stage.main("floods", vec![door.derive(SENDER, 0)?])?;
    stage.ends(&flood, EndReason::Exited(0))?;
    let counters = endpoint_of(&door)?.counters();
    check!(counters.rejected == 9984 && counters.queued == 16, "{counters:?}");
    check!(counters.balance(), "messages are unaccounted for: {counters:?}");
    Ok(())
}

/// Two handlers serve one endpoint; the first sleeps over what it has taken. What a blocked sender's message
/// finds room for meanwhile is the second's, who is told.
pub fn a_message_that_gets_in_from_the_line_wakes_the_next_receiver(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let (clock, bell) = (authority(ObjectKind::Clock)?, notification()?);
    let mut handlers = Vec::new();
    for module in ["waits_for_a_bell", "adder"] {
        let second = if module == "adder" { &clock } else { &bell };
        let caps = vec![door.derive(Rights::ALL, 0)?, second.derive(Rights::ALL, 0)?];
        let handler = stage.actor(module, Shape::Handler, Priority::Normal, caps)?;
        // One after the other, so that the first in line is known.
        stage.until("it rests", || handler.gate().is_waiting())?;
        handlers.push(handler);
    }
    // Sent by somebody who goes on at once: the first has been woken and not looked yet when the next two come.
    let mut senders = Vec::new();
    for _ in 0..3 {
        senders.push(stage.main("sends_once", vec![door.derive(SENDER, 0)?])?);
    }
    let queue = endpoint_of(&door)?;
    stage
        .until("all has been taken, the first by who has not gone on", || queue.counters().delivered == 3)?;
    for actor in handlers.iter().chain(&senders) {
        actor.kill();
        stage.end_of(actor)?;
    }
    Ok(())
}

pub fn a_call_to_oneself_is_refused(stage: &mut Stage<'_>) -> Verdict {
    let actor = stage.main("calls_itself", vec![endpoint(1)?])?;
    stage.ends(&actor, EndReason::Exited(i32::from(Error::WouldDeadlock.number())))
}

pub fn signals_add_up_and_reach_one_waiter(stage: &mut Stage<'_>) -> Verdict {
    let bell = notification()?;
    let signaller = |stage: &Stage<'_>| stage.main("signals", vec![bell.derive(Rights::SIGNAL, 0)?]);
    let waiter = |stage: &Stage<'_>| stage.main("awaits_bits", vec![bell.derive(Rights::WAIT, 0)?]);
    // All signals before anybody waits: only their sum is there to be taken.
    let before = signaller(stage)?;
    stage.ends(&before, EndReason::Exited(0))?;
    let late = waiter(stage)?;
    stage.ends(&late, EndReason::Exited(0))?;
    let early = waiter(stage)?;
    let after = signaller(stage)?;
    stage.ends(&after, EndReason::Exited(0))?;
    stage.ends(&early, EndReason::Exited(0))
}
