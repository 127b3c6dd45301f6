//! Every primitive of the SDK keeps its promise among several actors at once: the machine's first actor is `meet`
//! (actors/meet), which starts the others and ends with 0, or with a fault that names the promise, or an error.
//!
//! Shown in QEMU and by the hosted kernel, whose program is in TESSERA_HOSTED, with threads for cores.

use std::process::Command;

use tessera_boot_tests::{CORES, LIMIT, fault_of, guest};
use tessera_run::Firmware;

/// The hosted kernel is quick, and each run is another order of events.
const HOSTED_RUNS: usize = 10;

#[test]
fn actors_synchronise_on_every_machine() {
    for cores in CORES {
        let report = guest("meet", Firmware::Bios, cores).run(b"", LIMIT);
        assert_eq!(fault_of(&report), None, "{cores} cores");
    }
}

#[test]
fn actors_synchronise_on_the_hosted_system() {
    let program = std::env::var("TESSERA_HOSTED").unwrap_or_else(|_| panic!("TESSERA_HOSTED is not set"));
    let ramdisk = std::env::var("TESSERA_IMAGES").unwrap() + "/test-meet.img";
    for cores in CORES.into_iter().cycle().take(CORES.len() * HOSTED_RUNS) {
        // `timeout` ends it, should it hang; its status then is 124.
        let output = Command::new("timeout")
            .args([&LIMIT.as_secs().to_string(), &program, &format!("cores={cores}")])
            .arg(format!("ramdisk={ramdisk}"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{cores} cores: {said}");
    }
}
