//! Actors that go wrong, and what is left of them.

use crate::inventory::{Inventory, settle};
use crate::stage::{Stage, authority, endpoint, failure};
use crate::{Verdict, check};
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{EndReason, FaultKind, ObjectKind, Priority, Rights, Shape};

const TRAPS: &[(&str, FaultKind)] = &[
    ("trap_unreachable", FaultKind::Unreachable),
    ("trap_memory_out_of_bounds", FaultKind::MemoryOutOfBounds),
    ("trap_divide_by_zero", FaultKind::DivideByZero),
    ("trap_integer_overflow", FaultKind::IntegerOverflow),
    ("trap_bad_conversion", FaultKind::BadConversion),
    ("trap_null_element", FaultKind::NullElement),
    ("trap_table_out_of_bounds", FaultKind::TableOutOfBounds),
    ("trap_signature_mismatch", FaultKind::SignatureMismatch),
    ("trap_call_depth", FaultKind::CallDepth),
];

pub fn every_trap_ends_its_actor_alone(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let neighbour = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
    for (module, kind) in TRAPS {
        let actor = stage.main(module, vec![])?;
        stage.ends(&actor, EndReason::Fault(*kind))?;
        let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
        stage.ends(&client, EndReason::Exited(0))?;
    }
    check!(neighbour.end().record().is_none(), "a neighbour ended too");
    neighbour.kill();
    stage.ends(&neighbour, EndReason::Killed)
}

pub fn bad_modules_say_what_is_wrong(stage: &mut Stage<'_>) -> Verdict {
    for (module, kind, part) in [
        ("bad_unknown_import", FaultKind::UnknownImport, "format_disk"),
        ("bad_signature", FaultKind::WrongSignature, "exit"),
        ("bad_no_entry", FaultKind::NoEntryPoint, "_start"),
        ("bad_truncated", FaultKind::MalformedModule, ""),
    ] {
        let actor = stage.main(module, vec![])?;
        stage.ends(&actor, EndReason::Fault(kind))?;
        let end = stage.end_of(&actor)?;
        let told = end.detail.as_str();
        check!(!told.is_empty() && told.contains(part), "{module}: `{told}` does not name `{part}`");
    }
    Ok(())
}

pub fn a_panic_arrives_with_its_message(stage: &mut Stage<'_>) -> Verdict {
    let actor = stage.main("panics", vec![])?;
    stage.ends(&actor, EndReason::Fault(FaultKind::ActorPanic))?;
    let end = stage.end_of(&actor)?;
    check!(end.detail.as_str() == "the disk is gone at src/disk.rs:12:5", "`{}`", end.detail.as_str());
    Ok(())
}

pub fn memory_grows_to_its_maximum_and_not_past_it(stage: &mut Stage<'_>) -> Verdict {
    let actor = stage.main("grows", vec![])?;
    stage.ends(&actor, EndReason::Exited(0))
}

/// Wherever the engine panics: the actor ends, all that it held comes back, and others still get answers.
pub fn an_engine_that_panics_costs_one_actor(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let server =
        stage.actor("adder", Shape::Handler, Priority::Normal, vec![door.derive(Rights::ALL, 0)?])?;
    for module in ["flaw_load", "flaw_instantiate", "flaw_activate", "flaw_midway"] {
        // Twice: a module whose parse has panicked is known to be bad.
        for _ in 0..2 {
            let actor = stage.main(module, vec![])?;
            stage.ends(&actor, EndReason::Fault(FaultKind::EnginePanic))?;
            let end = stage.end_of(&actor)?;
            check!(end.detail.as_str().contains("planted"), "{module}: `{}`", end.detail.as_str());
            check!(actor.meter().live() == 0, "{module}: {} allocations left", actor.meter().live());
        }
        let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
        stage.ends(&client, EndReason::Exited(0))?;
    }
    check!(stage.kernel.leaks() == 0, "an actor left charged memory behind");
    check!(khal::thread::abandoned() == 0, "a stack was abandoned");
    server.kill();
    stage.ends(&server, EndReason::Killed)
}

/// Fails the n-th allocation that is charged to an actor, for every n until one gets through.
pub fn failing_any_allocation_ends_that_actor_alone(stage: &mut Stage<'_>) -> Verdict {
    const ENOUGH: u64 = 5000;
    for n in 0..ENOUGH {
        // Parse anew each time: allocations of the parser fail too, on the module's meter.
        check!(stage.kernel.modules().forget("grows"), "the module is still in use");
        if let Some(meter) = stage.kernel.modules().meter("grows") {
            meter.fail_after(n);
        }
        let actor = stage.main("grows", vec![])?;
        actor.meter().fail_after(n);
        let end = stage.end_of(&actor)?;
        check!(actor.meter().live() == 0, "{} allocations left at n = {n}", actor.meter().live());
        let through = !actor.meter().failure_pending();
        match end.reason {
            EndReason::Fault(FaultKind::OutOfMemory) => {}
            // A refused `memory.grow` is an answer, and the module notices.
            EndReason::Exited(1) => {}
            EndReason::Exited(0) if !through => {
                return disarm(stage, "grows");
            }
            other => return Err(failure(format_args!("n = {n}: {other:?} ({})", end.detail.as_str()))),
        }
    }
    Err(failure(format_args!("still failing at the {ENOUGH}th allocation")))
}

fn disarm(stage: &mut Stage<'_>, module: &str) -> Verdict {
    if let Some(meter) = stage.kernel.modules().meter(module) {
        meter.fail_after(u64::MAX);
    }
    Ok(())
}

pub fn nothing_is_left_behind_after_many_rounds(stage: &mut Stage<'_>) -> Verdict {
    let mut after_ten: Option<Inventory> = None;
    // A stack's frames stay with the stacks for good, so have as many as a round could ever hold.
    drop((0..16).map(|_| khal::thread::Stack::allocate()).collect::<Vec<_>>());
    for number in 1..=stage.rounds {
        round(stage)?;
        check!(stage.kernel.leaks() == 0, "round {number}: an actor left charged memory behind");
        check!(khal::thread::abandoned() == 0, "round {number}: a stack was abandoned");
        let kernel = stage.kernel.clone();
        stage.until("all stacks are back", || kernel.scheduler().stacks().figures().lent == 0)?;
        if number < 10 {
            continue;
        }
        match after_ten {
            None => after_ten = Some(settle(stage)?),
            Some(then) => then.comes_back(stage).map_err(|found| {
                failure(format_args!("round {number}, after round 10: {}", found.0.as_str()))
            })?,
        }
    }
    Ok(())
}

fn round(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(2)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
    let broken = stage.main("grows", vec![])?;
    broken.meter().fail_after(3);
    let actors = [
        broken,
        stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?,
        stage.main("trap_unreachable", vec![])?,
        stage.main("panics", vec![authority(ObjectKind::Log)?])?,
        stage.main("fills_table", vec![authority(ObjectKind::Factory)?])?,
    ];
    for actor in &actors {
        stage.end_of(actor)?;
    }
    let endless = stage.main("forever", vec![])?;
    let late = stage.main("receives_once", vec![endpoint(1)?])?;
    let holder = stage.main("holds_regions", vec![authority(ObjectKind::Factory)?, endpoint(1)?])?;
    for actor in [&endless, &late, &server, &holder] {
        // Whoever is killed before it starts does not parse its module; all rounds shall be alike.
        stage.until("it has its memory", || actor.meter().live() > 0)?;
        actor.kill();
        stage.ends(actor, EndReason::Killed)?;
    }
    Ok(())
}
