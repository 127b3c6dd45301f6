//! How actors begin and end.

use crate::revocation::waits;
use crate::stage::{Stage, authority, endpoint, failure, notification, request};
use crate::{Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use khal::time::Instant;
use tessera_abi::{ActorState, EndReason, Error, FaultKind, ObjectKind, Priority, Rights, Shape};
use tessera_core::actor::end::SIGNALS_MAX;
use tessera_core::actor::spawn::spawn;
use tessera_core::actor::{Actor, EndSignal};
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Object, Pass, Scope};

pub fn a_main_actor_that_returns_exits_with_zero(stage: &mut Stage<'_>) -> Verdict {
    let actor = stage.main("nothing", vec![])?;
    stage.ends(&actor, EndReason::Exited(0))
}

pub fn exit_ends_with_the_code(stage: &mut Stage<'_>) -> Verdict {
    let actor = stage.main("exit_seven", vec![])?;
    stage.ends(&actor, EndReason::Exited(7))
}

pub fn an_unknown_module_is_refused_at_spawn(stage: &mut Stage<'_>) -> Verdict {
    let refused = spawn(&stage.kernel, request("no_such_module", Shape::Main, Priority::Normal, vec![]));
    check!(refused.err() == Some(Error::NotFound), "an actor of a module that is not there was made");
    Ok(())
}

pub fn a_handler_needs_an_endpoint_to_receive_from(stage: &mut Stage<'_>) -> Verdict {
    let send_only = endpoint(1)?.derive(Rights::SEND, 0)?;
    for caps in [vec![], vec![authority(ObjectKind::Log)?], vec![send_only]] {
        let refused = spawn(&stage.kernel, request("adder", Shape::Handler, Priority::Normal, caps));
        check!(refused.err() == Some(Error::InvalidArgument), "a handler without a mailbox was made");
    }
    check!(stage.kernel.registry().living() == 0, "a refused actor is still listed");
    Ok(())
}

pub fn an_endless_loop_is_killed(stage: &mut Stage<'_>) -> Verdict {
    killed_while_running(stage, "forever")
}

pub fn an_endless_start_function_is_killed(stage: &mut Stage<'_>) -> Verdict {
    killed_while_running(stage, "bad_start_loops")
}

pub fn a_filler_is_killed(stage: &mut Stage<'_>) -> Verdict {
    killed_while_running(stage, "fill_forever")
}

fn killed_while_running(stage: &mut Stage<'_>, module: &str) -> Verdict {
    let actor = stage.main(module, vec![])?;
    let busy = actor.clone();
    stage.until("it has run for a while", || {
        busy.tally().cpu_ns.load(khal::sync::atomic::Ordering::Relaxed) > 1_000_000
    })?;
    check!(actor.end().record().is_none(), "an endless actor ended by itself");
    actor.kill();
    stage.ends(&actor, EndReason::Killed)
}

pub fn a_sleeper_a_receiver_and_a_caller_are_killed_where_they_wait(stage: &mut Stage<'_>) -> Verdict {
    let silent = endpoint(4)?;
    let to_silent = || silent.derive(Rights::ALL, 0);
    let caller = stage.main("calls_once", vec![to_silent()?])?;
    let waiting = endpoint(4)?;
    let receiver = stage.main("receives_once", vec![waiting.derive(Rights::ALL, 0)?])?;
    let sleeper = stage.main("takes_in_order", vec![endpoint(1)?, authority(ObjectKind::Clock)?])?;
    for actor in [caller, receiver, sleeper] {
        let waits = actor.clone();
        stage.until("it waits", || waits.state() == ActorState::Blocked && waits.gate().is_waiting())?;
        actor.kill();
        stage.ends(&actor, EndReason::Killed)?;
    }
    Ok(())
}

pub fn a_resting_handler_is_killed(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(4)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let handler = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
    stage.until("it rests", || handler.state() == ActorState::Idle && handler.gate().is_waiting())?;
    let figures = stage.kernel.scheduler().stacks().figures();
    check!(figures.lent == 0, "a resting handler holds a stack");
    handler.kill();
    stage.ends(&handler, EndReason::Killed)?;
    // Its endpoint lives on in `door`: a dead handler that stayed in its line would be kept for good.
    stage.until("nobody keeps the dead handler", || Arc::strong_count(&handler) == 1)?;
    check!(door.rights().contains(Rights::RECEIVE), "the endpoint was let go of too early");
    Ok(())
}

/// One of them parses the module, the others wait in line for it, or have not begun.
pub fn whoever_is_killed_while_its_module_loads_ends_killed(stage: &mut Stage<'_>) -> Verdict {
    let mut actors = vec![];
    for _ in 0..12 {
        actors.push(stage.main("forever", vec![])?);
    }
    for _ in 0..3 {
        (stage.run)();
    }
    for actor in &actors {
        actor.kill();
    }
    for actor in &actors {
        stage.ends(actor, EndReason::Killed)?;
    }
    Ok(())
}

pub fn a_late_waiter_still_gets_the_reason(stage: &mut Stage<'_>) -> Verdict {
    let actor = stage.main("exit_seven", vec![])?;
    stage.ends(&actor, EndReason::Exited(7))?;
    actor.kill();
    stage.ends(&actor, EndReason::Exited(7))
}

/// By the host call: the reason that was given first is the one that the end tells.
pub fn whoever_ends_an_actor_says_what_for(stage: &mut Stage<'_>) -> Verdict {
    let named = |actor: &Arc<Actor>| Capability::first(Object::Actor(actor.clone()));
    let (silent, greedy) = (stage.main("forever", vec![])?, stage.main("forever", vec![])?);
    let only_waits = named(&silent)?.derive(Rights::WAIT, 0)?;
    let caps = vec![named(&silent)?, named(&greedy)?, notification()?, only_waits];
    let ender = stage.main("ends_for_a_reason", caps)?;
    stage.ends(&ender, EndReason::Exited(0))?;
    stage.ends(&silent, EndReason::Silent)?;
    stage.ends(&greedy, EndReason::OverQuota)?;
    let last = stage.main("forever", vec![])?;
    [EndReason::Silent, EndReason::Killed, EndReason::Orphaned]
        .into_iter()
        .for_each(|why| last.kill_for(why));
    stage.ends(&last, EndReason::Silent)
}

/// By the host call: who is started in the place of one that has ended counts it, and those before it.
pub fn whoever_stands_in_for_another_counts_it(stage: &mut Stage<'_>) -> Verdict {
    let named = |actor: &Arc<Actor>| Capability::first(Object::Actor(actor.clone()));
    let (broken, alive) = (stage.main("trap_unreachable", vec![])?, stage.main("forever", vec![])?);
    stage.ends(&broken, EndReason::Fault(FaultKind::Unreachable))?;
    let may_kill = named(&broken)?.derive(Rights::KILL, 0)?;
    let (spawner, system) = (authority(ObjectKind::Spawner)?, authority(ObjectKind::System)?);
    let starter =
        stage.main("stands_in", vec![spawner, named(&broken)?, named(&alive)?, may_kill, system])?;
    let kernel = stage.kernel.clone();
    let second = || {
        let mut all = (0..8).filter_map(|place| kernel.registry().next_from(place).map(|(_, actor)| actor));
        all.find(|actor| actor.lineage().is_some_and(|line| line.restarts == 2))
    };
    stage.until("the second is made", || {
        starter.end().has_come() || (waits(&starter) && second().is_some())
    })?;
    check!(starter.end().record().is_none(), "{:?} says the step that failed", starter.end().record());
    let last = second().ok_or_else(|| failure(format_args!("the second is gone")))?;
    let Some(line) = last.lineage() else { return Ok(()) };
    let counted = (line.faults, line.before_end);
    check!(counted == (1, EndReason::Killed), "faults and the last end: {counted:?}");
    check!(![last.id(), broken.id()].contains(&line.before), "it stands in for another");
    both_end(stage, [&starter, &alive])
}

fn both_end(stage: &mut Stage<'_>, actors: [&Arc<Actor>; 2]) -> Verdict {
    actors.iter().for_each(|actor| actor.kill());
    actors.into_iter().try_for_each(|actor| stage.ends(actor, EndReason::Killed))
}

/// Slot 0 names the actor, slot 1 the notification. Several are told, also those who ask afterwards; one whose
/// notification was taken back is not, nor one who has ended, and both make room.
pub fn whoever_monitors_an_actor_is_told_of_its_end(stage: &mut Stage<'_>) -> Verdict {
    let watched = stage.main("forever", vec![])?;
    let named = Capability::first(Object::Actor(watched.clone()))?;
    let (bell, other) = (notification()?, notification()?);
    let pass = named.pass()?;
    let ask = |bell: &Capability, bits, by: Option<&Arc<Actor>>| {
        let signal = EndSignal::new(bell.derive(Rights::SIGNAL, 0)?, bits, by.cloned())?;
        watched.end().monitor((watched.tree(), &pass), signal)
    };
    let monitor = |bell: &Capability, bits| ask(bell, bits, None);
    let gone = stage.main("nothing", vec![])?;
    (0..SIGNALS_MAX).try_for_each(|_| ask(&other, 1, Some(&gone)))?;
    stage.ends(&gone, EndReason::Exited(0))?;
    for _ in 0..SIGNALS_MAX {
        monitor(&other, 1)?;
    }
    check!(monitor(&bell, 1) == Err(Error::Full), "there is no end to monitors");
    Subtree::of(&other, Scope::Below)?.revoke(&stage.kernel, || {})?;
    monitor(&bell, 1)?;
    let client = stage.main("monitors", vec![named.derive(Rights::ALL, 0)?, bell.derive(Rights::ALL, 0)?])?;
    stage.until("it waits", || client.state() == ActorState::Blocked && client.gate().is_waiting())?;
    watched.kill();
    stage.ends(&client, EndReason::Exited(0))?;
    check!(bits_of(&client, &other) == Err(Error::WouldBlock), "one was told that had been called off");
    Ok(())
}

fn bits_of(by: &Arc<Actor>, bell: &Capability) -> Result<u64, Error> {
    match bell.object() {
        Object::Notification(bell) => bell.wait(by, &Pass::KERNEL, Instant::ZERO),
        _ => Err(Error::WrongKind),
    }
}

/// An actor's own name is good to end others with it, and for nothing over itself.
pub fn whoever_names_itself_can_be_linked_to_and_no_more(stage: &mut Stage<'_>) -> Verdict {
    let other = stage.main("forever", vec![])?;
    let link = Capability::first(Object::Actor(other.clone()))?;
    let actor = stage.main("names_itself", vec![link])?;
    stage.ends(&actor, EndReason::Fault(FaultKind::Unreachable))?;
    stage.ends(&other, EndReason::Orphaned)
}

/// One that fails takes those along that are linked to it, and those linked to them; one that is done takes nobody,
/// and a link that was called off neither.
pub fn linked_actors_end_with_the_one_that_fails(stage: &mut Stage<'_>) -> Verdict {
    let named = |actor: &Arc<Actor>| Capability::first(Object::Actor(actor.clone()));
    let mut chain = vec![];
    for _ in 0..4 {
        chain.push(stage.main("forever", vec![])?);
    }
    let spared = stage.main("forever", vec![])?;
    let called_off = named(&spared)?;
    let mut links = vec![];
    for pair in chain.windows(2) {
        // The module links what is in slot 0 to what is in slot 1, and the other way round.
        if let [one, other] = pair {
            links.push(stage.main("links", vec![named(one)?, named(other)?])?);
        }
    }
    let done = stage.main("nothing", vec![])?;
    links.push(stage.main("links", vec![named(&done)?, called_off.derive(Rights::ALL, 0)?])?);
    let last = chain.last().map(named).ok_or_else(|| failure(format_args!("nobody")))??;
    links.push(stage.main("links", vec![last, called_off.derive(Rights::ALL, 0)?])?);
    for link in &links {
        stage.ends(link, EndReason::Exited(0))?;
    }
    stage.ends(&done, EndReason::Exited(0))?;
    Subtree::of(&called_off, Scope::Below)?.revoke(&stage.kernel, || {})?;
    let failed = chain.remove(1);
    failed.kill();
    stage.ends(&failed, EndReason::Killed)?;
    for actor in &chain {
        stage.ends(actor, EndReason::Orphaned)?;
    }
    check!(!spared.end().has_come(), "one ended that was not linked any more");
    spared.kill();
    stage.ends(&spared, EndReason::Killed)
}
