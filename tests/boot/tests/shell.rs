//! The whole system, as a person meets it: a script goes in, the shell answers, the status is the guest's.
//!
//! Each property is shown in QEMU; those that need no machine also by the hosted kernel, whose program is in
//! TESSERA_HOSTED. Answers are looked for by what they say, not by how they are laid out.

#![expect(clippy::panic, clippy::unwrap_used, reason = "the helpers of these tests may fail them")]

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use tessera_boot_tests::{CORES, LIMIT, guest};
use tessera_run::{Firmware, Input, Outcome, Resets, Rules};

/// Every actor of ramdisk/system.toml that is there for as long as the system is.
const LASTING: [&str; 5] = ["root", "console", "keyboard", "shell", "echo"];
const TOUR: &str = "help\ncpus\nps\ncaps shell\nshutdown\n";

/// What a script makes the machine print; it has to end by switching itself off.
fn played(firmware: Firmware, cores: u16, script: &str) -> String {
    let report = guest("tessera", firmware, cores).run(script.as_bytes(), LIMIT).unwrap();
    assert_eq!((report.outcome, report.epitaph), (Outcome::PoweredOff, None), "{}", report.console);
    report.console
}

/// The same by the hosted kernel.
fn hosted(cores: u16, script: &str) -> String {
    let program = std::env::var("TESSERA_HOSTED").unwrap_or_else(|_| panic!("TESSERA_HOSTED is not set"));
    let ramdisk = std::env::var("TESSERA_IMAGES").unwrap() + "/ramdisk.img";
    // `timeout` ends it, should it hang; its status then is 124.
    let mut child = Command::new("timeout")
        .args([
            &LIMIT.as_secs().to_string(),
            &program,
            &format!("cores={cores}"),
            &format!("ramdisk={ramdisk}"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let console = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}: {console}", output.status);
    console
}

/// How many lines begin so, whatever the shell drew before them.
fn lines_with(console: &str, start: &str) -> usize {
    console.lines().filter(|line| line.trim_start().starts_with(start)).count()
}

/// The tour's answers: a line a core with its figures, a line an actor, the shell's capabilities.
fn shows_the_system(console: &str, cores: u16) {
    for core in 0..cores {
        let line = console.lines().find(|line| line.starts_with(&format!("cpu{core}"))).unwrap_or_default();
        for figure in ["ticks", "switches", "steals", "IPIs", "longest guarded"] {
            assert!(line.contains(figure), "cpu{core} without {figure}: {console}");
        }
    }
    assert_eq!(lines_with(console, &format!("cpu{cores}")), 0, "{console}");
    for actor in LASTING {
        let known = console.lines().any(|line| line.split_whitespace().nth(1) == Some(actor));
        assert!(known, "no line for {actor}: {console}");
    }
    let rights = console.lines().any(|line| line.contains("system") && line.contains("inspect+power"));
    assert!(rights, "no capability with rights: {console}");
}

#[test]
fn script_tours_the_system_on_every_machine() {
    for cores in CORES {
        shows_the_system(&played(Firmware::Bios, cores, TOUR), cores);
    }
}

#[test]
fn script_tours_the_system_by_uefi() {
    shows_the_system(&played(Firmware::Uefi, 4, TOUR), 4);
}

#[test]
fn script_tours_the_hosted_system() {
    for cores in CORES {
        shows_the_system(&hosted(cores, TOUR), cores);
    }
}

/// The clock is handed on by root; everybody who has it is listed, counted, and loses it.
#[test]
fn authority_is_asked_for_and_taken_back_by_the_shell() {
    let script = "spawn --draft --name d --with pong --for 1 ping\nwait pong 2\nwho-can d 2\nwho-can root 1\nrevoke --dry-run root 1\nrevoke root 1\nwho-can root 1\ncaps shell\nshutdown\n";
    for console in [played(Firmware::Bios, 2, script), hosted(2, script)] {
        let (before, after) = console.split_once("took back").unwrap_or((&console, ""));
        for holder in ["root", "shell", "clock"] {
            let listed = before.lines().any(|line| line.starts_with(holder) && line.contains("usable"));
            assert!(listed, "{holder} is not listed: {console}");
        }
        let expired = before.lines().any(|line| line.starts_with("d ") && line.contains("expired"));
        assert!(expired, "what d has no time left for does not say so: {console}");
        assert!(before.contains("would take back"), "{console}");
        let left = after.lines().filter(|line| line.contains("usable")).count();
        assert_eq!(left, 1, "only root keeps it: {console}");
        let slot = after.lines().any(|line| line.contains("clock") && line.contains("revoked"));
        assert!(slot, "the shell's slot does not say so: {console}");
    }
}

/// A draft is handed what it is to have and waits for its resume, a suspended actor too, and both show in the list;
/// who cannot be asked to end is ended.
#[test]
fn actors_are_held_back_and_let_go_by_the_shell() {
    let script = "spawn --draft --name d primes 10\ngrant d pong\nsuspend echo\nps\ncaps d\nresume echo\nresume d\n\
        wait d 60\nps\nspawn --draft --name e primes 10\nterminate e\nwait e 60\nshutdown\n";
    for console in [played(Firmware::Bios, 2, script), hosted(2, script)] {
        // In the rows of `ps`, below its last column's head.
        let state = |text: &str, name: &str| {
            let mut words = text
                .split_once("MODULE")
                .unwrap_or_default()
                .1
                .lines()
                .map(|line| line.split_whitespace().skip(1));
            words.find_map(
                |mut words| if words.next() == Some(name) { words.next().map(String::from) } else { None },
            )
        };
        let (before, after) = console.split_once("d exited with 0").unwrap_or((&console, ""));
        for (name, shown) in [("d", "draft"), ("echo", "suspended")] {
            assert_eq!(state(before, name).as_deref(), Some(shown), "{name}: {console}");
        }
        let handed = before.lines().any(|line| line.contains("pong") && line.contains("endpoint"));
        assert!(handed && after.contains("e ended: killed"), "{console}");
        assert_eq!(state(after, "echo").as_deref(), Some("idle"), "{console}");
    }
}

/// An actor lives in the account that the manifest gives it, which is whole again when it has ended, but for the fuel that it
/// has used: the same on each machine.
#[test]
fn accounts_are_shown_by_the_shell() {
    let script = "accounts\nwait primes 60\naccounts\nshutdown\n";
    let mut billed = Vec::new();
    for console in [played(Firmware::Bios, 2, script), hosted(2, script)] {
        let rows: Vec<&str> = console.lines().filter(|line| line.starts_with("  primes ")).collect();
        let [first, ended] = rows[..] else { panic!("two rows of its account: {console}") };
        // On a fast machine it may have ended before the first command.
        assert_eq!(first.contains("64 of 64"), first.contains("1 of 1"), "{first}");
        assert!(first.contains("1 of 1") || first == ended, "{first}");
        assert!(
            ended.contains(" 0 B of 2 MiB ") && ended.contains("0 of 64") && ended.contains("0 of 1"),
            "{ended}"
        );
        assert!(console.contains("machine "), "{console}");
        let fuel = ended.split("  ").map(str::trim).find_map(|cell| cell.strip_suffix(" of 100000000"));
        billed.push(fuel.unwrap_or_else(|| panic!("no fuel: {ended}")).to_owned());
    }
    assert!(billed[0] == billed[1] && billed[0] != "0", "{billed:?}");
}

/// Echo is killed and returns, three times; the fourth is too often, and it stays down while the others go on.
#[test]
fn a_killed_service_returns_until_it_is_too_often() {
    let killed = "kill echo\nwait clock 2\n";
    let script = killed.repeat(3) + "restarts\n" + killed + "log 40\nps\nshutdown\n";
    for console in [played(Firmware::Bios, 2, &script), hosted(2, &script)] {
        assert_eq!(console.matches("root: echo is started again").count(), 3, "{console}");
        let told = "echo ended once more after 3 restarts within 10000 ms: it stays down";
        assert!(console.contains(told), "{console}");
        let counted = |line: &str| line.split_whitespace().skip(1).take(3).eq(["echo", "3", "0"]);
        let row = console.lines().find(|line| counted(line)).unwrap_or_default();
        assert!(row.ends_with("killed"), "{console}");
        let listed = console.rsplit_once("MODULE").unwrap_or_default().1;
        let has = |name| listed.lines().any(|line| line.split_whitespace().nth(1) == Some(name));
        assert!(!has("echo") && has("pong") && has("shell"), "{console}");
    }
}

/// Pong is killed and returns; a client with the old endpoint is told that it is closed (12), one with the new one is
/// answered, and there is nothing newer to be had.
#[test]
fn a_client_gets_through_to_the_service_that_returned() {
    let script = "kill pong\nwait clock 2\nspawn --name old --with pong ping 10\nwait old 60\nrenew pong\n\
        spawn --name new --with pong ping 10\nwait new 60\nrenew pong\nshutdown\n";
    for console in [played(Firmware::Bios, 2, script), hosted(2, script)] {
        for told in ["old exited with 12", "pong leads to the new one", "new exited with 0", "(busy)"] {
            assert!(console.contains(told), "{told}: {console}");
        }
    }
}

#[test]
fn every_line_of_a_long_script_reaches_the_shell() {
    let script = "uptime\n".repeat(150) + "shutdown\n";
    assert_eq!(lines_with(&played(Firmware::Bios, 2, &script), "up "), 150);
    assert_eq!(lines_with(&hosted(2, &script), "up "), 150);
}

#[test]
fn unknown_command_is_answered_with_help() {
    let answer = "there is no command `hlep`; did you mean `help`?";
    assert!(played(Firmware::Bios, 1, "hlep\nshutdown\n").contains(answer));
}

#[test]
fn reboot_comes_back_to_the_shell() {
    let rules = Rules { resets: Resets::Follow, ..Rules::of_test(LIMIT) };
    let (input, mut typing) = UnixStream::pair().unwrap();
    let session = guest("tessera", Firmware::Bios, 2).start(Input::Pipe(Box::new(input)), rules).unwrap();
    let (mut seen, mut boots) = (String::new(), 0);
    let report = session.finish(|bytes| {
        seen.push_str(&String::from_utf8_lossy(bytes));
        // A command a boot, typed when that boot has printed its ready text.
        let now = lines_with(&seen, "console ready");
        if now == std::mem::replace(&mut boots, now) {
            return Ok(());
        }
        typing.write_all(if now == 1 { b"reboot\n" } else { b"shutdown\n" })
    });
    assert_eq!((report.outcome, report.resets), (Outcome::PoweredOff, 1), "{}", report.console);
}
