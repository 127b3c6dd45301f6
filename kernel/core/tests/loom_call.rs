//! Models of messages between actors of which one dies or gives up, and of what a revocation makes of what is on its way: the
//! kernel's own endpoint, reply, actor and end, in every interleaving.
//!
//! What counts is that whoever waits is told once, that every call ends in one way and is known to wait for its server,
//! and that nothing that was taken back arrives good. Each model has twins in which one step is left out; a twin must
//! panic, else the model sees nothing.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

mod stage;

use khal::sync::atomic::Ordering;
use khal::time::Instant;
use stage::support::{builder, model};
use stage::{Stage, by, die, first_of_all, take, with};
use std::sync::Arc;
use tessera_abi::{Error, Policy, Priority, Rights};
use tessera_core::actor::EndSignal;
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Object, Pass, Scope};
use tessera_core::ipc::{Message, Reply};
use tessera_core::kernel::Kernel;
use tessera_core::sched::gate::{Cause, Ticket, Wake};
use tessera_core::sched::inherit;

/// Takes what has come, if anything has, and dies with it or after it.
type Die = fn(&Stage);

/// Somebody calls while the server takes what has come and dies.
fn death_against_call(serve_and_die: Die) {
    model(move || {
        let stage = Arc::new(Stage::new(1, Policy::Block));
        let at_caller = stage.clone();
        let calls = loom::thread::spawn(move || {
            let Stage { caller, door, over, .. } = &*at_caller;
            let told = door.call(by(caller), &mut Some(Message::default()), 0, Instant::NEVER).map(drop);
            over.store(true, Ordering::Release);
            told
        });
        serve_and_die(&stage);
        let untold = stage.left_waiting();
        let told = calls.join().unwrap();
        assert!(!untold, "a caller was not told");
        let figures = stage.door.calls();
        assert!(figures.balance() && figures.outstanding == 0, "a call has not ended: {figures:?}");
        assert_eq!(told.is_ok(), figures.replied == 1, "{told:?}: {figures:?}");
        assert!(matches!(told, Ok(()) | Err(Error::PeerDead | Error::Closed)), "{told:?}");
        stage.caller.end_for_model();
    });
}

#[test]
fn a_caller_is_told_when_its_server_dies_with_its_call_or_before() {
    death_against_call(|stage| {
        let taken = take(stage);
        die(stage);
        drop(taken);
    });
}

#[test]
fn a_caller_has_its_answer_whenever_its_server_dies_after_it() {
    death_against_call(|stage| {
        if let Some(reply) = take(stage).and_then(|message| message.reply) {
            reply.answer(Message::default()).unwrap();
        }
        die(stage);
    });
}

/// The planted bug: what the dead held is forgotten, and the reply with it.
#[test]
#[should_panic(expected = "a caller was not told")]
fn a_reply_that_is_forgotten_is_found() {
    death_against_call(|stage| {
        let taken = take(stage);
        die(stage);
        std::mem::forget(taken);
    });
}

/// The planted bug: the end gives back what was taken, and not what the dead held.
#[test]
#[should_panic(expected = "a caller was not told")]
fn an_end_that_leaves_the_endpoint_open_is_found() {
    death_against_call(|stage| drop(take(stage)));
}

/// A capability is handed over in a message while what it comes from is taken back.
fn transfer_against_revoke(revoke: fn(&Kernel, Capability)) {
    model(move || {
        let stage = Arc::new(Stage::new(1, Policy::Block));
        let first = first_of_all();
        let parent = first.derive(Rights::ALL, 0).unwrap();
        let held = parent.derive(Rights::ALL, 0).unwrap();
        let at_sender = stage.clone();
        let sends = loom::thread::spawn(move || {
            let Ok(granted) = held.grant(Rights::ALL, 0) else { return };
            let message = with(&at_sender, granted);
            at_sender.door.send(by(&at_sender.caller), &mut Some(message), Instant::ZERO).unwrap();
        });
        revoke(stage.caller.kernel(), parent);
        let early = take(&stage);
        sends.join().unwrap();
        for message in early.into_iter().chain(take(&stage)) {
            for arrived in message.caps {
                assert_eq!(arrived.check().err(), Some(Error::Revoked), "one got away");
            }
        }
        assert_eq!(first.object().tree().unwrap().live(), 1, "a node was left behind");
        stage.caller.end_for_model();
        die(&stage);
    });
}

#[test]
fn what_is_taken_back_on_its_way_arrives_dead_or_not_at_all() {
    transfer_against_revoke(|kernel, parent| {
        Subtree::of(&parent, Scope::Whole).unwrap().revoke(kernel, || {}).map(drop).unwrap();
    });
}

/// The planted bug: what it comes from is dropped, which takes nothing back.
#[test]
#[should_panic(expected = "one got away")]
fn a_revocation_that_only_drops_is_found() {
    transfer_against_revoke(|_, parent| drop(parent));
}

/// Somebody urgent gives a call up and calls again while the first call is answered. His second call is known to wait for
/// the server all the same.
fn answer_against_next_call(answer: fn(&Stage, Reply, Ticket)) {
    let mut builder = builder();
    // Two are enough to see it; with three this takes minutes.
    builder.preemption_bound = Some(2);
    builder.check(move || {
        let stage = Arc::new(Stage::of(Priority::High, 1, Policy::Block));
        let (at_caller, at_timer) = (stage.clone(), stage.clone());
        let calls = loom::thread::spawn(move || {
            let Stage { caller, door, over, .. } = &*at_caller;
            for _ in 0..2 {
                let _told = door.call(by(caller), &mut Some(Message::default()), 0, Instant::NEVER);
            }
            over.store(true, Ordering::Release);
        });
        let reply = wait_for(|| take(&stage)).reply.unwrap();
        let ticket = stage.caller.gate().ticket().unwrap();
        let timer = loom::thread::spawn(move || {
            if let Some(claim) = at_timer.caller.gate().claim(ticket) {
                assert_eq!(claim.fire(Cause::TimedOut), Wake::NotOwed);
            }
        });
        answer(&stage, reply, ticket);
        wait_for(|| (stage.door.counters().queued == 1).then_some(()));
        assert_eq!(
            stage.caller.standing().waits_for(),
            stage.server.id().bits(),
            "not known to be waited for"
        );
        die(&stage);
        timer.join().unwrap();
        calls.join().unwrap();
        assert!(!stage.server.standing().has_donors(), "a level was left behind");
        stage.caller.end_for_model();
    });
}

/// What there is, as soon as it is.
fn wait_for<T>(look: impl Fn() -> Option<T>) -> T {
    loop {
        if let Some(found) = look() {
            return found;
        }
        khal::sync::relax();
    }
}

#[test]
fn a_late_answer_touches_no_later_call() {
    answer_against_next_call(|_, reply, _| {
        let _late = reply.answer(Message::default());
    });
}

/// The planted bug: the note is taken back before the wait is won, when it was seen to be on.
#[test]
#[should_panic(expected = "not known to be waited for")]
fn a_note_that_is_taken_back_too_early_is_found() {
    answer_against_next_call(|stage, reply, ticket| {
        if stage.caller.gate().ticket() == Some(ticket) {
            inherit::follow(&stage.caller, stage.server.id().bits(), None);
        }
        let _late = reply.answer(Message::default());
    });
}

/// Somebody's end is seen while it comes; who ends with him is to have been told.
fn end_against_link(is_seen: fn(&Stage) -> bool) {
    model(move || {
        let stage = Arc::new(Stage::new(1, Policy::Block));
        let (kept, server) =
            (first_of_all(), Capability::first(Object::Actor(stage.server.clone())).unwrap());
        let link = EndSignal::new(server, 0, None).unwrap();
        stage.caller.end().monitor((kept.object().tree().unwrap(), &Pass::KERNEL), link).unwrap();
        let at_end = stage.clone();
        let ends = loom::thread::spawn(move || at_end.caller.end_for_model());
        wait_for(|| is_seen(&stage).then_some(()));
        assert!(stage.server.must_stop(), "it was not told");
        ends.join().unwrap();
        die(&stage);
    });
}

#[test]
fn whoever_sees_an_end_finds_those_told_that_end_with_it() {
    end_against_link(|stage| stage.caller.end().has_come());
}

/// The planted bug: the end is taken for seen when the list has forgotten the actor, which is before.
#[test]
#[should_panic(expected = "it was not told")]
fn an_end_that_is_believed_too_early_is_found() {
    end_against_link(|stage| stage.caller.kernel().registry().get(stage.caller.id()).is_none());
}
