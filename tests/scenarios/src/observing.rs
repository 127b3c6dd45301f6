//! What the machine tells about itself while it runs.

use crate::stage::{Stage, endpoint};
use crate::{Verdict, check};
use alloc::vec;
use alloc::vec::Vec;
use khal::sync::atomic::Ordering;
use tessera_abi::trace::TRACE_KEPT;
use tessera_abi::{EndReason, Priority, Rights, Shape, TraceKind, TraceRecord, TurnEnd};

fn events(stage: &Stage<'_>) -> Vec<TraceRecord> {
    let mut all = Vec::new();
    for core in 0..stage.kernel.scheduler().core_count() as u16 {
        let mut next = 0;
        // More may be noted while these are read.
        for _ in 0..TRACE_KEPT {
            let Some(event) = stage.kernel.trace().read(core, next) else { break };
            next = event.sequence + 1;
            all.push(event);
        }
    }
    all
}

/// A call and its answer are four messages' events, on whatever cores; a fault and an end are told apart; turns
/// add up to the time that the actor had.
pub fn the_trace_tells_what_happened(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    stage.kernel.trace().set(true);
    let server = stage.main("replies_again", vec![door.derive(Rights::ALL, 0)?])?;
    let client = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
    let broken = stage.main("trap_unreachable", vec![])?;
    stage.ends(&client, EndReason::Exited(0))?;
    stage.ends(&server, EndReason::Exited(0))?;
    stage.end_of(&broken)?;
    for _ in 0..50 {
        (stage.run)();
    }
    stage.kernel.trace().set(false);
    let noted = events(stage);
    let count = |actor: u64, kind: TraceKind| {
        noted.iter().filter(|event| (event.actor, event.kind) == (actor, kind)).count()
    };
    for actor in [&client, &server] {
        let id = actor.id().bits();
        let told = [TraceKind::Send, TraceKind::Receive, TraceKind::End, TraceKind::Fault]
            .map(|kind| count(id, kind));
        check!(
            told == [1, 1, 1, 0],
            "{}: {told:?} events to send, receive, end, fault",
            actor.profile().name.as_str()
        );
        let turns: Vec<_> =
            noted.iter().filter(|event| (event.actor, event.kind) == (id, TraceKind::Turn)).collect();
        let ran = turns.iter().map(|turn| turn.first).sum::<u64>();
        let had = actor.tally().cpu_ns.load(Ordering::Relaxed);
        check!(ran == had, "its turns took {ran} ns of {had}");
        let last = turns.iter().filter(|turn| turn.second == u64::from(TurnEnd::Ended.number())).count();
        check!(last == 1, "{last} of its turns were the last");
    }
    check!(count(broken.id().bits(), TraceKind::Fault) == 1, "no fault was noted");
    nothing_more_once_it_is_off(stage, &noted)
}

fn nothing_more_once_it_is_off(stage: &mut Stage<'_>, noted: &[TraceRecord]) -> Verdict {
    let late = stage.actor("burn_short", Shape::Main, Priority::Normal, vec![])?;
    stage.ends(&late, EndReason::Exited(0))?;
    let now = events(stage).len();
    check!(now == noted.len(), "{now} events, {} before it was switched off", noted.len());
    Ok(())
}
