//! A million times parked and woken (SEEDS, 002): nothing is left behind.
//!
//! Half a million calls, each of which parks its caller and then its server, by programs in Rust on the host's
//! real backend. A program of its own with this one test, as leaks are looked for in figures of the whole process.

use khal::cpu::CoreId;
use tessera_abi::{EndReason, Priority, Rights, Shape};
use tessera_core::sched::core::Step;
use tessera_scenarios::measure::Programs;
use tessera_scenarios::stage::endpoint;
use tessera_scenarios::{Failure, Stage};
use tessera_tests::measured::kernel;

#[test]
fn a_million_parks_leave_nothing_behind() {
    if let Err(failure) = million_parks() {
        panic!("{}", failure.0.as_str());
    }
}

fn million_parks() -> Result<(), Failure> {
    let kernel = kernel(1, Programs::Native, tessera_hostcall::host_calls)?;
    let turning = kernel.clone();
    let mut run = || matches!(turning.step(CoreId::BOOT), Step::Ran(_));
    let mut stage = Stage { kernel, run: &mut run, rounds: 1, seed: 1 };
    let door = endpoint(1)?;
    let server = vec![door.derive(Rights::ALL, 0)?];
    let server = stage.actor("serves", Shape::Main, Priority::Normal, server)?;
    let mut before = None;
    // The first round makes what stays.
    for _ in 0..5 {
        let client = stage.main("calls_many", vec![door.derive(Rights::SEND, 0)?])?;
        stage.ends(&client, EndReason::Exited(0))?;
        drop(client);
        let heap = khal::heap::stats();
        let now = (heap.live, heap.bytes, stage.kernel.scheduler().stacks().figures().lent);
        assert_eq!(now, *before.get_or_insert(now), "live allocations, bytes and stacks, and what they were");
    }
    server.kill();
    stage.ends(&server, EndReason::Killed)
}
