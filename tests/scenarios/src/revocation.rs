//! Capabilities that are taken back.

use crate::stage::{Stage, authority, by_kernel, endpoint, endpoint_of, notification};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use khal::time::Instant;
use tessera_abi::{ActorState, EndReason, Error, ObjectKind, Priority, RevokeReceipt, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Object, Scope};
use tessera_core::ipc::Message;
use tessera_core::ipc::message::Carried;

/// What an actor exits with that was answered so.
const REVOKED: EndReason = EndReason::Exited(Error::Revoked as i32);

fn revoke(stage: &Stage<'_>, capability: &Capability, scope: Scope) -> Result<RevokeReceipt, Failure> {
    Ok(Subtree::of(capability, scope)?.revoke(&stage.kernel, || {})?)
}

pub(crate) fn waits(actor: &Arc<Actor>) -> bool {
    actor.state() == ActorState::Blocked && actor.gate().is_waiting()
}

/// An actor that blocks in some way, and the capability that its own was derived from.
struct Blocked {
    way: &'static str,
    kept: Capability,
    actor: Arc<Actor>,
}

/// An endpoint whose queue is full.
fn full_of(somebody: &Arc<Actor>) -> Result<Capability, Failure> {
    let full = endpoint(1)?;
    endpoint_of(&full)?.send(by_kernel(somebody), &mut Some(Message::default()), Instant::ZERO)?;
    Ok(full)
}

/// A way to block: what it is called, the capability, what the actor `tells` gets of it to block so: an
/// endpoint's badge tells it to send, the rights to receive or to call.
type Way = (&'static str, Capability, Rights, u64);

/// Each way to block; the last waits for the end of `awaited`.
pub(crate) fn every_way_to_block(awaited: &Arc<Actor>) -> Result<[Way; 8], Failure> {
    Ok([
        ("send", full_of(awaited)?, Rights::SEND, 1),
        ("call", endpoint(1)?, Rights::SEND, 0),
        ("call in line", full_of(awaited)?, Rights::SEND, 0),
        ("recv", endpoint(1)?, Rights::ALL, 0),
        ("sleep", authority(ObjectKind::Clock)?, Rights::ALL, 0),
        ("read", authority(ObjectKind::Console)?, Rights::ALL, 0),
        ("signal", notification()?, Rights::ALL, 0),
        ("end", Capability::first(Object::Actor(awaited.clone()))?, Rights::ALL, 0),
    ])
}

/// One actor for each way to block.
fn one_for_each_way(stage: &mut Stage<'_>, awaited: &Arc<Actor>) -> Result<Vec<Blocked>, Failure> {
    let mut all = Vec::new();
    for (way, kept, rights, badge) in every_way_to_block(awaited)? {
        let actor = stage.main("tells", vec![kept.derive(rights, badge)?])?;
        stage.until(way, || waits(&actor))?;
        all.push(Blocked { way, kept, actor });
    }
    Ok(all)
}

pub fn whoever_is_blocked_by_what_is_taken_back_is_told(stage: &mut Stage<'_>) -> Verdict {
    let awaited = stage.main("forever", vec![])?;
    for Blocked { way, kept, actor } in one_for_each_way(stage, &awaited)? {
        check!(actor.end().record().is_none(), "{way}: it did not wait");
        let planned = Subtree::of(&kept, Scope::Below)?.count(&stage.kernel, || true)?;
        let receipt = revoke(stage, &kept, Scope::Below)?;
        let expected = RevokeReceipt { nodes: 1, actors: 1, waiters: 1 };
        check!(receipt == expected && planned == expected, "{way}: {receipt:?}, planned {planned:?}");
        stage.ends(&actor, REVOKED)?;
        if let Object::Endpoint(queue) = kept.object() {
            let counters = queue.counters();
            check!(counters.balance() && counters.blocked == 0, "{way}: {counters:?}");
        }
    }
    awaited.kill();
    stage.ends(&awaited, EndReason::Killed)
}

pub fn a_capability_on_its_way_is_taken_back(stage: &mut Stage<'_>) -> Verdict {
    let clock = authority(ObjectKind::Clock)?;
    let door = endpoint(1)?;
    let bystander = stage.main("forever", vec![])?;
    let queue = endpoint_of(&door)?;
    let send = |capability: Capability, expected| {
        let mut message = Message { caps: Carried::charged(bystander.account())?, ..Message::default() };
        check!(message.caps.put(0, capability).is_ok(), "a message has room for a capability");
        let sent = queue.send(by_kernel(&bystander), &mut Some(message), Instant::ZERO);
        check!(sent.err() == expected, "sent: {sent:?}");
        Ok(())
    };
    send(clock.derive(Rights::ALL, 0)?, None)?;
    let receipt = revoke(stage, &clock, Scope::Below)?;
    check!(receipt == RevokeReceipt { nodes: 1, actors: 0, waiters: 0 }, "{receipt:?}");
    let taker = stage.main("reads_the_clock_it_is_sent", vec![door.derive(Rights::ALL, 0)?])?;
    stage.ends(&taker, REVOKED)?;
    // And one that has not been taken back arrives.
    send(clock.derive(Rights::ALL, 0)?, None)?;
    let taker = stage.main("reads_the_clock_it_is_sent", vec![door.derive(Rights::ALL, 0)?])?;
    stage.ends(&taker, EndReason::Exited(0))?;
    bystander.kill();
    stage.ends(&bystander, EndReason::Killed)
}

/// The queue is full, a caller waits in line, and its leave is taken back before there is room: its message
/// does not get in when there is, though the caller has not had a turn to take it back.
pub fn a_call_in_line_does_not_get_in_once_it_is_taken_back(stage: &mut Stage<'_>) -> Verdict {
    let somebody = stage.main("forever", vec![])?;
    let door = full_of(&somebody)?;
    let caller = stage.actor("tells", Shape::Main, Priority::Low, vec![door.derive(Rights::SEND, 0)?])?;
    stage.until("it waits", || waits(&caller))?;
    let sends = Subtree::of(&door, Scope::Below)?;
    sends.revoke(&stage.kernel, || {})?;
    let queue = endpoint_of(&door)?;
    let taken = queue.recv(by_kernel(&somebody), 0, Instant::ZERO);
    check!(taken.is_ok(), "the first message is gone: {:?}", taken.err());
    let late = queue.recv(by_kernel(&somebody), 0, Instant::ZERO);
    check!(late.err() == Some(Error::WouldBlock), "a message of a caller without leave was delivered");
    stage.ends(&caller, REVOKED)?;
    check!(queue.counters().withdrawn == 1 && queue.counters().balance(), "{:?}", queue.counters());
    somebody.kill();
    stage.ends(&somebody, EndReason::Killed)
}

/// A copy of what is gone is refused, and closes nothing under the table's lock; a chain that is as long as
/// can be is refused to go on, whatever way it would.
pub fn a_copy_of_what_is_gone_or_too_deep_is_refused(stage: &mut Stage<'_>) -> Verdict {
    let actor = stage.main("copies_what_is_gone", vec![authority(ObjectKind::Factory)?])?;
    stage.ends(&actor, EndReason::Exited(0))?;
    let mut deep = authority(ObjectKind::Clock)?;
    let mut above = Vec::new();
    for _ in 1..tessera_core::cap::forest::DEPTH_MOST {
        let next = deep.derive(Rights::ALL, 0)?;
        above.push(core::mem::replace(&mut deep, next));
    }
    let deepest = deep.derive(Rights::ALL, 0)?;
    let actor = stage.main("sends_what_is_deep", vec![endpoint(1)?, deepest])?;
    stage.ends(&actor, EndReason::Exited(0))
}

pub fn a_handler_whose_own_endpoint_is_taken_back_ends_revoked(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(4)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let handler = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
    stage.until("it rests", || handler.state() == ActorState::Idle && handler.gate().is_waiting())?;
    let receipt = revoke(stage, &door, Scope::Below)?;
    check!(receipt == RevokeReceipt { nodes: 1, actors: 1, waiters: 1 }, "{receipt:?}");
    stage.ends(&handler, EndReason::Revoked)
}

pub fn an_endpoint_closes_when_the_last_right_to_receive_is_taken_back(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let for_sending = door.derive(Rights::SEND, 0)?;
    let caller = stage.main("calls_once", vec![for_sending.derive(Rights::SEND, 0)?])?;
    stage.until("it calls", || waits(&caller))?;
    let queue = endpoint_of(&door)?;
    // `for_sending` and the caller's go too: the caller hears of one or the other, of nothing twice.
    revoke(stage, &door, Scope::Whole)?;
    let end = stage.end_of(&caller)?;
    let told = [Error::Revoked, Error::PeerDead].map(|error| EndReason::Exited(error as i32));
    check!(told.contains(&end.reason), "the caller ended: {:?}", end.reason);
    let late = queue.send(by_kernel(&caller), &mut Some(Message::default()), Instant::ZERO);
    check!(late == Err(Error::Closed), "sent to an endpoint that nobody receives from: {late:?}");
    check!(for_sending.pass().err() == Some(Error::Revoked), "a derived capability is still good");
    check!(queue.counters().balance(), "{:?}", queue.counters());
    Ok(())
}

pub fn one_s_own_can_be_taken_back_and_others_only_with_the_right(stage: &mut Stage<'_>) -> Verdict {
    let clock = authority(ObjectKind::Clock)?;
    let system = authority(ObjectKind::System)?.derive(Rights::INSPECT, 0)?;
    let actor = stage.main("takes_back", vec![system, clock.derive(Rights::ALL, 0)?])?;
    stage.ends(&actor, EndReason::Exited(0))?;
    check!(clock.pass().is_ok(), "what it came from is gone too");
    Ok(())
}

/// Ten thousand capabilities, in chains and side by side, beside as many that stay.
pub fn all_of_a_subtree_goes_and_nothing_else(stage: &mut Stage<'_>) -> Verdict {
    const CHAINS: usize = 200;
    const LONG: usize = 50;
    let clock = authority(ObjectKind::Clock)?;
    let (mine, yours) = (clock.derive(Rights::ALL, 0)?, clock.derive(Rights::ALL, 0)?);
    let chains_below = |top: &Capability| -> Result<Vec<Capability>, Failure> {
        let mut all: Vec<Capability> = Vec::new();
        for at in 0..CHAINS * LONG {
            let parent = if at % LONG == 0 { top } else { all.last().unwrap_or(top) };
            let next = parent.derive(Rights::ALL, 0)?;
            all.push(next);
        }
        Ok(all)
    };
    let (gone, kept) = (chains_below(&mine)?, chains_below(&yours)?);
    let receipt = revoke(stage, &mine, Scope::Whole)?;
    check!(receipt.nodes == 1 + (CHAINS * LONG) as u64, "{receipt:?}");
    check!(gone.iter().all(|one| one.pass().is_err()), "one of them is still good");
    check!(kept.iter().all(|one| one.pass().is_ok()), "one too many is gone");
    let left = clock.object().tree().map_or(0, tessera_core::cap::Tree::live);
    check!(left as usize == 2 + CHAINS * LONG, "{left} nodes are left");
    drop((gone, kept, yours));
    let left = clock.object().tree().map_or(0, tessera_core::cap::Tree::live);
    check!(left == 1, "{left} nodes are left");
    Ok(())
}

/// Every core derives, sends, receives and drops while what it derives from is taken back, again and again.
pub fn revocation_wins_against_copies_drops_and_transfers(stage: &mut Stage<'_>) -> Verdict {
    let clock = authority(ObjectKind::Clock)?;
    for _ in 0..10 {
        let mut doors = Vec::new();
        let mut actors = Vec::new();
        let given = clock.derive(Rights::ALL, 0)?;
        for _ in 0..stage.kernel.scheduler().core_count() {
            let door = endpoint(2)?;
            for _ in 0..2 {
                let caps = vec![given.derive(Rights::ALL, 0)?, door.derive(Rights::ALL, 0)?];
                actors.push(stage.main("copies_and_drops", caps)?);
            }
            doors.push(door);
        }
        let busy = |actor: &Arc<Actor>| {
            use khal::sync::atomic::Ordering;
            actor.tally().messages_in.load(Ordering::Relaxed) > 3
        };
        stage.until("they are at it", || actors.iter().all(busy))?;
        revoke(stage, &given, Scope::Below)?;
        for actor in &actors {
            stage.ends(actor, REVOKED)?;
        }
        let left = given.object().tree().map_or(0, tessera_core::cap::Tree::live);
        check!(left == 2, "{left} nodes are left");
        for door in &doors {
            let counters = endpoint_of(door)?.counters();
            check!(counters.balance(), "{counters:?}");
        }
    }
    Ok(())
}
