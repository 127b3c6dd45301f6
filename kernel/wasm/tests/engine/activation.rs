//! Runs: how they are paced, how fuel is told, how they end, and that an ended one stays ended.

use std::sync::Arc;

use tessera_abi::{FaultKind, HostCall};
use tessera_core::engine::{Completion, Entry, Fault, Fuel, Guest, Next, Pace, Stop};

use crate::support::{Answer, Quanta, Recorder, instance};

const COUNTER: &str = r#"(module
    (import "tessera" "cap_drop" (func $tell (param i64) (result i64)))
    (global $count (mut i64) (i64.const 0))
    (func $start (global.set $count (i64.const 100)))
    (func (export "handle")
        (global.set $count (i64.add (global.get $count) (i64.const 1)))
        (drop (call $tell (global.get $count))))
    (start $start))"#;

fn loop_of(rounds: u32) -> String {
    format!(
        r#"(module (func (export "_start") (local i32)
            (local.set 0 (i32.const {rounds}))
            (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#
    )
}

fn idle() -> Arc<Recorder> {
    Arc::new(Recorder::default())
}

#[test]
fn an_endless_loop_is_stopped_between_quanta() {
    let mut endless = instance(r#"(module (func (export "_start") (loop (br 0))))"#, idle());
    let mut pace = Quanta::stopping_after(1000, 5);
    assert_eq!(endless.activate(Entry::Main, &mut pace), Ok(Completion::Stopped(Stop::Killed)));
    assert_eq!(pace.reports, [0, 1024, 1024, 1024, 1024], "a quantum is rounded up to whole steps of 128");
    assert_eq!(pace.ended, [0], "nothing ran after the last report");
}

#[test]
fn an_endless_start_function_is_metered_and_stopped_too() {
    let text = r#"(module (func $s (loop (br 0))) (start $s) (func (export "_start")))"#;
    let mut endless = instance(text, idle());
    assert!(endless.has_start());
    let mut pace = Quanta::stopping_after(128, 3);
    assert_eq!(endless.activate(Entry::Start, &mut pace), Ok(Completion::Stopped(Stop::Killed)));
    assert_eq!(pace.total(), 256);
}

#[test]
fn a_run_may_be_stopped_before_its_first_instruction() {
    let host = idle();
    let mut handler = instance(COUNTER, host.clone());
    let outcome = handler.activate(Entry::Handle, &mut Quanta::stopping_after(1000, 0));
    assert_eq!(outcome, Ok(Completion::Stopped(Stop::Killed)));
    assert_eq!(host.calls(), []);
}

#[test]
fn instantiation_runs_no_code_and_globals_live_from_message_to_message() {
    let host = idle();
    let mut handler = instance(COUNTER, host.clone());
    assert_eq!(host.calls(), []);
    for entry in [Entry::Start, Entry::Handle, Entry::Handle] {
        assert_eq!(handler.activate(entry, &mut Quanta::of(50)), Ok(Completion::Returned));
    }
    let told: Vec<_> = host.calls().into_iter().map(|(_, args)| args[0]).collect();
    assert_eq!(told, [101, 102]);
}

#[test]
fn starting_a_module_without_a_start_function_returns_at_once() {
    let mut plain = instance(r#"(module (func (export "_start")))"#, idle());
    assert!(!plain.has_start());
    let mut pace = Quanta::of(1);
    assert_eq!(plain.activate(Entry::Start, &mut pace), Ok(Completion::Returned));
    assert_eq!((pace.reports.len(), pace.ended.len()), (0, 0));
}

#[test]
fn fuel_is_told_to_within_one_step_and_adds_up_the_same_for_every_quantum() {
    // Few instructions a round, whatever the interpreter fuses: the total must not depend on quanta.
    let total_with = |quantum| {
        let mut pace = Quanta::of(quantum);
        assert_eq!(
            instance(&loop_of(10_000), idle()).activate(Entry::Main, &mut pace),
            Ok(Completion::Returned)
        );
        pace.total()
    };
    let whole = total_with(1_000_000);
    assert!((10_000..=50_000).contains(&whole), "{whole}");
    for quantum in [128, 1024, 10_240, 128 * 7] {
        assert_eq!(total_with(quantum), whole, "quantum {quantum}");
    }
}

#[test]
fn a_short_run_is_not_billed_its_whole_quantum() {
    let mut pace = Quanta::of(1_000_000);
    let mut short = instance(r#"(module (func (export "_start")))"#, idle());
    assert_eq!(short.activate(Entry::Main, &mut pace), Ok(Completion::Returned));
    assert_eq!(pace.ended, [128]);
}

#[test]
fn fuel_is_told_for_a_run_that_traps() {
    let mut pace = Quanta::of(1_000_000);
    let text = r#"(module (func (export "_start") unreachable))"#;
    assert!(instance(text, idle()).activate(Entry::Main, &mut pace).is_err());
    assert_eq!(pace.ended, [128]);
}

/// Tells what is left of its quantum, works, tells it again, has the quantum shortened, tells by how much and what is
/// left, works.
const GAUGED: &str = r#"(module
    (import "tessera" "cap_drop" (func $tell (param i64) (result i64)))
    (import "tessera" "yield_now" (func $left (result i64)))
    (import "tessera" "heartbeat" (func $shorten (result i64)))
    (func $work (local i32)
        (local.set 0 (i32.const 1000))
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "_start")
        (drop (call $tell (call $left)))
        (call $work)
        (drop (call $tell (call $left)))
        (drop (call $tell (call $shorten)))
        (drop (call $tell (call $left)))
        (call $work)))"#;

/// Answers such a program, whose quantum is shortened by that much.
fn gauge(call: HostCall, guest: &mut dyn Guest, by: u32) -> Result<i64, Stop> {
    match call {
        HostCall::YieldNow => Ok(i64::from(guest.fuel_left().0)),
        HostCall::Heartbeat => Ok(i64::from(guest.shorten(Fuel(by)).0)),
        _ => Ok(0),
    }
}

/// What it tells in quanta of 100,000, and the pace.
fn gauged(answer: Answer) -> ([u64; 4], Quanta) {
    let host = Arc::new(Recorder::answering(answer));
    let mut pace = Quanta::of(100_000);
    assert_eq!(instance(GAUGED, host.clone()).activate(Entry::Main, &mut pace), Ok(Completion::Returned));
    let told =
        host.calls().into_iter().filter(|(call, _)| *call == HostCall::CapDrop).map(|(_, args)| args[0]);
    (told.collect::<Vec<_>>().try_into().unwrap(), pace)
}

#[test]
fn a_host_call_sees_what_is_left_of_the_quantum() {
    let ([first, second, _, third], pace) = gauged(|call, _, guest| gauge(call, guest, 0));
    assert_eq!((first, second), (100_000, third), "nothing was used in between");
    let worked = first - second;
    assert!(worked.is_multiple_of(128) && worked >= 896, "{worked} for 1000 rounds");
    assert!((2 * worked..=2 * worked + 256).contains(&pace.total()), "{} for twice {worked}", pace.total());
}

#[test]
fn a_quantum_that_is_shortened_ends_sooner_and_adds_up() {
    let ([_, before, taken, after], some) = gauged(|call, _, guest| gauge(call, guest, 1000));
    assert_eq!((taken, before - after), (7 * 128, 7 * 128), "whole steps");
    let (_, whole) = gauged(|call, _, guest| gauge(call, guest, 0));
    assert_eq!((some.reports.len(), some.total()), (1, whole.total() + taken));
    let ([_, _, taken, after], all) = gauged(|call, _, guest| gauge(call, guest, u32::MAX));
    assert!((1..=128).contains(&after), "{after} is left: a step");
    assert_eq!((all.reports.len(), all.total()), (2, whole.total() + taken), "a quantum more");
}

#[test]
fn a_quantum_of_nothing_still_makes_progress() {
    let mut pace = Quanta::of(0);
    assert_eq!(instance(&loop_of(1000), idle()).activate(Entry::Main, &mut pace), Ok(Completion::Returned));
    assert!(pace.reports.len() > 2);
}

const EXITING: &str = r#"(module
    (import "tessera" "exit" (func $exit (param i32) (result i64)))
    (import "tessera" "yield_now" (func $yield (result i64)))
    (tag $t)
    (func (export "_start")
        (block $caught (try_table (catch_all $caught) (drop (call $exit (i32.const 7)))))
        (drop (call $yield))))"#;

fn stopping(host_call: HostCall, args: &[u64]) -> Result<i64, Stop> {
    match host_call {
        HostCall::Exit => Err(Stop::Exit(i32::try_from(args[0]).unwrap())),
        _ => Ok(0),
    }
}

#[test]
fn a_host_call_that_stops_the_actor_ends_the_run_uncaught_and_keeps_its_reason() {
    let host = Arc::new(Recorder::answering(|host_call, args, _| stopping(host_call, args)));
    let mut exiting = instance(EXITING, host.clone());
    let outcome = exiting.activate(Entry::Main, &mut Quanta::of(1000));
    assert_eq!(outcome, Ok(Completion::Stopped(Stop::Exit(7))));
    assert_eq!(host.calls().len(), 1, "no instruction runs after the stop");
}

#[test]
fn a_fault_that_a_host_call_finds_is_carried_as_it_is() {
    let host = Recorder::answering(|_, _, _| {
        Err(Stop::Fault(Fault::new(
            FaultKind::ActorPanic,
            format_args!("index out of bounds, src/main.rs:3"),
        )))
    });
    let mut exiting = instance(EXITING, Arc::new(host));
    let Ok(Completion::Stopped(Stop::Fault(fault))) = exiting.activate(Entry::Main, &mut Quanta::of(1000))
    else {
        panic!("a stop");
    };
    assert_eq!(fault.kind(), FaultKind::ActorPanic);
    assert_eq!(fault.detail(), "index out of bounds, src/main.rs:3");
}

#[test]
fn an_instance_that_stopped_or_trapped_is_spent() {
    let host = Recorder::answering(|host_call, args, _| stopping(host_call, args));
    let mut stopped = instance(EXITING, Arc::new(host));
    assert!(stopped.activate(Entry::Main, &mut Quanta::of(1000)).is_ok());
    let mut trapped = instance(r#"(module (func (export "_start") unreachable))"#, idle());
    assert!(trapped.activate(Entry::Main, &mut Quanta::of(1000)).is_err());
    for spent in [&mut stopped, &mut trapped] {
        let fault = spent.activate(Entry::Main, &mut Quanta::of(1000)).unwrap_err();
        assert_eq!((fault.kind(), fault.detail()), (FaultKind::Other, "the instance has ended already"));
    }
}

#[test]
fn a_panic_inside_a_run_unwinds_through_the_engine_and_leaves_the_instance_spent() {
    let host = Recorder::answering(|_, _, _| panic!("injected"));
    let mut exiting = instance(EXITING, Arc::new(host));
    let run = std::panic::AssertUnwindSafe(|| exiting.activate(Entry::Main, &mut Quanta::of(1000)));
    assert!(std::panic::catch_unwind(run).is_err());
    let fault = exiting.activate(Entry::Main, &mut Quanta::of(1000)).unwrap_err();
    assert_eq!(fault.detail(), "the instance has ended already");
}

#[test]
fn an_entry_point_that_is_not_there_is_a_fault_and_spends_nothing() {
    let mut main = instance(r#"(module (func (export "_start")))"#, idle());
    let fault = main.activate(Entry::Handle, &mut Quanta::of(1)).unwrap_err();
    assert_eq!((fault.kind(), fault.detail()), (FaultKind::NoEntryPoint, "no export handle"));
    assert_eq!(main.activate(Entry::Main, &mut Quanta::of(1)), Ok(Completion::Returned));
}

#[test]
fn an_instance_moves_between_threads_from_run_to_run() {
    let host = idle();
    let mut handler = instance(COUNTER, host.clone());
    for _ in 0..3 {
        handler = std::thread::spawn(move || {
            assert_eq!(handler.activate(Entry::Handle, &mut Quanta::of(50)), Ok(Completion::Returned));
            handler
        })
        .join()
        .unwrap();
    }
    assert_eq!(host.calls().len(), 3);
}

#[test]
fn a_function_that_only_an_export_declares_can_be_referred_to() {
    let text = r#"(module
        (type $none (func))
        (func $end (export "end"))
        (func (export "_start") (call_ref $none (ref.func $end))))"#;
    assert_eq!(instance(text, idle()).activate(Entry::Main, &mut Quanta::of(1000)), Ok(Completion::Returned));
}

/// A pace that is asked again although it said stop would be a run that went on.
struct StopsOnce(usize);

impl Pace for StopsOnce {
    fn quantum(&mut self, _: tessera_core::engine::Fuel) -> Next {
        self.0 += 1;
        assert_eq!(self.0, 1, "asked again after a stop");
        Next::Stop(Stop::Exit(3))
    }

    fn ended(&mut self, _: tessera_core::engine::Fuel) {}
}

#[test]
fn the_stop_that_the_pace_gives_is_the_completion() {
    let mut plain = instance(r#"(module (func (export "_start")))"#, idle());
    let outcome = plain.activate(Entry::Main, &mut StopsOnce(0));
    assert_eq!(outcome, Ok(Completion::Stopped(Stop::Exit(3))));
}
