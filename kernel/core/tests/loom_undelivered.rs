//! Models of what a message carries when it is not delivered: it comes back to its sender exactly once, whether the receiver
//! dies, the endpoint has no room, or the deadline passes while the message is being taken.
//!
//! What counts is that each capability is in the end with one of the two, that nothing of it is left behind in its tree,
//! and that endpoint and calls add up. Each model has twins with a planted bug; a twin must panic, else the model sees
//! nothing.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

mod stage;

use khal::sync::atomic::Ordering;
use khal::time::Instant;
use stage::support::model;
use stage::{Stage, by, die, first_of_all, take, with};
use std::sync::Arc;
use tessera_abi::{Error, Policy, Rights};
use tessera_core::cap::Capability;
use tessera_core::ipc::Message;
use tessera_core::sched::gate::{Cause, Wake};

fn capabilities(message: Option<Message>) -> usize {
    message.map_or(0, |message| message.caps.into_iter().count())
}

/// Somebody sends a capability, for which there is no room, to an actor that `meanwhile` takes one message or none, while
/// the sender gives up or the actor dies; what that one has got.
fn undelivered(meanwhile: fn(&Stage) -> Option<Message>) {
    model(move || {
        let stage = Arc::new(Stage::new(0, Policy::Block));
        let first = first_of_all();
        let message = with(&stage, first.derive(Rights::ALL, 0).unwrap());
        let at_sender = stage.clone();
        let sends = loom::thread::spawn(move || {
            let Stage { caller, door, over, .. } = &*at_sender;
            let mut message = Some(message);
            let sent = door.send(by(caller), &mut message, Instant::NEVER);
            over.store(true, Ordering::Release);
            (sent, message)
        });
        let taken = meanwhile(&stage);
        die(&stage);
        let untold = stage.left_waiting();
        let (sent, returned) = sends.join().unwrap();
        assert!(!untold, "a sender was not told");
        assert_eq!(sent.is_ok(), taken.is_some(), "{sent:?}");
        let whereabouts = (capabilities(taken), capabilities(returned));
        assert!(matches!(whereabouts, (1, 0) | (0, 1)), "lost or doubled: {whereabouts:?}");
        assert_eq!(first.object().tree().unwrap().live(), 1, "a node was left behind");
        assert!(stage.door.counters().balance());
        stage.caller.end_for_model();
    });
}

/// The sender's deadline.
fn give_up(stage: &Stage, cause: Cause) {
    // Loom has somebody else go first where both take a lock, and not where this one looks in vain.
    let _counted = stage.door.counters();
    if let Some(claim) = stage.caller.gate().claim_any() {
        assert_eq!(claim.fire(cause), Wake::NotOwed);
    }
}

#[test]
fn a_capability_comes_back_from_who_dies_or_goes_with_what_was_taken() {
    undelivered(take);
}

#[test]
fn a_capability_comes_back_to_who_gives_up() {
    undelivered(|stage| {
        give_up(stage, Cause::TimedOut);
        take(stage)
    });
}

/// The planted bug: a deadline that says that the message was delivered.
#[test]
#[should_panic(expected = "Ok(())")]
fn a_wait_that_ends_as_if_it_had_been_taken_is_found() {
    undelivered(|stage| {
        give_up(stage, Cause::Delivered);
        None
    });
}

/// The planted bug: the end of a receiver does not let go of its endpoint.
#[test]
#[should_panic(expected = "a sender was not told")]
fn a_receiver_that_dies_without_a_word_is_found() {
    undelivered(|stage| {
        std::mem::forget(stage.server.table().lock().take_all());
        None
    });
}

/// Somebody sends a capability while the other makes room, by taking what lies there; what became of it.
fn refused_a_send(policy: Policy) {
    model(move || {
        let stage = Arc::new(Stage::new(1, policy));
        let first = first_of_all();
        let message = with(&stage, first.derive(Rights::ALL, 0).unwrap());
        fill(&stage);
        let at_sender = stage.clone();
        let sends = loom::thread::spawn(move || {
            let mut message = Some(message);
            let sent = at_sender.door.send(by(&at_sender.caller), &mut message, Instant::NEVER);
            (sent, message)
        });
        let early = [take(&stage), take(&stage)].map(capabilities);
        let (sent, returned) = sends.join().unwrap();
        let taken = early.iter().sum::<usize>() + capabilities(take(&stage));
        assert!(matches!(sent, Ok(()) | Err(Error::QueueFull)), "{sent:?}");
        let whereabouts = (taken, capabilities(returned));
        assert_eq!(whereabouts, if sent.is_ok() { (1, 0) } else { (0, 1) }, "lost or doubled");
        ends_clean(&stage, &first);
    });
}

/// As [`refused_a_send`], in a call, that the other answers if it takes it.
fn refused_a_call(policy: Policy) {
    model(move || {
        let stage = Arc::new(Stage::new(1, policy));
        let first = first_of_all();
        let message = with(&stage, first.derive(Rights::ALL, 0).unwrap());
        fill(&stage);
        let at_caller = stage.clone();
        let calls = loom::thread::spawn(move || {
            let Stage { caller, door, over, .. } = &*at_caller;
            let mut message = Some(message);
            let told = door.call(by(caller), &mut message, 0, Instant::NEVER).map(drop);
            over.store(true, Ordering::Release);
            (told, message)
        });
        let taken: usize = [take(&stage), take(&stage)].map(answered).iter().sum();
        die(&stage);
        let untold = stage.left_waiting();
        let (told, returned) = calls.join().unwrap();
        assert!(!untold, "a caller was not told");
        match told {
            Ok(()) => assert_eq!((taken, capabilities(returned)), (1, 0), "lost or doubled"),
            // What lies in the queue of a server that dies goes with it.
            Err(Error::PeerDead) => assert_eq!((taken, capabilities(returned)), (0, 0), "lost or doubled"),
            Err(Error::QueueFull | Error::Closed) => {
                assert_eq!((taken, capabilities(returned)), (0, 1), "lost or doubled");
            }
            other => panic!("{other:?}"),
        }
        ends_clean(&stage, &first);
    });
}

/// Has the endpoint's only place taken.
fn fill(stage: &Stage) {
    stage.door.send(by(&stage.caller), &mut Some(Message::default()), Instant::ZERO).unwrap();
}

/// Answers what was taken, if it is a call; how many capabilities it carried.
fn answered(taken: Option<Message>) -> usize {
    let Some(mut message) = taken else { return 0 };
    if let Some(reply) = message.reply.take() {
        reply.answer(Message::default()).unwrap();
    }
    capabilities(Some(message))
}

/// When all that was sent has gone, so has its node, and everything adds up.
fn ends_clean(stage: &Stage, first: &Capability) {
    assert_eq!(first.object().tree().unwrap().live(), 1, "a node was left behind");
    let (counters, calls) = (stage.door.counters(), stage.door.calls());
    assert!(counters.balance() && calls.balance() && calls.outstanding == 0, "{counters:?} {calls:?}");
    stage.caller.end_for_model();
}

#[test]
fn a_capability_comes_back_from_where_there_is_no_room() {
    refused_a_send(Policy::Reject);
}

/// The planted bug: what there is no room for is dropped, and said to be sent.
#[test]
#[should_panic(expected = "lost or doubled")]
fn a_message_that_is_dropped_instead_of_refused_is_found() {
    refused_a_send(Policy::DropNewest);
}

#[test]
fn a_capability_comes_back_from_a_call_for_which_there_is_no_room() {
    refused_a_call(Policy::Reject);
}

/// The planted bug: the caller is told, and what it sent is gone.
#[test]
#[should_panic(expected = "lost or doubled")]
fn a_call_that_is_dropped_instead_of_refused_is_found() {
    refused_a_call(Policy::DropNewest);
}

/// A sender's deadline passes, told as this, while somebody takes its message out of the line.
fn deadline_against_take(cause: Cause) {
    model(move || {
        let stage = Arc::new(Stage::new(0, Policy::Block));
        let first = first_of_all();
        let message = with(&stage, first.derive(Rights::ALL, 0).unwrap());
        let (at_sender, at_timer) = (stage.clone(), stage.clone());
        let sends = loom::thread::spawn(move || {
            let Stage { caller, door, over, .. } = &*at_sender;
            let mut message = Some(message);
            let sent = door.send(by(caller), &mut message, Instant::NEVER);
            over.store(true, Ordering::Release);
            (sent, message)
        });
        let timer = loom::thread::spawn(move || give_up(&at_timer, cause));
        let taken = capabilities(take(&stage));
        timer.join().unwrap();
        // It may have come too late for both.
        let late = if stage.left_waiting() { 0 } else { capabilities(take(&stage)) };
        let (sent, returned) = sends.join().unwrap();
        assert!(matches!(sent, Ok(()) | Err(Error::TimedOut)), "{sent:?}");
        let whereabouts = (taken + late, capabilities(returned));
        assert_eq!(whereabouts, if sent.is_ok() { (1, 0) } else { (0, 1) }, "lost or doubled");
        ends_clean(&stage, &first);
        die(&stage);
    });
}

#[test]
fn a_capability_is_with_one_of_two_when_the_deadline_passes_while_it_is_taken() {
    deadline_against_take(Cause::TimedOut);
}

/// The planted bug: a deadline that says that the message was taken.
#[test]
#[should_panic(expected = "lost or doubled")]
fn a_deadline_that_passes_for_a_delivery_is_found() {
    deadline_against_take(Cause::Delivered);
}
