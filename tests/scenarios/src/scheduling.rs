//! Who runs when.

use crate::stage::{Stage, authority, by_kernel, endpoint, endpoint_of};
use crate::{Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use khal::sync::atomic::Ordering;
use khal::time::Instant;
use tessera_abi::{ActorState, EndReason, ObjectKind, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::cap::Capability;
use tessera_core::ipc::Message;
use tessera_core::sched::stacks::RESERVE;

pub fn sleepers_never_wake_early(stage: &mut Stage<'_>) -> Verdict {
    let mut sleepers = Vec::new();
    for _ in 0..20 {
        sleepers.push(stage.main("sleeps", vec![authority(ObjectKind::Clock)?])?);
    }
    for sleeper in &sleepers {
        stage.ends(sleeper, EndReason::Exited(0))?;
    }
    Ok(())
}

/// A caller and its server on every core hand it to each other without end, each before its equals: those get
/// their turns all the same.
pub fn pairs_that_call_without_end_leave_their_equals_their_turns(stage: &mut Stage<'_>) -> Verdict {
    let (mut pairs, mut doors) = (Vec::new(), Vec::new());
    for _ in 0..stage.kernel.scheduler().core_count() {
        let door = endpoint(1)?;
        let server = vec![door.derive(Rights::ALL, 0)?];
        pairs.push(stage.actor("adder", Shape::Handler, Priority::Normal, server)?);
        pairs.push(stage.main("adds_many", vec![door.derive(Rights::SEND, 0)?])?);
        doors.push(door);
    }
    let calls = |door: &Capability| endpoint_of(door).map_or(0, |door| door.counters().delivered);
    stage.until("all pairs are at it", || doors.iter().all(|door| calls(door) > 10))?;
    let mut equals = Vec::new();
    for _ in 0..stage.kernel.scheduler().core_count() {
        equals.push(stage.main("burn_short", vec![])?);
    }
    for equal in &equals {
        stage.ends(equal, EndReason::Exited(0))?;
    }
    check!(doors.iter().any(|door| calls(door) < 20_000), "they had to wait for all pairs to end");
    for actor in &pairs {
        actor.kill();
        stage.end_of(actor)?;
    }
    Ok(())
}

pub fn many_actors_all_get_done(stage: &mut Stage<'_>) -> Verdict {
    let mut actors = Vec::new();
    for turn in 0..60 {
        let module = if turn % 3 == 0 { "yielder" } else { "burn_short" };
        actors.push(stage.main(module, vec![])?);
    }
    for actor in &actors {
        stage.ends(actor, EndReason::Exited(0))?;
    }
    check!(stage.kernel.registry().living() == 0, "an ended actor is still listed");
    Ok(())
}

/// An endless actor of every higher priority on every core, and one of the lowest: it gets done.
pub fn the_urgent_go_first_and_the_lowest_still_run(stage: &mut Stage<'_>) -> Verdict {
    let mut endless = Vec::new();
    for priority in [Priority::Critical, Priority::High, Priority::Normal] {
        for _ in 0..stage.kernel.scheduler().core_count() {
            endless.push(stage.actor("forever", Shape::Main, priority, vec![])?);
        }
    }
    // Counted in turns, each a slice: on a busy host the time of one says little.
    let turns = |priority: Priority| {
        let of_it = endless.iter().filter(|actor| actor.profile().priority == priority);
        of_it.map(|actor| actor.tally().turns.load(Ordering::Relaxed)).sum::<u64>()
    };
    // While their module is parsed nobody is in the way of the lowest.
    stage.until("all of them have begun", || {
        endless.iter().all(|actor| actor.tally().turns.load(Ordering::Relaxed) > 1)
    })?;
    let low = stage.actor("burn_short", Shape::Main, Priority::Low, vec![])?;
    stage.ends(&low, EndReason::Exited(0))?;
    let (critical, high, normal) =
        (turns(Priority::Critical), turns(Priority::High), turns(Priority::Normal));
    for actor in &endless {
        actor.kill();
    }
    for actor in &endless {
        stage.ends(actor, EndReason::Killed)?;
    }
    check!(
        critical > high && critical > normal,
        "critical had {critical} turns, high {high}, normal {normal}"
    );
    Ok(())
}

/// The workload that lost wakes in one of the systems before (SEEDS, 002): one feeder, eight consumers, 200 times
/// 32 messages, each handed over without a queue.
pub fn no_wake_is_lost_between_a_feeder_and_eight_consumers(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(0)?;
    let mut consumers = Vec::new();
    for _ in 0..8 {
        consumers.push(stage.main("eats", vec![door.derive(Rights::ALL, 0)?])?);
    }
    let feeder = stage.main("feeds", vec![door.derive(Rights::SEND, 0)?])?;
    for actor in consumers.iter().chain([&feeder]) {
        stage.ends(actor, EndReason::Exited(0))?;
    }
    let counters = endpoint_of(&door)?.counters();
    check!(counters.delivered == 200 * 32 && counters.balance(), "{counters:?}");
    Ok(())
}

/// More handlers than there are kernel stacks have a message at once, and hold a stack while they
/// work on it: they wait for their turn and all are served.
pub fn more_handlers_than_stacks_are_all_served(stage: &mut Stage<'_>) -> Verdict {
    let handlers = stage.kernel.config().stacks_max * 2;
    let mut servers = Vec::new();
    for _ in 0..handlers {
        let door = endpoint(1)?;
        let caps = vec![door.derive(Rights::ALL, 0)?, authority(ObjectKind::Clock)?];
        let server = stage.actor("naps", Shape::Handler, Priority::Normal, caps)?;
        endpoint_of(&door)?.send(by_kernel(&server), &mut Some(Message::default()), Instant::ZERO)?;
        servers.push(server);
    }
    let served = |server: &Arc<Actor>| server.tally().messages_in.load(Ordering::Relaxed) == 1;
    stage.until("all are served", || servers.iter().all(served))?;
    let figures = stage.kernel.scheduler().stacks().figures();
    check!(figures.high_water < handlers, "{figures:?}: there was a stack for everybody");
    for server in &servers {
        server.kill();
        stage.ends(server, EndReason::Killed)?;
    }
    Ok(())
}

/// Main actors hold every stack but the reserve: an urgent handler answers from the reserve again and
/// again, an ordinary one waits in line and is served by the first stack outside it that comes back.
pub fn the_reserve_serves_the_urgent_while_others_wait_in_line(stage: &mut Stage<'_>) -> Verdict {
    let silent = endpoint(1)?;
    let mut holders = Vec::new();
    for _ in 0..stage.kernel.config().stacks_max - RESERVE {
        holders.push(stage.main("receives_once", vec![silent.derive(Rights::ALL, 0)?])?);
    }
    stage.until("all hold a stack", || holders.iter().all(|one| one.state() == ActorState::Blocked))?;
    let (to_ordinary, to_urgent) = (endpoint(16)?, endpoint(16)?);
    let handler = |door: &Capability, priority| {
        let caps = vec![door.derive(Rights::ALL, 0)?, authority(ObjectKind::Clock)?];
        stage.actor("naps", Shape::Handler, priority, caps)
    };
    let ordinary = handler(&to_ordinary, Priority::Normal)?;
    let urgent = handler(&to_urgent, Priority::High)?;
    let send = |to: &Capability, from: &Arc<Actor>| {
        let sent = endpoint_of(to)?.send(by_kernel(from), &mut Some(Message::default()), Instant::ZERO);
        sent.map_err(crate::Failure::from)
    };
    let served = |server: &Arc<Actor>| server.tally().messages_in.load(Ordering::Relaxed);
    send(&to_ordinary, &ordinary)?;
    for turn in 1..=10 {
        send(&to_urgent, &urgent)?;
        stage.until("the urgent is served", || served(&urgent) == turn)?;
    }
    check!(served(&ordinary) == 0 && ordinary.meter().live() == 0, "an ordinary handler took of the reserve");
    for (at, holder) in holders.iter().enumerate() {
        holder.kill();
        stage.ends(holder, EndReason::Killed)?;
        if at == 0 {
            stage.until("the ordinary is served too", || served(&ordinary) == 1)?;
        }
    }
    for server in [&ordinary, &urgent] {
        server.kill();
        stage.ends(server, EndReason::Killed)?;
    }
    Ok(())
}

/// Who answers goes on running, but not past somebody above it: on one core the order shows.
pub fn an_answer_lets_a_more_urgent_caller_run_at_once(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("answers_then_burns", Shape::Main, Priority::Low, caps)?;
    stage.until("it waits", || server.state() == ActorState::Blocked && server.gate().is_waiting())?;
    let caps = vec![door.derive(Rights::SEND, 0)?];
    let client = stage.actor("calls_once", Shape::Main, Priority::High, caps)?;
    let (client, server) = (stage.end_of(&client)?, stage.end_of(&server)?);
    check!(client.reason == EndReason::Exited(0), "the client ended: {:?}", client.reason);
    let first = client.time_ns <= server.time_ns;
    check!(first || khal::cpu::count() > 1, "the server ran on past the caller that it had answered");
    Ok(())
}
