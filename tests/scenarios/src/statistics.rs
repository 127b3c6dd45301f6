//! How long messages wait and calls take, and where actors' time goes, while that is measured.

use crate::stage::{Stage, authority, endpoint, endpoint_of};
use crate::{Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use khal::sync::atomic::Ordering;
use tessera_abi::{ActorState, EndReason, Histogram, ObjectKind, Priority, Rights, Shape};
use tessera_core::actor::{Actor, Spent};
use tessera_core::ipc::{Endpoint, Latencies};

fn measured(stage: &Stage<'_>, queue: &Arc<Endpoint>) -> Latencies {
    queue.latencies(stage.kernel.stats().period())
}

fn in_order(what: &str, histogram: &Histogram) -> Verdict {
    let told = [0, 500, 950, 990, 1000].map(|per_mille| histogram.quantile_ns(per_mille));
    check!(told.is_sorted() && told[4] == histogram.longest_ns, "{what}: {told:?}");
    Ok(())
}

/// Eight send a hundred messages each through so little room, or none, and one takes all of them.
fn eight_through(stage: &mut Stage<'_>, capacity: u32) -> Result<Latencies, crate::Failure> {
    let door = endpoint(capacity)?;
    let mut ends = Vec::new();
    for _ in 0..8 {
        ends.push(stage.main("sends_hundred", vec![door.derive(Rights::SEND, 0)?])?);
    }
    ends.push(stage.main("eats", vec![door.derive(Rights::ALL, 0)?])?);
    for actor in &ends {
        stage.ends(actor, EndReason::Exited(0))?;
    }
    Ok(measured(stage, &endpoint_of(&door)?))
}

/// Each delivery is measured once, however the message came through, and each answer once.
pub fn as_many_waits_are_measured_as_messages_delivered(stage: &mut Stage<'_>) -> Verdict {
    stage.kernel.stats().set(true);
    for capacity in [0, 3, 1000] {
        let Latencies { waits, answers, .. } = eight_through(stage, capacity)?;
        check!(waits.total() == 800, "capacity {capacity}: {} waits of 800", waits.total());
        check!(answers.total() == 0, "capacity {capacity}: {} answers to nobody", answers.total());
        in_order("waits", &waits)?;
    }
    let door = endpoint(4)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
    let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&client, EndReason::Exited(0))?;
    let Latencies { waits, answers, .. } = measured(stage, &endpoint_of(&door)?);
    check!((waits.total(), answers.total()) == (100, 100), "{} and {}", waits.total(), answers.total());
    in_order("answers", &answers)?;
    server.kill();
    stage.ends(&server, EndReason::Killed)?;
    check!(stage.kernel.stats().record().missed == 0, "something was not measured");
    Ok(())
}

/// A message that lies while somebody sleeps three tenths of a second has waited that long, in the queue or before
/// it, and a call has taken it.
pub fn what_lies_is_measured_to_have_waited(stage: &mut Stage<'_>) -> Verdict {
    const NAP_NS: u64 = 300_000_000;
    stage.kernel.stats().set(true);
    let door = endpoint(1)?;
    let queue = endpoint_of(&door)?;
    let mut ends = Vec::new();
    for (module, offered) in [("sends_once", 1), ("sends_once", 2), ("calls_once", 3)] {
        ends.push(stage.main(module, vec![door.derive(Rights::SEND, offered)?])?);
        stage.until("it is offered", || queue.counters().offered == offered)?;
    }
    let sleeper = stage.main("naps_once", vec![authority(ObjectKind::Clock)?])?;
    stage.ends(&sleeper, EndReason::Exited(0))?;
    for module in ["receives_once", "receives_once", "replies_again"] {
        let taker = stage.main(module, vec![door.derive(Rights::ALL, 0)?])?;
        stage.end_of(&taker)?;
        ends.push(taker);
    }
    for actor in &ends {
        stage.ends(actor, EndReason::Exited(0))?;
    }
    let Latencies { waits, answers, .. } = measured(stage, &queue);
    check!((waits.total(), answers.total()) == (3, 1), "{} and {}", waits.total(), answers.total());
    // The clocks of a simulated machine's cores differ by a little.
    let least_ns = NAP_NS - Duration::from_millis(50).as_nanos() as u64;
    let (shortest_ns, answer_ns) = (waits.quantile_ns(0), answers.longest_ns);
    check!(shortest_ns >= least_ns && answer_ns >= least_ns, "{shortest_ns} and {answer_ns} ns");
    Ok(())
}

/// Nothing is measured before statistics are on; what was stays to be read once they are off, until they begin anew.
pub fn statistics_are_of_one_period(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(4)?;
    let queue = endpoint_of(&door)?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
    let calls = |stage: &mut Stage<'_>| {
        let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
        stage.ends(&client, EndReason::Exited(0))
    };
    calls(stage)?;
    check!(measured(stage, &queue).waits == Histogram::EMPTY, "measured before it was on");
    stage.kernel.stats().set(true);
    calls(stage)?;
    let inspector =
        stage.main("asks_latency", vec![authority(ObjectKind::System)?.derive(Rights::INSPECT, 0)?])?;
    stage.ends(&inspector, EndReason::Exited(100))?;
    check!(!stage.kernel.stats().is_on(), "the inspector left it on");
    let before = measured(stage, &queue);
    calls(stage)?;
    check!(measured(stage, &queue) == before, "measured while it was off");
    stage.kernel.stats().set(true);
    check!(measured(stage, &queue).waits == Histogram::EMPTY, "it did not begin anew");
    calls(stage)?;
    check!(measured(stage, &queue).answers.total() == 100, "{:?}", measured(stage, &queue).answers.total());
    server.kill();
    stage.ends(&server, EndReason::Killed)
}

/// The times of an actor's states in nanoseconds: ready, running, blocked, idle, suspended.
fn times(actor: &Arc<Actor>) -> [u64; 5] {
    let Spent { ready_ns, running_ns, blocked_ns, idle_ns, suspended_ns, .. } = actor.spent();
    [ready_ns, running_ns, blocked_ns, idle_ns, suspended_ns]
}

/// Lets three tenths of a second pass.
fn nap(stage: &mut Stage<'_>) -> Verdict {
    let sleeper = stage.main("naps_once", vec![authority(ObjectKind::Clock)?])?;
    stage.ends(&sleeper, EndReason::Exited(0))
}

/// What an actor does for three tenths of a second is seen to have taken that long, and all that it does is its age.
pub fn an_actor_s_times_add_up_to_its_age(stage: &mut Stage<'_>) -> Verdict {
    const NAP_NS: u64 = 300_000_000;
    // The clocks of a simulated machine's cores differ by a little.
    const SLACK_NS: u64 = 50_000_000;
    stage.kernel.stats().set(true);
    let door = endpoint(1)?;
    let began = khal::time::now();
    let sleeper = stage.main("naps_once", vec![authority(ObjectKind::Clock)?])?;
    let waiter = stage.main("receives_once", vec![endpoint(1)?])?;
    let caps = vec![door.derive(Rights::ALL, 0)?];
    let handler = stage.actor("adder", Shape::Handler, Priority::Normal, caps)?;
    let looping = stage.main("forever", vec![])?;
    stage.until("the handler rests", || handler.state() == ActorState::Idle)?;
    looping.suspend();
    stage.until("the loop is aside", || looping.is_aside())?;
    stage.ends(&sleeper, EndReason::Exited(0))?;
    nap(stage)?;
    let all = [&sleeper, &waiter, &handler, &looping];
    let told = all.map(times);
    let age_ns = khal::time::now().since(began).as_nanos() as u64;
    for (actor, (place, told)) in all.iter().zip([2, 2, 3, 4].into_iter().zip(told)) {
        let name = actor.profile().name;
        check!(told.get(place).is_some_and(|ns| *ns + SLACK_NS >= NAP_NS), "{}: {told:?}", name.as_str());
        let sum_ns = told.iter().sum::<u64>();
        check!(sum_ns <= age_ns + SLACK_NS, "{}: {sum_ns} ns of {age_ns}", name.as_str());
        let running_ns = told.get(1).copied().unwrap_or(0);
        let cpu_ns = actor.tally().cpu_ns.load(Ordering::Relaxed);
        check!(running_ns <= cpu_ns, "{}: ran {running_ns} ns of {cpu_ns}", name.as_str());
    }
    // One that has not ended is as old as it is.
    let sum_ns = times(&handler).iter().sum::<u64>() + SLACK_NS;
    check!(sum_ns >= age_ns, "the handler's times are {sum_ns} of {age_ns} ns");
    for actor in [waiter, handler, looping] {
        actor.kill();
        stage.ends(&actor, EndReason::Killed)?;
    }
    Ok(())
}

/// The bytes of a message count with its sender and its receiver, while statistics are kept.
pub fn bytes_are_counted_at_both_ends(stage: &mut Stage<'_>) -> Verdict {
    for (on, expected) in [(false, 0), (true, 11)] {
        stage.kernel.stats().set(on);
        let door = endpoint(1)?;
        let sender = stage.main("sends_bytes", vec![door.derive(Rights::SEND, 0)?])?;
        let receiver = stage.main("receives_bytes", vec![door.derive(Rights::ALL, 0)?])?;
        stage.ends(&sender, EndReason::Exited(0))?;
        stage.ends(&receiver, EndReason::Exited(11))?;
        let (sent, received) = (sender.spent().bytes_out, receiver.spent().bytes_in);
        check!((sent, received) == (expected, expected), "{sent} sent, {received} received");
    }
    Ok(())
}
