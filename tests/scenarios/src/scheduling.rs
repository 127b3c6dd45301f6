//! Who runs when.

use crate::stage::{Stage, authority, endpoint, endpoint_of};
use crate::{Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use khal::sync::atomic::Ordering;
use khal::time::Instant;
use tessera_abi::{EndReason, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::cap::Object;
use tessera_core::ipc::Message;

pub fn sleepers_never_wake_early(stage: &mut Stage<'_>) -> Verdict {
    let mut sleepers = Vec::new();
    for _ in 0..20 {
        sleepers.push(stage.main("sleeps", vec![authority(Object::Clock)])?);
    }
    for sleeper in &sleepers {
        stage.ends(sleeper, EndReason::Exited(0))?;
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
    let low = stage.actor("burn_short", Shape::Main, Priority::Low, vec![])?;
    stage.ends(&low, EndReason::Exited(0))?;
    let time = |priority: Priority| {
        let of_it = endless.iter().filter(|actor| actor.profile().priority == priority);
        of_it.map(|actor| actor.tally().cpu_ns.load(Ordering::Relaxed)).sum::<u64>()
    };
    let (critical, high, normal) = (time(Priority::Critical), time(Priority::High), time(Priority::Normal));
    for actor in &endless {
        actor.kill();
    }
    for actor in &endless {
        stage.ends(actor, EndReason::Killed)?;
    }
    check!(
        critical > high && critical > normal,
        "critical ran {critical} ns, high {high} ns, normal {normal} ns"
    );
    Ok(())
}

/// More handlers than there are kernel stacks have a message at once, and hold a stack while they
/// work on it: they wait for their turn and all are served.
pub fn more_handlers_than_stacks_are_all_served(stage: &mut Stage<'_>) -> Verdict {
    let handlers = stage.kernel.config().stacks_max * 2;
    let mut servers = Vec::new();
    for _ in 0..handlers {
        let door = endpoint(1)?;
        let caps = vec![door.derive(Rights::ALL, 0)?, authority(Object::Clock)];
        let server = stage.actor("naps", Shape::Handler, Priority::Normal, caps)?;
        endpoint_of(&door)?.send(&server, &mut Some(Message::default()), Instant::ZERO)?;
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
