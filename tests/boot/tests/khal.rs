//! khal's self-test on bare metal (khal/examples/selftest.rs): the machine without a kernel on top.
//!
//! Each test is one of its scenarios, or one way to die, at every core count.

#![expect(clippy::panic, reason = "the helpers of these tests may fail them")]

use tessera_boot_tests::{CORES, LIMIT, fault_of, guest};
use tessera_run::{Clock, Firmware, Guest, Outcome};

fn selftest(scenario: &str, cores: u16) -> Guest {
    guest("selftest", Firmware::Bios, cores).options(scenario)
}

/// The scenario ends well and says so.
fn holds(scenario: &str, machine: &Guest) {
    let report = machine.run(b"", LIMIT);
    assert_eq!(fault_of(&report), None);
    let console = report.map(|report| report.console).unwrap_or_default();
    assert!(console.contains(&format!("selftest {scenario} ok")), "{console}");
}

fn holds_everywhere(scenario: &str) {
    CORES.iter().for_each(|&cores| holds(scenario, &selftest(scenario, cores)));
}

/// The kernel dies as asked: an epitaph of that kind, status 101, and no reset.
fn dies(scenario: &str, kind: &str) {
    for cores in CORES {
        match selftest(scenario, cores).run(b"", LIMIT) {
            Ok(report) => {
                assert_eq!(report.outcome, Outcome::Exited(101), "{}", report.console);
                let epitaph = report.epitaph.unwrap_or_default();
                assert!(epitaph.starts_with(&format!("EPITAPH {kind} ")), "{epitaph}");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn panics_and_refused_memory_are_contained() {
    holds_everywhere("contain");
}

#[test]
fn threads_switch_and_end_on_every_core() {
    holds_everywhere("threads");
}

#[test]
fn threads_that_never_ask_are_switched_by_force() {
    holds_everywhere("forced");
}

#[test]
fn memory_is_allocated_grown_and_given_back() {
    holds_everywhere("heap");
}

#[test]
fn panic_leaves_an_epitaph() {
    dies("panic", "panic");
}

#[test]
fn stack_overflow_is_reported_and_no_triple_fault() {
    dies("overflow", "stack-overflow");
}

#[test]
fn uefi_boots_it_too() {
    holds("threads", &guest("selftest", Firmware::Uefi, 2).options("threads"));
}

#[test]
fn time_counted_by_instructions_works_with_many_cores() {
    holds("contain", &selftest("contain", 4).clock(Clock::Counted));
}
