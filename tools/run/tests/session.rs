//! The library against a stand-in for QEMU: what a session promises, promise by promise.

#![expect(clippy::unwrap_used, reason = "the helpers of these tests may fail them")]

use std::path::Path;
use std::time::Duration;

use tessera_run::{Guest, Input, Outcome, Report, Resets, Rules, StartError, Stop};

const FAKE: &str = env!("CARGO_BIN_EXE_tessera-fake-qemu");
/// Long enough that only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(60);

fn guest(script: &str) -> Guest {
    Guest::new(FAKE).qemu(FAKE).options(script)
}

fn played(script: &str, input: &[u8]) -> Report {
    guest(script).run(input, LIMIT).unwrap()
}

fn followed(script: &str, input: &[u8]) -> Report {
    let rules = Rules { resets: Resets::Follow, ..Rules::of_test(LIMIT) };
    guest(script).start(Input::Bytes(input.to_vec()), rules).unwrap().finish(|_bytes| Ok(()))
}

/// The process of that number runs (a reaped one has no entry).
fn runs(pid: &str) -> bool {
    Path::new("/proc").join(pid).exists()
}

fn pid_of(report: &Report) -> &str {
    report.console.lines().find_map(|line| line.strip_prefix("pid ")).unwrap()
}

#[test]
fn input_is_held_back_until_the_console_is_ready() {
    let report = played("say:boot early ready line off", b"hello\n");
    assert_eq!(report.outcome, Outcome::PoweredOff);
    assert!(report.console.contains("early 0\r\n"), "{}", report.console);
    assert!(report.console.ends_with("line hello\r\n"), "{}", report.console);
}

#[test]
fn the_stand_in_would_notice_early_input() {
    let rules = Rules { ready: String::new(), ..Rules::of_test(LIMIT) };
    let session = guest("early off").start(Input::Bytes(b"hello\n".to_vec()), rules).unwrap();
    assert!(session.finish(|_bytes| Ok(())).console.contains("early 6\r\n"));
}

#[test]
fn hundred_kilobytes_arrive_whole_and_in_order() {
    let mut input: Vec<u8> = (0..100_000_u32).map(|n| b' ' + u8::try_from(n % 89).unwrap()).collect();
    input.push(0x04);
    let report = played("ready echo off", &input);
    assert_eq!(report.console.as_bytes().strip_prefix(b"console ready\r\n"), Some(input.as_slice()));
}

#[test]
fn end_of_input_is_not_the_end_of_the_session() {
    let report = played("ready line say:still_here exit:7", b"last\n");
    assert_eq!(report.outcome, Outcome::Exited(7));
    assert!(report.console.ends_with("still here\r\n"), "{}", report.console);
}

#[test]
fn epitaph_comes_with_the_exit_code() {
    let report = played("say:EPITAPH_panic_at_x.rs:1 say:__core_1 exit:101", b"");
    assert_eq!(report.outcome, Outcome::Exited(101));
    assert_eq!(report.epitaph.as_deref(), Some("EPITAPH panic at x.rs:1\n  core 1"));
}

#[test]
fn kernel_that_hangs_after_its_epitaph_is_ended() {
    let report = played("pid say:EPITAPH hang", b"");
    assert_eq!(report.outcome, Outcome::Epitaph);
    assert!(!runs(pid_of(&report)));
}

#[test]
fn time_limit_ends_a_guest_that_hangs() {
    let report = guest("pid hang").run(b"", Duration::from_millis(300)).unwrap();
    assert_eq!(report.outcome, Outcome::TimedOut);
    assert!(!runs(pid_of(&report)));
}

#[test]
fn reset_in_a_test_is_told_from_a_power_off() {
    assert_eq!(played("say:boot end-by-reset off", b"").outcome, Outcome::Reset);
    assert_eq!(played("say:boot off", b"").outcome, Outcome::PoweredOff);
}

#[test]
fn resetting_over_and_over_without_getting_ready_is_a_failure() {
    let report = followed(&format!("pid say:boot {}hang", "reset ".repeat(9)), b"");
    assert_eq!(report.outcome, Outcome::Reset);
    assert!(!runs(pid_of(&report)));
}

#[test]
fn reset_of_a_ready_guest_is_followed_through_the_firmwares_own() {
    // The line that the guest waits for makes sure that its first `ready` was seen before the reset.
    let report = followed("ready line reset reset reset say:boot ready off", b"reboot\n");
    assert_eq!(report.outcome, Outcome::PoweredOff, "{}", report.console);
    assert_eq!(report.resets, 1);
}

#[test]
fn qemu_that_does_not_come_up_is_quoted() {
    match guest("fail").run(b"", LIMIT) {
        Err(StartError::Unconnected(words)) => assert_eq!(words, "qemu: no such machine\n"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn image_that_is_not_there_is_named() {
    let report = Guest::new("/nowhere/a.img").qemu(FAKE).run(b"", LIMIT);
    assert!(
        matches!(&report, Err(StartError::Image(path)) if path == Path::new("/nowhere/a.img")),
        "{report:?}"
    );
}

#[test]
fn qemu_that_is_not_there_is_an_error() {
    let report = Guest::new(FAKE).qemu("/nowhere/qemu").run(b"", LIMIT);
    assert!(matches!(report, Err(StartError::Unconnected(_) | StartError::Qemu(_))), "{report:?}");
}

#[test]
fn session_is_stopped_from_another_thread() {
    let session = guest("pid hang").start(Input::None, Rules::of_test(LIMIT)).unwrap();
    let (stopper, pid) = (session.stopper(), session.process().to_string());
    let report = session.finish(|_bytes| {
        stopper.stop(Stop::Signal(15));
        Ok(())
    });
    assert_eq!(report.outcome, Outcome::Signalled(15));
    assert!(!runs(&pid));
}

#[test]
fn dropped_session_leaves_no_process() {
    let session = guest("hang").start(Input::None, Rules::of_test(LIMIT)).unwrap();
    let pid = session.process().to_string();
    assert!(runs(&pid));
    drop(session);
    assert!(!runs(&pid));
}

#[test]
fn sink_that_fails_ends_the_session() {
    let session = guest("say:x hang").start(Input::None, Rules::of_test(LIMIT)).unwrap();
    let report = session.finish(|_bytes| Err(std::io::ErrorKind::BrokenPipe.into()));
    assert_eq!(report.outcome, Outcome::Signalled(13));
}

#[test]
fn guests_run_side_by_side() {
    let threads: Vec<_> = (0..8_u8)
        .map(|n| {
            std::thread::spawn(move || played(&format!("ready line exit:{n}"), format!("{n}\n").as_bytes()))
        })
        .collect();
    for (n, thread) in (0..8_u8).zip(threads) {
        let report = thread.join().unwrap();
        assert_eq!(report.outcome, Outcome::Exited(n));
        assert!(report.console.ends_with(&format!("line {n}\r\n")), "{}", report.console);
    }
}
