//! Signs of life: what an actor is seen to be at, when its silence ends, and who may look.
//!
//! Time passes because somebody works; how much is looked at, and waited for, but decides nothing.

use crate::stage::{Stage, by_kernel, endpoint, endpoint_of, notification};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use khal::time::Instant;
use tessera_abi::{EndReason, Priority, Rights, Shape, Spell};
use tessera_core::actor::Actor;
use tessera_core::cap::{Capability, Object, Pass};
use tessera_core::ipc::Message;

/// A silence that is long enough to be seen, in ns: a few ticks.
const LONG_NS: u64 = 5_000_000;

/// The moment of the last sign of life.
fn last_sign_ns(actor: &Arc<Actor>) -> u64 {
    let now = khal::time::now();
    now.as_nanos().saturating_sub(actor.pulse().read(now).silent_ns)
}

fn spell(actor: &Arc<Actor>) -> Spell {
    actor.pulse().read(khal::time::now()).spell
}

/// Until an actor has been at this for a while.
fn is_long_at(stage: &mut Stage<'_>, actor: &Arc<Actor>, what: Spell) -> Verdict {
    stage.until(what.name(), || {
        let silence = actor.pulse().read(khal::time::now());
        silence.spell == what && silence.spell_ns > LONG_NS && silence.silent_ns > LONG_NS
    })
}

/// One that only works is silent however often it is switched out; one that only waits, too.
pub fn whoever_works_or_waits_without_a_heartbeat_is_seen_to(stage: &mut Stage<'_>) -> Verdict {
    let working = stage.main("forever", vec![])?;
    let waiting = stage.main("receives_once", vec![endpoint(1)?])?;
    is_long_at(stage, &working, Spell::Working)?;
    is_long_at(stage, &waiting, Spell::Waiting)?;
    both_are_killed(stage, [&working, &waiting])
}

fn both_are_killed(stage: &mut Stage<'_>, actors: [&Arc<Actor>; 2]) -> Verdict {
    actors.iter().for_each(|actor| actor.kill());
    actors.into_iter().try_for_each(|actor| stage.ends(actor, EndReason::Killed))
}

/// A wait that ends does not end a silence; a heartbeat does.
pub fn a_heartbeat_is_a_sign_of_life(stage: &mut Stage<'_>) -> Verdict {
    let bell = notification()?;
    let Object::Notification(rings) = bell.object() else { return Ok(()) };
    let worker = stage.main("forever", vec![])?;
    let (rings, actor) = (rings.clone(), stage.main("beats_when_told", vec![bell])?);
    for _ in 0..3 {
        is_long_at(stage, &actor, Spell::Waiting)?;
        let before_ns = last_sign_ns(&actor);
        rings.signal(&Pass::KERNEL, 1)?;
        stage.until("it beats", || last_sign_ns(&actor) > before_ns + LONG_NS / 2)?;
    }
    both_are_killed(stage, [&actor, &worker])
}

/// A handler is at rest between messages, and each activation begins with a sign of life.
pub fn a_handler_is_watched_within_its_activations_alone(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let handler =
        stage.actor("adder", Shape::Handler, Priority::Normal, vec![door.derive(Rights::ALL, 0)?])?;
    stage.until("it rests", || handler.gate().is_waiting() && spell(&handler) == Spell::AtRest)?;
    let (before_ns, worker) = (last_sign_ns(&handler), stage.main("forever", vec![])?);
    is_long_at(stage, &worker, Spell::Working)?;
    let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&client, EndReason::Exited(0))?;
    stage.until("it rests again", || handler.gate().is_waiting() && spell(&handler) == Spell::AtRest)?;
    check!(last_sign_ns(&handler) > before_ns + LONG_NS / 2, "its activations were no signs of life");
    check!(endpoint_of(&door)?.counters().balance(), "messages are unaccounted for");
    both_are_killed(stage, [&handler, &worker])
}

/// A handler that always finds another message never rests, and gets on all the same.
pub fn each_message_is_a_sign_of_life_of_a_busy_handler(stage: &mut Stage<'_>) -> Verdict {
    const MESSAGES: u64 = 64;
    let door = endpoint(MESSAGES as u32)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let handler = stage.actor("works_then_answers", Shape::Handler, Priority::Normal, caps)?;
    stage.until("it rests", || handler.gate().is_waiting())?;
    handler.suspend();
    let queue = endpoint_of(&door)?;
    for _ in 0..MESSAGES {
        queue.send(by_kernel(&handler), &mut Some(Message::default()), Instant::ZERO)?;
    }
    let delivered = || queue.counters().delivered;
    handler.resume();
    let mut signs = Vec::new();
    stage.until("it has taken them all", || {
        if handler.gate().is_waiting() || signs.len() > 1_000 {
            return delivered() == MESSAGES;
        }
        // A pulse counts in ticks of 2^20 ns.
        signs.push(last_sign_ns(&handler) >> 20);
        delivered() == MESSAGES
    })?;
    signs.dedup();
    check!(signs.len() > 3, "in {MESSAGES} messages in a row it gave the signs {signs:?}");
    handler.kill();
    stage.ends(&handler, EndReason::Killed)
}

/// One that is run again and again for a message that it does not take does not get on.
pub fn a_handler_that_takes_nothing_is_silent(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let handler = stage.actor("takes_nothing", Shape::Handler, Priority::Normal, caps)?;
    stage.until("it rests", || handler.gate().is_waiting())?;
    endpoint_of(&door)?.send(by_kernel(&handler), &mut Some(Message::default()), Instant::ZERO)?;
    is_long_at(stage, &handler, Spell::Working)?;
    handler.kill();
    stage.ends(&handler, EndReason::Killed)
}

/// Whoever may inspect an actor reads its pulse, until it has ended. A suspended one is at rest, and not silent for that.
pub fn a_pulse_is_felt_by_who_may_inspect(stage: &mut Stage<'_>) -> Verdict {
    let named = |actor: &Arc<Actor>| -> Result<Capability, Failure> {
        Ok(Capability::first(Object::Actor(actor.clone()))?)
    };
    let (over, other) = (stage.main("nothing", vec![])?, stage.main("receives_once", vec![endpoint(1)?])?);
    stage.ends(&over, EndReason::Exited(0))?;
    let worker = stage.main("forever", vec![])?;
    is_long_at(stage, &other, Spell::Waiting)?;
    for (suspended, expected) in [(false, Spell::Waiting), (true, Spell::AtRest)] {
        if suspended {
            other.suspend();
        }
        let caps = vec![named(&over)?, named(&other)?.derive(Rights::WAIT, 0)?, named(&other)?];
        let reader = stage.main("feels_pulses", caps)?;
        stage.ends(&reader, EndReason::Exited(10 + i32::from(expected.number())))?;
    }
    let before_ns = last_sign_ns(&other);
    other.resume();
    check!(last_sign_ns(&other) > before_ns + LONG_NS / 2, "it is silent for having been held back");
    both_are_killed(stage, [&other, &worker])
}
