//! What a snapshot says of each thing, as an object of JSON. docs/OBSERVING.md lists the members.
//!
//! Invariants: every line has `t`, the snapshot's moment in ns since boot, and `kind`; a member's name and meaning never
//! change, new ones may come.
//! Does not: gather anything.

use alloc::format;
use alloc::string::String;

use actor_sdk::EndpointStats;
use actor_sdk::abi::inspect::{ActorRecord, CoreRecord, MachineRecord};
use actor_sdk::abi::{ActivityRecord, ActorState, Histogram, LineageRecord, StatsRecord};

use crate::json::Object;

fn line(time_ns: u64, kind: &str) -> Object {
    Object::new().number("t", time_ns).text("kind", kind)
}

/// The whole machine, and whether statistics are kept.
#[must_use]
pub fn machine(time_ns: u64, machine: &MachineRecord, stats: &StatsRecord) -> Object {
    line(time_ns, "machine")
        .number("cores", machine.cores.into())
        .number("actors", machine.actors.into())
        .number("heap_bytes", machine.heap_bytes)
        .number("heap_blocks", machine.heap_blocks)
        .number("frames_free", machine.frames_free)
        .number("frames_total", machine.frames_total)
        .number("frame_bytes", machine.frame_bytes.into())
        .number("stacks", machine.stacks.into())
        .number("stacks_free", machine.stacks_free.into())
        .number("capabilities", machine.capabilities.into())
        .number("endpoints", machine.endpoints.into())
        .number("timers", machine.timers.into())
        .number("modules", machine.modules.into())
        .text("stats", if stats.is_on() { "on" } else { "off" })
        .number("stats_began", stats.began_ns)
        .number("missed", stats.missed)
}

/// One core.
#[must_use]
pub fn core(time_ns: u64, core: &CoreRecord) -> Object {
    line(time_ns, "core")
        .number("core", core.index.into())
        .number("switches", core.switches)
        .number("forced", core.forced_switches)
        .number("deferred", core.deferred_switches)
        .number("steals", core.steals)
        .number("ticks", core.timer_ticks)
        .number("ipis_in", core.ipis_received)
        .number("ipis_out", core.ipis_sent)
        .number("longest_guarded_ns", core.longest_guarded_ns)
        .number("idle_ns", core.idle_ns)
        .number("queued", core.queued.into())
}

/// One actor.
#[must_use]
pub fn actor(
    time_ns: u64,
    actor: &ActorRecord,
    (activity, lineage): (&ActivityRecord, &LineageRecord),
) -> Object {
    let whole = line(time_ns, "actor")
        .text("id", &id(actor.id))
        .text("name", actor.name.as_str())
        .text("module", actor.module.as_str())
        .text("state", actor.state.name())
        .text("priority", actor.priority.name())
        .text("level", actor.level.name())
        .number("core", actor.core.into())
        .number("cpu_ns", actor.cpu_ns)
        .number("memory_bytes", actor.memory_bytes)
        .number("memory_max_bytes", actor.memory_max_bytes)
        .number("slots", actor.slots.into())
        .number("messages_in", actor.messages_in)
        .number("messages_out", actor.messages_out)
        .number("turns", activity.turns)
        .number("bytes_in", activity.bytes_in)
        .number("bytes_out", activity.bytes_out)
        .number("ready_ns", activity.ready_ns)
        .number("running_ns", activity.running_ns)
        .number("blocked_ns", activity.blocked_ns)
        .number("idle_ns", activity.idle_ns)
        .number("suspended_ns", activity.suspended_ns)
        .number("restarts", lineage.restarts.into())
        .number("faults", lineage.faults.into());
    let whole = match lineage.restarts {
        0 => whole,
        _ => whole.text("before", &id(lineage.before)).text("before_end", lineage.before_end.name()),
    };
    if actor.state == ActorState::Ended { whole.text("end", actor.end.name()) } else { whole }
}

/// One endpoint, with who receives there.
#[must_use]
pub fn endpoint(time_ns: u64, one: &EndpointStats) -> Object {
    let EndpointStats { actor, endpoint, latency } = one;
    line(time_ns, "endpoint")
        .number("endpoint", latency.endpoint.into())
        .text("actor", &id(actor.id))
        .text("name", actor.name.as_str())
        .number("slot", endpoint.slot.into())
        .text("policy", endpoint.policy.name())
        .number("capacity", endpoint.capacity.into())
        .number("high_water", endpoint.high_water.into())
        .number("offered", endpoint.offered)
        .number("delivered", endpoint.delivered)
        .number("rejected", endpoint.rejected)
        .number("dropped", endpoint.dropped)
        .number("withdrawn", endpoint.withdrawn)
        .number("discarded", endpoint.discarded)
        .number("queued", endpoint.queued)
        .number("blocked", endpoint.blocked)
        .number("calls", endpoint.calls)
        .number("replied", endpoint.replied)
        .number("caller_gone", endpoint.caller_gone)
        .number("callee_gone", endpoint.callee_gone)
        .number("outstanding", endpoint.outstanding)
        .object("waits", histogram(&latency.waits))
        .object("answers", histogram(&latency.answers))
}

/// The snapshot's last line: how many came before it.
#[must_use]
pub fn end(time_ns: u64, lines: u64) -> Object {
    line(time_ns, "end").number("lines", lines)
}

/// Quantiles, and the buckets that are not empty: the shortest time of each, and how many.
fn histogram(histogram: &Histogram) -> Object {
    let buckets = histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0);
    Object::new()
        .number("count", histogram.total())
        .number("sum_ns", histogram.sum_ns)
        .number("p50_ns", histogram.quantile_ns(500))
        .number("p95_ns", histogram.quantile_ns(950))
        .number("p99_ns", histogram.quantile_ns(990))
        .number("max_ns", histogram.longest_ns)
        .pairs("buckets", buckets.map(|(bucket, count)| (Histogram::floor_ns(bucket), u64::from(*count))))
}

/// An id as people read and type it: its place among the actors, and how often that place was used.
fn id(id: u64) -> String {
    format!("{}.{}", id & u64::from(u32::MAX), id >> 32)
}
