//! Attacks: what an actor may do to break the kernel or its neighbours, one each.
//!
//! After each a server still answers, its messages add up, and all that was taken has come back: two rounds in
//! a row leave what the round before did. The first may leave more, and as many as there are cores: parsed modules, and room
//! that a core has grown and keeps.

use crate::inventory::{Inventory, settle};
use crate::revocation::{every_way_to_block, waits};
use crate::stage::{Stage, authority, by_kernel, endpoint, endpoint_of, failure, notification, request};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use khal::time::Instant;
use tessera_abi::{EndReason, Error, FaultKind, ObjectKind, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::actor::spawn::{Begin, Spawn, spawn};
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Scope};
use tessera_core::ipc::Message;
use tessera_core::sched::stacks::RESERVE;

/// The rounds after the first by which one leaves no more than the one before.
const ROUNDS: usize = 7;

const DONE: EndReason = EndReason::Exited(0);

fn refused(error: Error) -> EndReason {
    EndReason::Exited(i32::from(error.number()))
}

/// Carries out an attack and looks at what is left.
fn survives(stage: &mut Stage<'_>, attack: impl Fn(&mut Stage<'_>) -> Verdict) -> Verdict {
    let door = endpoint(2)?;
    let server =
        stage.actor("adder", Shape::Handler, Priority::Normal, vec![door.derive(Rights::ALL, 0)?])?;
    // A stack's frames stay with the stacks for good, so have as many as there can be.
    drop((0..80).map(|_| khal::thread::Stack::allocate()).collect::<Vec<_>>());
    let mut round = || -> Result<Inventory, Failure> {
        attack(stage)?;
        is_answered(stage, &door)?;
        settle(stage)
    };
    let mut before = round()?;
    let mut alike = 0;
    for left in (0..ROUNDS).rev() {
        let after = round()?;
        match after.difference(&before) {
            None => alike += 1,
            Some(_) if left > 0 => alike = 0,
            Some((name, now, then)) => {
                return Err(failure(format_args!("{name}: {now}, a round before: {then}")));
            }
        }
        if alike == 2 {
            break;
        }
        before = after;
    }
    check!(server.end().record().is_none(), "the server has ended");
    check!(stage.kernel.leaks() == 0, "an actor left charged memory behind");
    check!(khal::thread::abandoned() == 0, "a stack was abandoned");
    server.kill();
    stage.ends(&server, EndReason::Killed)
}

fn is_answered(stage: &mut Stage<'_>, door: &Capability) -> Verdict {
    let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&client, DONE)?;
    let counters = endpoint_of(door)?.counters();
    check!(counters.balance() && counters.blocked == 0, "messages are unaccounted for: {counters:?}");
    Ok(())
}

fn one(stage: &mut Stage<'_>, module: &str, caps: Vec<Capability>, reason: EndReason) -> Verdict {
    let actor = stage.main(module, caps)?;
    stage.ends(&actor, reason)
}

/// Of loads, stores and bulk operations.
pub fn memory_out_of_bounds(stage: &mut Stage<'_>) -> Verdict {
    let reason = EndReason::Fault(FaultKind::MemoryOutOfBounds);
    survives(stage, |stage| one(stage, "trap_memory_out_of_bounds", vec![], reason))
}

/// Of host calls: past the end, negative, overflowing.
pub fn addresses_that_lie_outside(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let random = authority(ObjectKind::Random)?;
        let caps = vec![authority(ObjectKind::Log)?, endpoint(1)?, random];
        one(stage, "addresses_outside", caps, DONE)
    })
}

pub fn forged_stale_and_dropped_handles(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let log = authority(ObjectKind::Log)?.derive(Rights::WRITE, 0)?;
        let clock = authority(ObjectKind::Clock)?;
        one(stage, "forges", vec![log, clock], DONE)
    })
}

pub fn revoked_handles(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| one(stage, "copies_what_is_gone", vec![authority(ObjectKind::Factory)?], DONE))
}

pub fn expired_handles(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| one(stage, "runs_out", vec![authority(ObjectKind::Clock)?], DONE))
}

/// All the memory that regions may have. While it is held, others go on and need more.
pub fn a_region_bomb(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let caps = vec![authority(ObjectKind::Factory)?, notification()?];
        let mut bomb = request("region_bomb", Shape::Main, Priority::Normal, caps);
        bomb.slots_max = 64;
        let bomb = spawn(&stage.kernel, bomb)?;
        stage.until("it has all", || waits(&bomb))?;
        let held = khal::runs::held_frames();
        let most = khal::runs::frames_max();
        check!((most / 2..=most).contains(&held), "it has got {held} frames of {most}");
        one(stage, "grows", vec![], DONE)?;
        bomb.kill();
        stage.ends(&bomb, EndReason::Killed)
    })
}

/// Every slot of its table, with what it makes.
pub fn a_slot_bomb(stage: &mut Stage<'_>) -> Verdict {
    let full = EndReason::Exited(15);
    survives(stage, |stage| one(stage, "fills_table", vec![authority(ObjectKind::Factory)?], full))
}

pub fn a_message_flood(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let door = endpoint(16)?;
        one(stage, "floods", vec![door.derive(Rights::SEND, 0)?], DONE)?;
        let counters = endpoint_of(&door)?.counters();
        check!(counters.balance(), "messages are unaccounted for: {counters:?}");
        Ok(())
    })
}

pub fn a_memory_bomb(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| one(stage, "grows", vec![], DONE))
}

pub fn a_stack_bomb(stage: &mut Stage<'_>) -> Verdict {
    let reason = EndReason::Fault(FaultKind::CallDepth);
    survives(stage, |stage| one(stage, "trap_call_depth", vec![], reason))
}

pub fn a_table_bomb(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| one(stage, "grows_table", vec![], DONE))
}

pub fn endless_loops_on_every_core(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let cores = stage.kernel.scheduler().core_count();
        let loops: Vec<_> =
            (0..2 * cores).map(|_| stage.main("forever", vec![])).collect::<Result<_, _>>()?;
        let peer = stage.main("burn_short", vec![])?;
        stage.ends(&peer, DONE)?;
        for endless in &loops {
            endless.kill();
            stage.ends(endless, EndReason::Killed)?;
        }
        Ok(())
    })
}

/// It spawns until the machine has no more, for ever; taking the spawner back ends all of it.
pub fn a_fork_bomb(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let spawner = authority(ObjectKind::Spawner)?;
        let kernel = stage.kernel.clone();
        let before = kernel.registry().living();
        let first = stage.main("forks", vec![spawner.derive(Rights::ALL, 0)?])?;
        stage.until("there are many", || kernel.registry().living() > before + 40)?;
        Subtree::of(&spawner, Scope::Below)?.revoke(&kernel, || {})?;
        stage.end_of(&first)?;
        stage.until("all have ended", || kernel.registry().living() == before)
    })
}

/// Twice, and by handles that are no reply's.
pub fn replies_that_are_none(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let door = endpoint(1)?;
        let server = stage.main("replies_again", vec![door.derive(Rights::ALL, 0)?])?;
        one(stage, "calls_once", vec![door.derive(Rights::SEND, 0)?], DONE)?;
        stage.ends(&server, DONE)
    })
}

pub fn an_endpoint_closed_under_its_waiters(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let door = endpoint(1)?;
        let queue = endpoint_of(&door)?;
        let queued = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
        stage.until("its call is queued", || queue.counters().queued == 1)?;
        let sender = stage.main("tells", vec![door.derive(Rights::SEND, 1)?])?;
        let caller = stage.main("tells", vec![door.derive(Rights::SEND, 0)?])?;
        stage.until("both wait in line", || queue.counters().blocked == 2)?;
        drop(door);
        stage.ends(&queued, refused(Error::PeerDead))?;
        stage.ends(&sender, refused(Error::Closed))?;
        stage.ends(&caller, refused(Error::Closed))?;
        check!(queue.counters().balance(), "messages are unaccounted for: {:?}", queue.counters());
        Ok(())
    })
}

/// As a draft, right after it was spawned, running, in each way to block, at rest, held back.
pub fn kills_in_every_state(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let awaited = stage.main("forever", vec![])?;
        let mut victims = Vec::new();
        for (way, kept, rights, badge) in every_way_to_block(&awaited)? {
            let actor = stage.main("tells", vec![kept.derive(rights, badge)?])?;
            stage.until(way, || waits(&actor))?;
            victims.push((actor, Some(kept)));
        }
        let resting = stage.actor("adder", Shape::Handler, Priority::Normal, vec![endpoint(1)?])?;
        stage.until("it rests", || resting.gate().is_waiting())?;
        let held = stage.main("forever", vec![])?;
        held.suspend();
        stage.until("it is held back", || held.is_aside())?;
        let draft =
            Spawn { begin: Begin::WhenResumed, ..request("forever", Shape::Main, Priority::Normal, vec![]) };
        let draft = spawn(&stage.kernel, draft)?;
        let new = stage.main("forever", vec![])?;
        victims.extend([resting, held, draft, new, awaited].map(|actor| (actor, None)));
        for (victim, _) in &victims {
            victim.kill();
        }
        for (victim, _) in &victims {
            stage.ends(victim, EndReason::Killed)?;
        }
        Ok(())
    })
}

/// With every stack held: handlers that have been called, and of whom none has one. They end with the first that comes
/// back, one behind the other, and what they were sent goes.
pub fn kills_in_line_for_a_stack(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let kernel = stage.kernel.clone();
        // Whoever ended last gives his back a moment later.
        stage.until("all stacks are back", || kernel.scheduler().stacks().figures().lent == 0)?;
        let (silent, mut holders) = (endpoint(1)?, Vec::new());
        for _ in 0..kernel.config().stacks_max - RESERVE {
            holders.push(stage.main("receives_once", vec![silent.derive(Rights::ALL, 0)?])?);
        }
        stage.until("all stacks are held", || holders.iter().all(waits))?;
        let mut line = Vec::new();
        for _ in 0..3 {
            let door = endpoint(1)?;
            let server =
                stage.actor("adder", Shape::Handler, Priority::Normal, vec![door.derive(Rights::ALL, 0)?])?;
            endpoint_of(&door)?.send(by_kernel(&server), &mut Some(Message::default()), Instant::ZERO)?;
            line.push((server, door));
        }
        // Nobody can be started to pass the time with.
        for _ in 0..200 {
            (stage.run)();
        }
        line.iter().for_each(|(server, _)| server.kill());
        check!(
            line.iter().all(|(server, _)| server.tally().turns.load(Ordering::Relaxed) == 0),
            "one has run"
        );
        let Some(holder) = holders.pop() else { return Err(failure(format_args!("no stack was held"))) };
        holder.kill();
        stage.ends(&holder, EndReason::Killed)?;
        for (server, door) in &line {
            stage.ends(server, EndReason::Killed)?;
            check!(server.tally().messages_in.load(Ordering::Relaxed) == 0, "it was served");
            drop(endpoint_of(door)?.recv(by_kernel(server), 0, Instant::ZERO)?);
            check!(endpoint_of(door)?.counters().balance(), "messages are unaccounted for");
        }
        holders.iter().for_each(|holder| holder.kill());
        holders.iter().try_for_each(|holder| stage.ends(holder, EndReason::Killed))
    })
}

/// One supervisor over another over a server. The middle one crashes while its server rests, at each moment of starting
/// it again, and by giving it up: what it started ends with it, and the one above brings all of it back.
pub fn a_supervisors_own_crash(stage: &mut Stage<'_>) -> Verdict {
    survives(stage, |stage| {
        let before = stage.kernel.registry().living();
        let (spawner, door) = (authority(ObjectKind::Spawner)?, endpoint(4)?);
        let upper =
            stage.main("oversees", vec![spawner.derive(Rights::ALL, 0)?, door.derive(Rights::ALL, 0)?])?;
        for moment in 0..6 {
            let [lower, server] = supervised(stage, &door, before + 3)?;
            server.kill();
            for _ in 0..moment * 4 {
                (stage.run)();
            }
            lower.kill();
            stage.ends(&lower, EndReason::Killed)?;
            let [lower, server] = supervised(stage, &door, before + 3)?;
            is_answered(stage, &door)?;
            lower.kill();
            stage.ends(&lower, EndReason::Killed)?;
            stage.ends(&server, EndReason::Orphaned)?;
        }
        gives_up(stage, &door, before + 3)?;
        let [lower, server] = supervised(stage, &door, before + 3)?;
        is_answered(stage, &door)?;
        upper.kill();
        stage.ends(&upper, EndReason::Killed)?;
        stage.ends(&lower, EndReason::Orphaned)?;
        stage.ends(&server, EndReason::Orphaned)?;
        check!(stage.kernel.registry().living() == before, "somebody is left");
        Ok(())
    })
}

/// The server ends as often as its supervisor, which fails by that, starts it.
fn gives_up(stage: &mut Stage<'_>, door: &Capability, living: usize) -> Verdict {
    let [first, _] = supervised(stage, door, living)?;
    for _ in 0..3 {
        let [lower, server] = supervised(stage, door, living)?;
        check!(Arc::ptr_eq(&lower, &first), "the supervisor has ended too early");
        server.kill();
        stage.ends(&server, EndReason::Killed)?;
    }
    stage.ends(&first, EndReason::Fault(FaultKind::Unreachable))
}

/// The supervisor and the server of the moment, once so many actors live and the server rests.
fn supervised(stage: &mut Stage<'_>, door: &Capability, living: usize) -> Result<[Arc<Actor>; 2], Failure> {
    let (kernel, queue) = (stage.kernel.clone(), endpoint_of(door)?);
    let mut found = None;
    stage.until("a supervisor and its server are there", || {
        let mut all = core::iter::successors(kernel.registry().next_from(0), |(place, _)| {
            kernel.registry().next_from(place + 1)
        });
        let lower = all.clone().find(|(_, actor)| actor.profile().name.as_str() == "supervises");
        let serves = |actor: &Actor| actor.own_endpoint().is_some_and(|(own, _)| Arc::ptr_eq(own, &queue));
        let server = all.find(|(_, actor)| serves(actor) && actor.gate().is_waiting());
        found = lower.zip(server).map(|((_, lower), (_, server))| [lower, server]);
        found.is_some() && kernel.registry().living() == living
    })?;
    found.ok_or(failure(format_args!("nobody supervises")))
}
