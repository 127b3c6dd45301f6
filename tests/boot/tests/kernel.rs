//! The whole kernel, booted (tests/kernel): what only real cores and interrupts show of the scheduler.
//! The list of scenarios is played by `scenarios.rs`.
//!
//! Each test is one property at every core count. Nothing is asserted about time but in
//! `nobody_is_later_than_those_before_it_allow`, whose clock counts instructions.

#![expect(clippy::panic, reason = "the helpers of these tests may fail them")]

use tessera_boot_tests::{LIMIT, everywhere, fault_of, guest};
use tessera_run::{Clock, Firmware, Guest};

/// The test kernel ends well, and every line that it prints of a scenario or property says so.
fn holds(guest: &Guest, name: &str, cores: u16) {
    // The thousand rounds take several times as long as anything else here.
    let report = guest.run(b"", LIMIT * 3);
    assert_eq!(fault_of(&report), None, "{name} on {cores} cores");
    let console = report.map(|report| report.console).unwrap_or_default();
    let verdict = console.lines().find(|line| line.starts_with("on "));
    match verdict {
        Some(line) => println!("{name} {line}"),
        None => panic!("{name} on {cores} cores said nothing: {console}"),
    }
}

fn holds_everywhere(name: &str) {
    everywhere(|cores| holds(&guest("kernel", Firmware::Bios, cores).options(name), name, cores));
}

#[test]
fn all_cores_schedule() {
    holds_everywhere("all_cores_schedule");
}

#[test]
fn idle_cores_steal() {
    holds_everywhere("idle_cores_steal");
}

#[test]
fn loops_fills_and_slow_instances_on_every_core_hold_nobody_up() {
    holds_everywhere("nobody_holds_a_core");
}

#[test]
fn heap_and_ipc_survive_preemption_every_50_us() {
    holds_everywhere("preempted_every_50_us");
}

#[test]
fn a_thousand_rounds_leave_nothing_behind() {
    holds_everywhere("nothing_is_left_behind_after_many_rounds");
}

#[test]
fn nobody_is_later_than_those_before_it_allow() {
    everywhere(|cores| {
        let guest = guest("kernel", Firmware::Bios, cores).options("lateness").clock(Clock::Counted);
        holds(&guest, "lateness", cores);
    });
}
