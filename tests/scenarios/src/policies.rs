//! What endpoints do with messages that they have no room for.

use crate::stage::{Stage, authority, by_kernel, endpoint, endpoint_of, endpoint_with};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use khal::time::Instant;
use tessera_abi::{ActorState, EndReason, Error, ObjectKind, Policy, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::cap::{Capability, Tree};
use tessera_core::ipc::message::Payload;
use tessera_core::ipc::{Endpoint, Message};

fn exited(error: Error) -> EndReason {
    EndReason::Exited(error as i32)
}

fn waits(actor: &Arc<Actor>) -> bool {
    matches!(actor.state(), ActorState::Blocked | ActorState::Idle) && actor.gate().is_waiting()
}

fn send(queue: &Endpoint, somebody: &Arc<Actor>, bytes: &[u8]) -> Result<(), Error> {
    let bytes = Payload::charged(somebody.account(), bytes.len(), || Ok::<_, Error>(bytes.to_vec()))?;
    let message = Message { bytes, ..Message::default() };
    queue.send(by_kernel(somebody), &mut Some(message), Instant::ZERO)
}

/// Takes what is in the queue: the first word of each message.
fn words(queue: &Endpoint, somebody: &Arc<Actor>) -> Vec<u64> {
    let take = || queue.recv(by_kernel(somebody), 0, Instant::ZERO).ok();
    core::iter::from_fn(take).map(|message| message.words[0]).collect()
}

/// The policy, the capacity; how many of five sends are refused, what is left of them.
const EXPECTED: [(Policy, u32, i32, &[u64]); 6] = [
    (Policy::Reject, 2, 3, &[1, 2]),
    (Policy::Reject, 0, 5, &[]),
    (Policy::DropOldest, 2, 0, &[4, 5]),
    (Policy::DropNewest, 2, 0, &[1, 2]),
    (Policy::DropNewest, 0, 0, &[]),
    (Policy::Conflate, 1, 0, &[5]),
];

pub fn a_full_queue_does_as_its_policy_says(stage: &mut Stage<'_>) -> Verdict {
    let somebody = stage.main("forever", vec![])?;
    for (policy, capacity, refused, left) in EXPECTED {
        let door = endpoint_with(capacity, policy)?;
        let sender = stage.main("overfills", vec![door.derive(Rights::SEND, 0)?])?;
        stage.ends(&sender, EndReason::Exited(refused))?;
        let queue = endpoint_of(&door)?;
        let counters = queue.counters();
        check!(words(&queue, &somebody) == left, "{}: not what should be left", policy.name());
        let dropped = 5 - refused as u64 - left.len() as u64;
        check!(
            counters.rejected == refused as u64 && counters.dropped == dropped && counters.balance(),
            "{}: {counters:?}",
            policy.name()
        );
    }
    somebody.kill();
    stage.ends(&somebody, EndReason::Killed)
}

pub fn a_capacity_that_a_policy_cannot_have_is_refused(_stage: &mut Stage<'_>) -> Verdict {
    let bad = [(Policy::Block, 1025), (Policy::DropOldest, 0), (Policy::Conflate, 0), (Policy::Conflate, 2)];
    for (policy, capacity) in bad {
        let made = Endpoint::new(capacity, policy, None).err();
        check!(made == Some(Error::InvalidArgument), "{} with {capacity}: {made:?}", policy.name());
    }
    Ok(())
}

/// Whichever message goes, whoever called with it is told.
pub fn a_caller_whose_message_is_dropped_is_told(stage: &mut Stage<'_>) -> Verdict {
    let somebody = stage.main("forever", vec![])?;
    for policy in [Policy::DropOldest, Policy::Conflate, Policy::DropNewest, Policy::Reject] {
        let door = endpoint_with(1, policy)?;
        let queue = endpoint_of(&door)?;
        let goes_itself = matches!(policy, Policy::DropNewest | Policy::Reject);
        if goes_itself {
            send(&queue, &somebody, &[])?;
        }
        let caller = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
        if !goes_itself {
            stage.until("the call is queued", || queue.counters().queued == 1)?;
            send(&queue, &somebody, &[])?;
        }
        stage.ends(&caller, exited(Error::QueueFull))?;
        let counters = queue.counters();
        let gone = if policy == Policy::Reject { counters.rejected } else { counters.dropped };
        check!(gone == 1 && counters.queued == 1 && counters.balance(), "{}: {counters:?}", policy.name());
    }
    somebody.kill();
    stage.ends(&somebody, EndReason::Killed)
}

/// A refused message's capability stays where it was, a dropped one's goes with it, and neither is there twice.
pub fn what_a_message_carries_stays_or_goes_with_it(stage: &mut Stage<'_>) -> Verdict {
    for (policy, capacity, kept) in [(Policy::Reject, 0, true), (Policy::DropNewest, 0, false)] {
        let clock = authority(ObjectKind::Clock)?;
        let caps = vec![endpoint_with(capacity, policy)?, clock.derive(Rights::ALL, 0)?];
        let giver = stage.main("keeps_what_is_refused", caps)?;
        let reason = if kept { exited(Error::QueueFull) } else { EndReason::Exited(100) };
        stage.ends(&giver, reason)?;
        check!(nodes(&clock) == 1, "{}: {} capabilities are left", policy.name(), nodes(&clock));
    }
    Ok(())
}

fn nodes(capability: &Capability) -> u32 {
    capability.object().tree().map_or(0, Tree::live)
}

pub fn without_a_capacity_senders_wait_for_a_receiver(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(0)?;
    let queue = endpoint_of(&door)?;
    let sender = stage.main("sends_once", vec![door.derive(Rights::SEND, 0)?])?;
    stage.until("it waits", || waits(&sender))?;
    check!(queue.counters().queued == 0 && queue.counters().blocked == 1, "{:?}", queue.counters());
    check!(send(&queue, &sender, &[]) == Err(Error::QueueFull), "it was handed to nobody");
    let receiver = stage.main("receives_once", vec![door.derive(Rights::RECEIVE, 0)?])?;
    stage.ends(&receiver, EndReason::Exited(0))?;
    stage.ends(&sender, EndReason::Exited(0))?;
    // And whoever comes first waits for the other, either way.
    let receiver = stage.main("receives_once", vec![door.derive(Rights::RECEIVE, 0)?])?;
    stage.until("it waits", || waits(&receiver))?;
    check!(send(&queue, &receiver, &[]).is_ok(), "it was not handed to who waits");
    stage.ends(&receiver, EndReason::Exited(0))?;
    let counters = queue.counters();
    check!(counters.delivered == 2 && counters.rejected == 1 && counters.balance(), "{counters:?}");
    Ok(())
}

pub fn without_a_capacity_a_resting_handler_is_a_receiver(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(0)?;
    let queue = endpoint_of(&door)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
    stage.until("it rests", || waits(&server))?;
    check!(send(&queue, &server, &[]).is_ok(), "it was not handed to who rests");
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?);
    }
    for client in &clients {
        stage.ends(client, EndReason::Exited(0))?;
    }
    let counters = queue.counters();
    check!(counters.delivered == 301 && counters.balance(), "of 301 messages: {counters:?}");
    server.kill();
    stage.ends(&server, EndReason::Killed)
}

/// Those who find too little room give up, one after the other; the message is still seen by who has enough.
pub fn receivers_without_room_do_not_hide_a_message(stage: &mut Stage<'_>) -> Verdict {
    for capacity in [0, 4] {
        let door = endpoint(capacity)?;
        let mut receivers: Vec<Arc<Actor>> = Vec::new();
        for module in ["receives_once", "receives_once", "receives_once", "receives_bytes"] {
            let receiver = stage.main(module, vec![door.derive(Rights::RECEIVE, 0)?])?;
            stage.until("it waits", || waits(&receiver))?;
            receivers.push(receiver);
        }
        let queue = endpoint_of(&door)?;
        let [small @ .., large] = receivers.as_slice() else { return Err(missing()) };
        send(&queue, large, b"four")?;
        stage.ends(large, EndReason::Exited(4))?;
        for one in small {
            stage.ends(one, EndReason::Exited(1))?;
        }
        check!(queue.counters().delivered == 1, "{:?}", queue.counters());
    }
    Ok(())
}

fn missing() -> Failure {
    crate::stage::failure(format_args!("no receivers"))
}
