//! What a machine records of itself at its second serial port, as a tool on the host reads it: in QEMU, and of the
//! hosted kernel.

#![expect(clippy::panic, clippy::unwrap_used, reason = "the helpers of these tests may fail them")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tessera_boot_tests::{CORES, LIMIT, everywhere, fault_of, guest};
use tessera_run::Firmware;
use tessera_snapshot::{Snapshot, number, text};

/// The ping of the boot, and another between two snapshots.
const SCRIPT: &str = "wait ping 60\nsnapshot\nspawn --with pong ping\nwait ping 60\nsnapshot\nshutdown\n";

/// A file of this test's own.
fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("tessera-snapshot-{}-{name}", std::process::id()))
}

/// The snapshots that a machine wrote there.
fn recorded(file: &Path) -> Vec<Snapshot> {
    let recording = tessera_snapshot::read(&fs::read_to_string(file).unwrap());
    fs::remove_file(file).unwrap();
    assert_eq!(recording.dropped, []);
    recording.snapshots
}

fn sum(line: &serde_json::Value, members: &[&str]) -> u64 {
    members.iter().map(|member| number(line, member)).sum()
}

/// Each message and each call at each endpoint is accounted for, and no quantile lies before one that it contains.
fn adds_up(snapshot: &Snapshot) {
    for endpoint in &snapshot.endpoints {
        let gone = ["delivered", "rejected", "dropped", "withdrawn", "discarded", "queued", "blocked"];
        assert_eq!(number(endpoint, "offered"), sum(endpoint, &gone), "{endpoint}");
        let ended = ["replied", "caller_gone", "callee_gone", "outstanding"];
        assert_eq!(number(endpoint, "calls"), sum(endpoint, &ended), "{endpoint}");
        for what in ["waits", "answers"] {
            let histogram = &endpoint[what];
            let told = ["p50_ns", "p95_ns", "p99_ns", "max_ns"].map(|one| number(histogram, one));
            assert!(told.is_sorted(), "{endpoint}");
            let buckets = histogram["buckets"].as_array().unwrap();
            let counted: u64 = buckets.iter().map(|bucket| bucket[1].as_u64().unwrap()).sum();
            assert_eq!(counted, number(histogram, "count"), "{endpoint}");
        }
    }
}

/// Who was there before statistics began has been in one state or another ever since.
fn is_as_old_as_it_is(snapshot: &Snapshot) {
    let began_ns = number(&snapshot.machine, "stats_began");
    let states = ["ready_ns", "running_ns", "blocked_ns", "idle_ns", "suspended_ns"];
    for actor in snapshot.actors.iter().filter(|actor| ["root", "console"].contains(&text(actor, "name"))) {
        assert!(sum(actor, &states) >= snapshot.time_ns - began_ns, "since {began_ns}: {actor}");
        assert!(number(actor, "running_ns") <= number(actor, "cpu_ns"), "{actor}");
    }
}

/// Pong's endpoint.
fn pong(snapshot: &Snapshot) -> serde_json::Value {
    let mut all = snapshot.endpoints.iter();
    all.find(|endpoint| text(endpoint, "name") == "pong").cloned().unwrap_or_default()
}

/// Whether nobody calls pong: what is told of its endpoint is of one moment then.
fn is_quiet(snapshot: &Snapshot) -> bool {
    let mut pings = snapshot.actors.iter().filter(|actor| text(actor, "name") == "ping");
    pings.all(|ping| text(ping, "state") == "ended")
}

fn tells_of_the_machine(snapshots: &[Snapshot], cores: u16) {
    snapshots.iter().for_each(adds_up);
    snapshots.iter().for_each(is_as_old_as_it_is);
    let quiet: Vec<_> = snapshots.iter().filter(|snapshot| is_quiet(snapshot)).collect();
    let [first, .., last] = quiet.as_slice() else { panic!("{} snapshots", quiet.len()) };
    assert_eq!((last.cores.len(), text(&last.machine, "stats")), (usize::from(cores), "on"));
    for name in ["root", "shell", "recorder"] {
        assert!(last.actors.iter().any(|actor| text(actor, "name") == name), "no line for {name}");
    }
    // Statistics were on in between: what was delivered and answered was measured.
    let (before, after) = (pong(first), pong(last));
    let more = |member: &str| number(&after, member) - number(&before, member);
    let count =
        |endpoint: &serde_json::Value, what: &str| endpoint.get(what).map_or(0, |one| number(one, "count"));
    let measured = |what: &str| count(&after, what) - count(&before, what);
    assert!(more("replied") > 0, "{after}");
    assert_eq!((measured("waits"), measured("answers")), (more("delivered"), more("replied")), "{after}");
}

#[test]
fn a_booted_machine_records_itself_at_its_second_port() {
    everywhere(|cores| {
        let file = file(&format!("booted-{cores}"));
        let machine = guest("tessera", Firmware::Bios, cores).port(&file);
        assert_eq!(fault_of(&machine.run(SCRIPT.as_bytes(), LIMIT)), None);
        tells_of_the_machine(&recorded(&file), cores);
    });
}

#[test]
fn the_hosted_kernel_records_itself_in_a_file() {
    let program = std::env::var("TESSERA_HOSTED").unwrap_or_else(|_| panic!("TESSERA_HOSTED is not set"));
    let ramdisk = std::env::var("TESSERA_IMAGES").unwrap() + "/ramdisk.img";
    for cores in CORES {
        let file = file(&format!("hosted-{cores}"));
        let options =
            [format!("cores={cores}"), format!("ramdisk={ramdisk}"), format!("port={}", file.display())];
        // `timeout` ends it, should it hang; its status then is 124.
        let mut child = Command::new("timeout")
            .args([LIMIT.as_secs().to_string(), program.clone()])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(SCRIPT.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        tells_of_the_machine(&recorded(&file), cores);
    }
}

#[test]
fn a_machine_without_a_second_port_says_so() {
    let report = guest("tessera", Firmware::Bios, 1).run(b"snapshot\nshutdown\n", LIMIT);
    assert_eq!(fault_of(&report), None);
    let console = report.map(|report| report.console).unwrap_or_default();
    assert!(console.contains("snapshot: ") && console.contains("(not-found)"), "{console}");
}
