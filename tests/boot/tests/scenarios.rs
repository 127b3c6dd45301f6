//! The list of scenarios on the booted machine: the same list that `tests/tests/scenarios.rs` plays
//! simulated, on real cores under their own timers.
//!
//! A harness of its own, because one boot plays them all and each counts: it prints what the guest said of
//! each and closes with libtest's line. A guest that dies counts as one failure more.

use std::process::ExitCode;

use tessera_boot_tests::{CORES, LIMIT, everywhere, fault_of, guest};
use tessera_run::{Firmware, Report, StartError};

fn played(cores: u16) -> Result<Report, StartError> {
    guest("kernel", Firmware::Bios, cores).options("scenarios").run(b"", LIMIT * 2)
}

fn main() -> ExitCode {
    // `cargo test NAME` asks every harness for the tests with that name; these have no names of their own.
    let asked_for_others = std::env::args().skip(1).any(|word| !word.starts_with('-'));
    let reports = if asked_for_others { Vec::new() } else { everywhere(played) };
    let (mut passed, mut failed) = (0, 0);
    for (cores, report) in CORES.iter().zip(reports) {
        let console = report.as_ref().map(|report| report.console.clone()).unwrap_or_default();
        let verdicts = |end: &str| console.lines().filter(|line| line.contains(end)).count();
        let (good, bad) = (verdicts(": ok"), verdicts(": FAILED: "));
        if let Some(fault) = fault_of(&report) {
            println!("{fault}");
            // A guest that reported its failures ended as it should; any other end is a failure of its own.
            failed += usize::from(bad == 0);
        }
        println!("scenarios in QEMU on {cores} cores: {good} of {}", good + bad);
        passed += good;
        failed += bad;
    }
    let good = failed == 0 && (passed > 0 || asked_for_others);
    let word = if good { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out");
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
