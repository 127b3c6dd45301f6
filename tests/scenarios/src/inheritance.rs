//! Whoever is waited for in a call is as urgent as the most urgent who waits.
//!
//! What is in the way of a call is told in turns of those in between, on the server's core, and in its own
//! turns: the time of a turn says little, and neither does what other cores do.

use crate::stage::{Stage, authority, endpoint, notification};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use khal::sync::atomic::Ordering;
use tessera_abi::{ActorState, EndReason, Error, ObjectKind, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Object, Pass, Scope};
use tessera_core::sched::levels::Ready;

fn turns(actor: &Arc<Actor>) -> u64 {
    actor.tally().turns.load(Ordering::Relaxed)
}

fn waits(actor: &Arc<Actor>) -> bool {
    actor.state() == ActorState::Blocked && actor.gate().is_waiting()
}

/// A handler that only receives and answers waits for its next message. Its state may say otherwise, if it was
/// switched out by force on its way there.
fn rests(handler: &Arc<Actor>) -> bool {
    handler.gate().is_waiting()
}

/// All run at this level now.
fn at_level(actors: &[&Arc<Actor>], level: Priority) -> bool {
    actors.iter().all(|actor| actor.priority() == level)
}

/// Two endless actors for every core, and how many turns they had had at some moment.
struct Middle(Vec<(Arc<Actor>, u64)>);

impl Middle {
    fn begin(stage: &mut Stage<'_>) -> Result<Self, Failure> {
        let mut actors = Vec::new();
        for _ in 0..2 * stage.kernel.scheduler().core_count() {
            actors.push((stage.main("forever", vec![])?, 0));
        }
        stage.until("all of them have begun", || actors.iter().all(|(actor, _)| turns(actor) > 1))?;
        Ok(Middle(actors))
    }

    fn count_from_here(&mut self) {
        self.0.iter_mut().for_each(|(actor, before)| *before = turns(actor));
    }

    /// The turns since then of those who share this actor's core.
    fn turns_beside(&self, actor: &Arc<Actor>) -> u64 {
        let beside = self.0.iter().filter(|(one, _)| one.home() == actor.home());
        beside.map(|(one, before)| turns(one) - before).sum()
    }

    fn end(self, stage: &mut Stage<'_>) -> Verdict {
        self.0.iter().for_each(|(actor, _)| actor.kill());
        self.0.iter().try_for_each(|(actor, _)| stage.ends(actor, EndReason::Killed))
    }
}

/// What a server does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Rests,
    /// It rests, and somebody else has come to receive behind it.
    RestsBeforeAnother,
    /// It works for somebody of its own level, and lies among the ready.
    Works,
}

/// The classic inversion: an urgent actor calls a server of the lowest level, and those in between have all cores.
pub fn a_server_is_as_urgent_as_who_calls_it(stage: &mut Stage<'_>) -> Verdict {
    for doing in [Server::Rests, Server::RestsBeforeAnother, Server::Works] {
        let door = endpoint(2)?;
        let caps = vec![door.derive(Rights::ALL, 0)?];
        let server = stage.actor("works_then_answers", Shape::Handler, Priority::Low, caps)?;
        let client = |stage: &Stage<'_>, level| {
            stage.actor("calls_once", Shape::Main, level, vec![door.derive(Rights::SEND, 0)?])
        };
        stage.until("it rests", || rests(&server))?;
        let mut others = vec![];
        if doing == Server::RestsBeforeAnother {
            let caps = vec![door.derive(Rights::ALL, 0)?];
            let another = stage.actor("receives_once", Shape::Main, Priority::Low, caps)?;
            stage.until("another waits behind it", || waits(&another))?;
            others.push(another);
        }
        let mut middle = Middle::begin(stage)?;
        if doing == Server::Works {
            others.push(client(stage, Priority::Low)?);
            let taken = || server.tally().messages_in.load(Ordering::Relaxed) > 0;
            stage.until("it works for the other", taken)?;
        }
        let own_before = turns(&server);
        middle.count_from_here();
        let caller = client(stage, Priority::High)?;
        stage.ends(&caller, EndReason::Exited(0))?;
        let (between, own) = (middle.turns_beside(&server), turns(&server) - own_before);
        check!(between <= own + 8, "{between} turns of others to {own} of its own: {doing:?}");
        middle.end(stage)?;
        stage.until("it rests again", || rests(&server))?;
        others.push(server);
        for actor in &others {
            check!(at_level(&[actor], Priority::Low) && !actor.standing().has_donors(), "a donor is left");
            actor.kill();
            stage.end_of(actor)?;
        }
    }
    Ok(())
}

/// Three servers of the lowest level, each of which waits for the next; the last answers when the bell rings.
struct Chain {
    door: Capability,
    bell: Capability,
    servers: [Arc<Actor>; 3],
}

impl Chain {
    fn begin(stage: &mut Stage<'_>) -> Result<Self, Failure> {
        let (doors, bell) = ([endpoint(4)?, endpoint(4)?, endpoint(4)?], notification()?);
        let [first, second, third] = &doors;
        let asks = |own: &Capability, next: &Capability| {
            let caps = vec![own.derive(Rights::ALL, 0)?, next.derive(Rights::SEND, 0)?];
            stage.actor("asks_on", Shape::Handler, Priority::Low, caps)
        };
        let (one, two) = (asks(first, second)?, asks(second, third)?);
        let caps = vec![third.derive(Rights::ALL, 0)?, bell.derive(Rights::ALL, 0)?];
        let three = stage.actor("answers_when_told", Shape::Main, Priority::Low, caps)?;
        stage.until("all wait", || rests(&one) && rests(&two) && waits(&three))?;
        Ok(Chain { door: first.derive(Rights::ALL, 0)?, bell, servers: [one, two, three] })
    }

    fn client(&self, stage: &Stage<'_>, level: Priority) -> Result<(Arc<Actor>, Capability), Failure> {
        let way = self.door.derive(Rights::SEND, 0)?;
        let caps = vec![way.derive(Rights::SEND, 0)?];
        Ok((stage.actor("calls_once", Shape::Main, level, caps)?, way))
    }

    fn comes_to(&self, stage: &mut Stage<'_>, level: Priority) -> Verdict {
        stage.until(level.name(), || at_level(&self.servers.each_ref(), level))
    }

    fn ring(&self) -> Verdict {
        let Object::Notification(bell) = self.bell.object() else { return Ok(()) };
        Ok(bell.signal(&Pass::KERNEL, 1)?)
    }
}

/// Who is waited for by several is at the level of the highest of those who still wait, however the others left.
pub fn levels_travel_along_calls_and_go_with_who_gave_them(stage: &mut Stage<'_>) -> Verdict {
    let chain = Chain::begin(stage)?;
    let (normal, _) = chain.client(stage, Priority::Normal)?;
    chain.comes_to(stage, Priority::Normal)?;
    let (high, way) = chain.client(stage, Priority::High)?;
    chain.comes_to(stage, Priority::High)?;
    let (critical, _) = chain.client(stage, Priority::Critical)?;
    chain.comes_to(stage, Priority::Critical)?;
    critical.kill();
    stage.ends(&critical, EndReason::Killed)?;
    chain.comes_to(stage, Priority::High)?;
    let caps = vec![chain.door.derive(Rights::SEND, 0)?, authority(ObjectKind::Clock)?];
    let late = stage.actor("call_times_out", Shape::Main, Priority::Critical, caps)?;
    stage.ends(&late, EndReason::Exited(Error::TimedOut as i32))?;
    chain.comes_to(stage, Priority::High)?;
    Subtree::of(&way, Scope::Below)?.revoke(&stage.kernel, || {})?;
    stage.ends(&high, EndReason::Exited(Error::Revoked as i32))?;
    chain.comes_to(stage, Priority::Normal)?;
    chain.ring()?;
    stage.ends(&normal, EndReason::Exited(0))?;
    chain.comes_to(stage, Priority::Low)?;
    check!(chain.servers.iter().all(|server| !server.standing().has_donors()), "a donor is left");
    for server in &chain.servers {
        server.kill();
        stage.end_of(server)?;
    }
    Ok(())
}

/// A call that is handed on raises who has it, and no more who had it.
pub fn a_call_that_is_handed_on_takes_its_level_along(stage: &mut Stage<'_>) -> Verdict {
    let chain = Chain::begin(stage)?;
    let [_, second, third] = &chain.servers;
    let front = endpoint(2)?;
    let caps = vec![front.derive(Rights::ALL, 0)?, chain.door.derive(Rights::SEND, 0)?];
    let forwarder = stage.actor("forwards", Shape::Handler, Priority::Low, caps)?;
    stage.until("it waits", || rests(&forwarder))?;
    let caps = vec![front.derive(Rights::SEND, 0)?];
    let client = stage.actor("calls_once", Shape::Main, Priority::High, caps)?;
    chain.comes_to(stage, Priority::High)?;
    stage.until("it has handed on", || rests(&forwarder))?;
    check!(at_level(&[&forwarder], Priority::Low), "who handed on kept the level");
    // It dies with the call: the caller is told, and the others are let go.
    second.kill();
    stage.ends(second, EndReason::Killed)?;
    stage.end_of(&client)?;
    stage.until("the last is let go", || at_level(&[third], Priority::Low))?;
    for actor in chain.servers.iter().chain([&forwarder]) {
        check!(!actor.standing().has_donors() || actor.end().has_come(), "a donor is left");
        actor.kill();
        stage.end_of(actor)?;
    }
    Ok(())
}
