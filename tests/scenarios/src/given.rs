//! Actors of modules that are none of the image's.

use crate::stage::{Stage, authority, failure, request};
use crate::{Failure, Verdict, check};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use tessera_abi::{EndReason, FaultKind, ObjectKind, Priority, Shape};
use tessera_core::actor::spawn::{Spawn, spawn};
use tessera_core::actor::{Actor, Code};

/// The request for an actor that is called after a module of the image, and given another one's bytes.
fn given(stage: &Stage<'_>, called: &str, module: &str) -> Result<Spawn, Failure> {
    let bytes = stage.kernel.image().module(module).unwrap_or_default();
    check!(!bytes.is_empty(), "no module {module} in the image");
    let code = Some(Box::new(Code::new(bytes.to_vec(), None)));
    let request = request(called, Shape::Main, Priority::Normal, vec![]);
    Ok(Spawn { code, charge_max_bytes: request.charge_max_bytes + (1 << 20), ..request })
}

fn spawned(stage: &Stage<'_>, request: Spawn) -> Result<Arc<Actor>, Failure> {
    Ok(spawn(&stage.kernel, request)?)
}

/// From its own memory and from a region; damaged ones end as the image's do.
pub fn an_actor_starts_what_it_carries(stage: &mut Stage<'_>) -> Verdict {
    let before = khal::runs::held_frames();
    let caps = vec![authority(ObjectKind::Spawner)?, authority(ObjectKind::Factory)?];
    let actor = stage.main("carries", caps)?;
    stage.ends(&actor, EndReason::Exited(0))?;
    check!(stage.kernel.leaks() == 0, "an actor left charged memory behind");
    check!(khal::runs::held_frames() == before, "the region's frames are still held");
    Ok(())
}

/// An actor runs what it was given, whatever it is called, and the image's module of that name stays what it is.
pub fn what_is_given_and_what_is_listed_are_kept_apart(stage: &mut Stage<'_>) -> Verdict {
    let parsed = stage.kernel.modules().parsed();
    for called in ["nothing", "no_such_module"] {
        let actor = spawned(stage, given(stage, called, "exit_seven")?)?;
        stage.ends(&actor, EndReason::Exited(7))?;
        check!(actor.meter().live() == 0, "{} allocations left", actor.meter().live());
    }
    let broken = spawned(stage, given(stage, "nothing", "bad_truncated")?)?;
    stage.ends(&broken, EndReason::Fault(FaultKind::MalformedModule))?;
    check!(stage.kernel.modules().parsed() == parsed, "what was given is kept");
    let other = stage.main("nothing", vec![])?;
    stage.ends(&other, EndReason::Exited(0))?;
    check!(stage.kernel.leaks() == 0, "an actor left charged memory behind");
    Ok(())
}

/// Of the parser too: it works in the actor's own containment.
pub fn failing_any_allocation_of_a_given_module_ends_that_actor_alone(stage: &mut Stage<'_>) -> Verdict {
    const ENOUGH: u64 = 5000;
    for n in 0..ENOUGH {
        let actor = spawned(stage, given(stage, "grows", "grows")?)?;
        actor.meter().fail_after(n);
        let end = stage.end_of(&actor)?;
        check!(actor.meter().live() == 0, "{} allocations left at n = {n}", actor.meter().live());
        match end.reason {
            EndReason::Exited(0) if actor.meter().failure_pending() => return Ok(()),
            // A refused `memory.grow` is an answer, and the module notices; some of what the parser asks for it does
            // without.
            EndReason::Fault(FaultKind::OutOfMemory) | EndReason::Exited(0 | 1) => {}
            other => return Err(failure(format_args!("n = {n}: {other:?} ({})", end.detail.as_str()))),
        }
    }
    Err(failure(format_args!("still failing at the {ENOUGH}th allocation")))
}
