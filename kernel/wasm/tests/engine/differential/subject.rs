//! A module's life in the engine under test, in quanta of odd sizes.

use std::sync::Arc;

use khal::contain::{Meter, enter};
use tessera_abi::{HostCall, Shape};
use tessera_core::engine::{Completion, Engine, Entry, Fault, Guest, HostCalls, Instance, Limits, Stop};
use tessera_wasm::Interpreter;

use super::{MEMORY_BYTES_MAX, Outcome, TABLE_ELEMENTS_MAX, Trace, answer};
use crate::support::{Call, Quanta, Recorder};

const LIMITS: Limits = Limits {
    memory_bytes_max: MEMORY_BYTES_MAX as u64,
    table_elements_max: TABLE_ELEMENTS_MAX as u32,
    stack_bytes_max: 16 << 20,
};

fn respond(host_call: HostCall, args: &[u64], _: &mut dyn Guest) -> Result<i64, Stop> {
    Ok(answer(host_call.number(), args))
}

/// Loads, instantiates and enters the module as often as it lets us. Also fails one allocation of
/// another life of it, which must leave nothing behind.
pub fn run(bytes: &[u8], seed: u64) -> Result<Trace, Fault> {
    let module = Interpreter::new().load(bytes)?;
    module.check(Shape::Main, &LIMITS)?;
    let recorder = Arc::new(Recorder::answering(respond));
    let mut trace = Trace::default();
    match module.instantiate(&LIMITS, recorder.clone()) {
        Ok(mut instance) => {
            live(instance.as_mut(), seed, &mut trace.outcomes);
            // The other interpreter gives no instance to look into when the start function traps.
            if trace.outcomes.first() == Some(&Outcome::Returned) {
                trace.memory = vec![0; usize::try_from(instance.memory_bytes()).unwrap()];
                instance.read_memory(0, &mut trace.memory).expect("the whole memory");
            }
        }
        Err(fault) => trace.outcomes.push(Outcome::Trapped(fault.kind())),
    }
    let number = |(host_call, args): Call| (host_call.number(), args);
    trace.calls = recorder.calls().into_iter().map(number).collect();
    fail_one_allocation(bytes, seed);
    Ok(trace)
}

fn live(instance: &mut dyn Instance, seed: u64, outcomes: &mut Vec<Outcome>) {
    for entry in [Entry::Start, Entry::Main, Entry::Handle] {
        let quantum = u32::try_from(seed % 700).unwrap();
        let outcome = match instance.activate(entry, &mut Quanta::of(quantum)) {
            Ok(Completion::Returned) => Outcome::Returned,
            Ok(Completion::Stopped(stop)) => panic!("nobody stops it: {stop:?}"),
            Err(fault) => Outcome::Trapped(fault.kind()),
        };
        outcomes.push(outcome);
        if outcome != Outcome::Returned {
            return;
        }
    }
}

/// A host without allocations, which would be charged to the module.
struct Still;

impl HostCalls for Still {
    fn call(&self, host_call: HostCall, args: &[u64], _: &mut dyn Guest) -> Result<i64, Stop> {
        Ok(answer(host_call.number(), args))
    }
}

fn fail_one_allocation(bytes: &[u8], seed: u64) {
    let (engine, meter) = (Interpreter::new(), Meter::new(usize::MAX));
    let host: Arc<dyn HostCalls> = Arc::new(Still);
    meter.fail_after(super::generate::scramble(seed) % 1500);
    let outcome = enter(&meter, || {
        let mut outcomes = Vec::with_capacity(3);
        let mut instance = engine.load(bytes)?.instantiate(&LIMITS, host.clone())?;
        live(instance.as_mut(), 127, &mut outcomes);
        Ok::<_, Fault>(())
    });
    assert_eq!((meter.live(), meter.used()), (0, 0), "seed {seed}: {outcome:?}");
}
