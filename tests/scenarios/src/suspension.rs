//! Actors that are held back, and drafts.

use crate::revocation::{every_way_to_block, waits};
use crate::stage::{Stage, authority, by_kernel, endpoint, endpoint_of, notification, request};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use khal::sync::atomic::Ordering;
use khal::time::Instant;
use tessera_abi::{ActorState, EndReason, Error, ObjectKind, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::actor::spawn::{Begin, Spawn, spawn};
use tessera_core::cap::{Capability, Object, Pass};
use tessera_core::ipc::Message;
use tessera_core::sched::stacks::RESERVE;

/// How a module ends that found everything as it should be.
const DONE: EndReason = EndReason::Exited(0);

fn turns(actor: &Arc<Actor>) -> u64 {
    actor.tally().turns.load(Ordering::Relaxed)
}

fn aside(stage: &mut Stage<'_>, actor: &Arc<Actor>) -> Verdict {
    stage.until("it is aside", || actor.is_aside())?;
    check!(actor.state() == ActorState::Suspended, "it shows as {:?}", actor.state());
    Ok(())
}

/// Lets others run for a while.
fn meanwhile(stage: &mut Stage<'_>) -> Verdict {
    let busy = stage.main("burn_short", vec![])?;
    stage.ends(&busy, DONE)
}

fn resting_handler(stage: &mut Stage<'_>) -> Result<(Arc<Actor>, Capability), Failure> {
    let door = endpoint(4)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let handler = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
    stage.until("it rests", || handler.state() == ActorState::Idle && handler.gate().is_waiting())?;
    Ok((handler, door))
}

fn draft(stage: &Stage<'_>, module: &str) -> Result<Arc<Actor>, Failure> {
    let request = request(module, Shape::Main, Priority::Normal, vec![]);
    Ok(spawn(&stage.kernel, Spawn { begin: Begin::WhenResumed, ..request })?)
}

pub fn a_suspended_loop_gets_no_core_until_it_is_resumed(stage: &mut Stage<'_>) -> Verdict {
    let actor = stage.main("forever", vec![])?;
    stage.until("it runs", || turns(&actor) > 2)?;
    actor.suspend();
    actor.suspend();
    aside(stage, &actor)?;
    let before = turns(&actor);
    meanwhile(stage)?;
    check!(turns(&actor) == before, "it ran while it was suspended");
    actor.resume();
    stage.until("it runs again", || turns(&actor) > before + 2)?;
    actor.resume();
    actor.kill();
    stage.ends(&actor, EndReason::Killed)
}

/// A message, a signal and a deadline come to whoever is suspended in the wait for them.
pub fn a_wait_that_ends_meanwhile_is_told_after_the_resume(stage: &mut Stage<'_>) -> Verdict {
    let (door, bell) = (endpoint(1)?, notification()?);
    let receiver = stage.main("receives_once", vec![door.derive(Rights::ALL, 0)?])?;
    let awaiter = stage.main("awaits_bits", vec![bell.derive(Rights::ALL, 0)?])?;
    let sleeper = stage.main("naps_once", vec![authority(ObjectKind::Clock)?])?;
    let all = [&receiver, &awaiter, &sleeper];
    stage.until("they wait", || all.iter().all(|one| waits(one)))?;
    all.iter().for_each(|one| one.suspend());
    endpoint_of(&door)?.send(by_kernel(&sleeper), &mut Some(Message::default()), Instant::ZERO)?;
    if let Object::Notification(bits) = bell.object() {
        bits.signal(&Pass::KERNEL, 5)?;
    }
    for one in all {
        aside(stage, one)?;
    }
    meanwhile(stage)?;
    check!(all.iter().all(|one| !one.end().has_come()), "one went on while it was suspended");
    check!(endpoint_of(&door)?.counters().delivered == 1, "the message is not where it was delivered to");
    for one in all {
        one.resume();
        stage.ends(one, DONE)?;
    }
    Ok(())
}

pub fn a_suspended_handler_is_called_in_vain_and_borrows_no_stack(stage: &mut Stage<'_>) -> Verdict {
    let (handler, door) = resting_handler(stage)?;
    handler.suspend();
    let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
    aside(stage, &handler)?;
    stage.until("the client waits", || waits(&client))?;
    let figures = stage.kernel.scheduler().stacks().figures();
    check!(figures.lent == 1, "{figures:?}: more than the client holds a stack");
    let counters = endpoint_of(&door)?.counters();
    check!(counters.queued == 1 && counters.balance(), "{counters:?}");
    handler.resume();
    stage.ends(&client, DONE)?;
    handler.kill();
    stage.ends(&handler, EndReason::Killed)
}

/// One stack comes back, and whoever it is kept for has been suspended in line: the next in line gets it.
pub fn whoever_is_suspended_in_line_for_a_stack_lets_others_by(stage: &mut Stage<'_>) -> Verdict {
    let silent = endpoint(1)?;
    let mut holders = Vec::new();
    for _ in 0..stage.kernel.config().stacks_max - RESERVE {
        holders.push(stage.main("receives_once", vec![silent.derive(Rights::ALL, 0)?])?);
    }
    stage.until("all stacks are held", || holders.iter().all(waits))?;
    let mut doors = Vec::new();
    let mut line = Vec::new();
    for _ in 0..4 {
        let door = endpoint(1)?;
        let caps = vec![door.derive(Rights::ALL, 0)?, authority(ObjectKind::Clock)?];
        let server = stage.actor("naps", Shape::Handler, Priority::Normal, caps)?;
        endpoint_of(&door)?.send(by_kernel(&server), &mut Some(Message::default()), Instant::ZERO)?;
        doors.push(door);
        line.push(server);
    }
    meanwhile_without_a_stack(stage);
    line.iter().take(3).for_each(|server| server.suspend());
    let served = |server: &Arc<Actor>| server.tally().messages_in.load(Ordering::Relaxed) == 1;
    if let Some(holder) = holders.pop() {
        holder.kill();
        stage.ends(&holder, EndReason::Killed)?;
    }
    stage.until("the one behind them is served", || line.last().is_some_and(served))?;
    check!(line.iter().take(3).all(|server| !served(server)), "a suspended one was served");
    line.iter().for_each(|server| server.resume());
    stage.until("so are the others, once resumed", || line.iter().all(served))?;
    for actor in line.iter().chain(&holders) {
        actor.kill();
        stage.ends(actor, EndReason::Killed)?;
    }
    Ok(())
}

/// Where every stack is taken, nobody can be started to pass the time with.
fn meanwhile_without_a_stack(stage: &mut Stage<'_>) {
    for _ in 0..200 {
        (stage.run)();
    }
}

pub fn the_suspended_are_killed_in_every_state(stage: &mut Stage<'_>) -> Verdict {
    let awaited = stage.main("forever", vec![])?;
    let mut all = Vec::new();
    let mut kept = Vec::new();
    for (way, from, rights, badge) in every_way_to_block(&awaited)? {
        let actor = stage.main("tells", vec![from.derive(rights, badge)?])?;
        stage.until(way, || waits(&actor))?;
        all.push(actor);
        kept.push(from);
    }
    let looping = stage.main("forever", vec![])?;
    stage.until("it runs", || turns(&looping) > 2)?;
    let (resting, _door) = resting_handler(stage)?;
    let (called, its_door) = resting_handler(stage)?;
    all.extend([
        looping,
        resting,
        called.clone(),
        stage.main("burn_long", vec![])?,
        draft(stage, "nothing")?,
    ]);
    all.iter().for_each(|actor| actor.suspend());
    endpoint_of(&its_door)?.send(by_kernel(&called), &mut Some(Message::default()), Instant::ZERO)?;
    aside(stage, &called)?;
    meanwhile(stage)?;
    for actor in &all {
        let held = matches!(actor.state(), ActorState::Suspended | ActorState::Draft);
        check!(held, "{actor:?} shows as {:?}", actor.state());
        actor.kill();
        actor.suspend();
        stage.ends(actor, EndReason::Killed)?;
    }
    for queue in kept.iter().filter_map(|from| endpoint_of(from).ok()) {
        check!(queue.counters().balance(), "{:?}", queue.counters());
    }
    awaited.kill();
    stage.ends(&awaited, EndReason::Killed)
}

pub fn a_draft_begins_when_it_is_resumed(stage: &mut Stage<'_>) -> Verdict {
    let actor = draft(stage, "exit_seven")?;
    meanwhile(stage)?;
    check!(turns(&actor) == 0 && actor.state() == ActorState::Draft, "a draft has begun");
    actor.resume();
    stage.ends(&actor, EndReason::Exited(7))?;
    let never = draft(stage, "exit_seven")?;
    never.kill();
    stage.ends(&never, EndReason::Killed)
}

pub fn suspending_needs_the_right(stage: &mut Stage<'_>) -> Verdict {
    let victim = stage.main("forever", vec![])?;
    let all = Capability::first(Object::Actor(victim.clone()))?;
    let meddler = stage.main("meddles", vec![all.derive(Rights::ALL.without(Rights::SUSPEND), 0)?])?;
    stage.ends(&meddler, EndReason::Exited(Error::MissingRight as i32))?;
    check!(victim.state() != ActorState::Suspended, "it was suspended nevertheless");
    victim.kill();
    stage.ends(&victim, EndReason::Killed)
}

/// On every core somebody suspends and resumes, in twos, those who give way, call, and are called all the time.
pub fn suspend_and_resume_on_every_core_lose_nobody(stage: &mut Stage<'_>) -> Verdict {
    let mut victims = Vec::new();
    for _ in 0..stage.kernel.scheduler().core_count() {
        let (server, door) = resting_handler(stage)?;
        let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
        victims.extend([(server, false), (client, true), (stage.main("yielder", vec![])?, true)]);
    }
    let mut meddlers = Vec::new();
    for (victim, _) in &victims {
        for _ in 0..2 {
            let named = Capability::first(Object::Actor(victim.clone()))?;
            meddlers.push(stage.main("meddles", vec![named])?);
        }
    }
    for meddler in &meddlers {
        stage.ends(meddler, DONE)?;
    }
    for (victim, ends) in &victims {
        if *ends {
            stage.ends(victim, DONE)?;
        }
    }
    for (server, _) in victims.iter().filter(|(_, ends)| !ends) {
        server.kill();
        stage.ends(server, EndReason::Killed)?;
    }
    Ok(())
}
