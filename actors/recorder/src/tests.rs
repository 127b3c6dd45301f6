//! The recorder as a tool on the host meets it: what comes out of the port.

extern crate std;

use super::*;
use actor_sdk::abi::inspect::{ActorRecord, EndpointRecord, MachineRecord};
use actor_sdk::abi::{ActorState, HostCall, LatencyRecord, Name};
use actor_sdk::abi::{GrantState, Histogram, SlotName, Usage, inspect};
use actor_sdk::fake::{Kernel, Parcel};
use actor_sdk::{EndReason, ObjectKind, Policy, Priority, Rights, Shape};
use std::string::String;
use std::vec::Vec;

const MACHINE: MachineRecord = MachineRecord {
    uptime_ns: 1,
    cores: 1,
    actors: 1,
    heap_bytes: 2,
    heap_blocks: 3,
    frames_free: 4,
    frames_total: 5,
    frame_bytes: 4096,
    stacks: 6,
    stacks_free: 7,
    stack_high_water_bytes: 8,
    capabilities: 9,
    endpoints: 10,
    timers: 11,
    modules: 12,
};

const ENDPOINT: EndpointRecord = EndpointRecord {
    slot: 0,
    policy: Policy::Block,
    capacity: 4,
    high_water: 1,
    offered: 2,
    delivered: 2,
    rejected: 0,
    dropped: 0,
    withdrawn: 0,
    discarded: 0,
    queued: 0,
    blocked: 0,
    calls: 2,
    replied: 2,
    caller_gone: 0,
    callee_gone: 0,
    outstanding: 0,
};

/// A machine with an actor that two messages have reached, and that is asked to record every so many seconds.
fn machine(args: &str) -> Kernel {
    let mut kernel = Kernel::new();
    kernel.grant::<Clock>("clock");
    kernel.grant::<System>("system");
    kernel.grant::<Port>("port");
    kernel.set_args(args);
    kernel.set_machine(MACHINE);
    kernel.add_actor(ActorRecord {
        index: 3,
        core: 0,
        id: 1 << 32 | 3,
        name: Name::new_truncated("a\"b"),
        module: Name::new_truncated("any"),
        state: ActorState::Idle,
        priority: Priority::Normal,
        shape: Shape::Handler,
        level: Priority::High,
        slots: 1,
        cpu_ns: 5,
        memory_bytes: 6,
        memory_max_bytes: 7,
        messages_in: 2,
        messages_out: 2,
        end: EndReason::Exited(0),
        reserved_end: 0,
    });
    let info = inspect::CapabilityInfo {
        kind: ObjectKind::Endpoint,
        state: GrantState::Usable,
        usage: Usage::Used,
        reserved: 0,
        rights: Rights::RECEIVE,
        badge: 0,
    };
    let (name, target) = (SlotName::EMPTY, Name::EMPTY);
    for slot in [0, 1] {
        let record = inspect::CapabilityRecord { slot, generation: 1, name, info, object: 0, target };
        kernel.add_capability(3, record);
    }
    kernel.add_endpoint(3, ENDPOINT);
    kernel.add_endpoint(3, EndpointRecord { slot: 1, offered: 0, delivered: 0, ..ENDPOINT });
    let mut waits = Histogram::EMPTY;
    [300, 5000].into_iter().for_each(|ns| waits.note(ns));
    kernel.add_latency(3, LatencyRecord { slot: 0, endpoint: 1, waits, answers: Histogram::EMPTY });
    kernel
}

/// What comes out until the recorder has been asked, or woken, so many times.
fn recorded(kernel: &mut Kernel, rounds: usize) -> Vec<String> {
    kernel.refuse_after(HostCall::Recv, rounds, Error::Closed);
    assert_eq!(run(), Err(Error::Closed));
    kernel.port_output().lines().map(String::from).collect()
}

#[test]
fn a_snapshot_has_a_line_for_each_thing_and_ends_with_their_number() {
    let mut lines = recorded(&mut machine("7"), 1);
    assert_eq!(lines.remove(0), "", "it begins on a line of its own, whatever was written before");
    let kinds: Vec<_> = lines.iter().map(|line| line.split('"').nth(5).unwrap()).collect();
    assert_eq!(kinds, ["machine", "actor", "endpoint", "end"], "{lines:?}");
    assert!(lines[0].contains(r#""stats":"on""#), "{}", lines[0]);
    assert!(lines[1].contains(r#""id":"3.1","name":"a\"b""#), "{}", lines[1]);
    let waits = r#""waits":{"count":2,"sum_ns":5300,"p50_ns":319,"p95_ns":5000,"p99_ns":5000,"max_ns":5000,"buckets":[[256,1],[4096,1]]}"#;
    assert!(lines[2].contains(waits), "{}", lines[2]);
    assert_eq!(lines[3], r#"{"t":7000000000,"kind":"end","lines":3}"#);
}

#[test]
fn a_line_tells_whom_its_actor_stands_in_for() {
    let plain = &recorded(&mut machine("7"), 1)[2];
    assert!(plain.ends_with(r#""restarts":0,"faults":0}"#), "{plain}");
    let mut kernel = machine("7");
    let first = LineageRecord::first(3, 1 << 32 | 3);
    let before_end = EndReason::Silent;
    kernel.add_lineage(LineageRecord { restarts: 3, faults: 2, before: 9 << 32 | 4, before_end, ..first });
    let told = &recorded(&mut kernel, 1)[2];
    let whole = r#""restarts":3,"faults":2,"before":"4.9","before_end":"silent"}"#;
    assert!(told.ends_with(whole), "{told}");
}

#[test]
fn snapshots_come_at_their_interval_or_only_when_asked() {
    let mut kernel = machine("10");
    assert_eq!(recorded(&mut kernel, 3).iter().filter(|line| line.contains(r#""end""#)).count(), 3);
    assert!(kernel.stats().is_on() && kernel.now_ns() >= 30_000_000_000);
    let mut kernel = machine("0");
    kernel.push("", Parcel::new(recorder::RECORD));
    assert_eq!(recorded(&mut kernel, 1), Vec::<String>::new(), "a message that is no call asks for nothing");
    assert!(!kernel.stats().is_on());
}

#[test]
fn without_a_port_nothing_is_measured_and_who_asks_is_told() {
    let mut kernel = machine("10");
    kernel.unplug_port();
    assert_eq!(recorded(&mut kernel, 0), Vec::<String>::new());
    assert!(!kernel.stats().is_on());
    assert_eq!(Recorder::find().unwrap().record(), Err(Error::NotFound));
}
