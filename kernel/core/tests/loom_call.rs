//! Models of messages between actors of which one dies or gives up: the kernel's own endpoint, reply, actor and
//! end, in every interleaving. An actor is one of the model's threads; where it would leave its core it gives way.
//!
//! What counts is that whoever waits is told once, that every call ends in one way, and that what a message carries
//! is in the end with one of the two. Each model has twins in which one step is left out; a twin must panic, else the
//! model sees nothing.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

mod support;

use khal::sync::atomic::{AtomicBool, Ordering};
use khal::time::Instant;
use std::sync::Arc;
use support::{actor, kernel, model};
use tessera_abi::{Error, ObjectKind, Policy, Rights, SlotName};
use tessera_core::actor::Actor;
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Object, Pass, Scope};
use tessera_core::ipc::message::Carried;
use tessera_core::ipc::{By, Endpoint, Message};
use tessera_core::kernel::Kernel;
use tessera_core::sched::gate::{Cause, Wake};

/// A kernel with two actors, and an endpoint from which the second alone may receive.
struct Stage {
    caller: Arc<Actor>,
    server: Arc<Actor>,
    door: Arc<Endpoint>,
    /// The first has gone on.
    over: AtomicBool,
}

impl Stage {
    fn new(capacity: u32) -> Self {
        let kernel = kernel();
        let door = Endpoint::new(capacity, Policy::Block, None).unwrap();
        let own = Capability::first(Object::Endpoint(door.clone())).unwrap();
        let caller = actor(&kernel, None, vec![]);
        let server = actor(&kernel, None, vec![(SlotName::EMPTY, own)]);
        Stage { caller, server, door, over: AtomicBool::new(false) }
    }

    /// Whether the first waits for somebody who is dead. Then its wait is ended, as nobody else would.
    fn left_waiting(&self) -> bool {
        while !self.over.load(Ordering::Acquire) {
            if let Some(claim) = self.caller.gate().claim_any() {
                assert_eq!(claim.fire(Cause::TimedOut), Wake::NotOwed);
                return true;
            }
            khal::sync::relax();
        }
        false
    }
}

fn by(actor: &Arc<Actor>) -> By<'_> {
    By { actor, pass: &Pass::KERNEL }
}

/// Takes what has come, if anything has, and dies with it or after it.
type Die = fn(&Stage);

fn take(stage: &Stage) -> Option<Message> {
    stage.door.recv(by(&stage.server), 0, Instant::ZERO).ok()
}

/// What `activation::finish` does.
fn die(stage: &Stage) {
    stage.server.end_for_model();
}

/// Somebody calls while the server takes what has come and dies.
fn death_against_call(serve_and_die: Die) {
    model(move || {
        let stage = Arc::new(Stage::new(1));
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

/// Somebody's first capability of something.
fn first_of_all() -> Capability {
    Capability::first(Object::authority(ObjectKind::Clock).unwrap()).unwrap()
}

/// A message of the caller's with this capability.
fn with(stage: &Stage, capability: Capability) -> Message {
    let mut caps = Carried::charged(stage.caller.kernel().account()).unwrap();
    caps.put(0, capability).unwrap();
    Message { caps, ..Message::default() }
}

fn capabilities(message: Option<Message>) -> usize {
    message.map_or(0, |message| message.caps.into_iter().count())
}

/// Somebody sends a capability, for which there is no room, to an actor that `meanwhile` takes one message or none, while
/// the sender gives up or the actor dies; what that one has got.
fn undelivered(meanwhile: fn(&Stage) -> Option<Message>) {
    model(move || {
        let stage = Arc::new(Stage::new(0));
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

/// A capability is handed over in a message while what it comes from is taken back.
fn transfer_against_revoke(revoke: fn(&Kernel, Capability)) {
    model(move || {
        let stage = Arc::new(Stage::new(1));
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
