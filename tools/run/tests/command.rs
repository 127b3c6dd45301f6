//! The program itself, with a stand-in for QEMU: pipes, statuses, signals.

#![expect(clippy::unwrap_used, reason = "the helpers of these tests may fail them")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

const RUN: &str = env!("CARGO_BIN_EXE_tessera-run");
const FAKE: &str = env!("CARGO_BIN_EXE_tessera-fake-qemu");

fn start(script: &str) -> Child {
    Command::new(RUN)
        .args(["--limit", "60", "--qemu", FAKE, "--options", script, FAKE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn piped(script: &str, input: &str) -> Output {
    let mut child = start(script);
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn pipe_reaches_the_guest_and_its_status_comes_back() {
    let output = piped("early ready line line exit:3", "one\ntwo\n");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "early 0\r\nconsole ready\r\nline one\r\nline two\r\n"
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "tessera-run: the guest exited with 3\n");
}

#[test]
fn power_off_is_silent_success() {
    let output = piped("ready off", "");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn epitaph_is_repeated_and_never_a_success() {
    let output = piped("say:EPITAPH_page_fault off", "");
    assert_eq!(output.status.code(), Some(122));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "tessera-run: the kernel died:\nEPITAPH page fault\n"
    );
}

#[test]
fn signal_ends_the_guest_too() {
    let mut child = start("pid hang");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let guest = line.trim().strip_prefix("pid ").unwrap().to_owned();
    // By a call and not by `kill(1)`, which a small Debian does not have.
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    assert!(!Path::new("/proc").join(guest).exists());
}

#[test]
fn log_gets_what_was_printed() {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("console.log");
    let status = Command::new(RUN)
        .args(["--qemu", FAKE, "--options", "say:hello off", "--log"])
        .args([log.as_os_str(), FAKE.as_ref()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(std::fs::read_to_string(log).unwrap(), "hello\r\n");
}

#[test]
fn mistake_on_the_command_line_is_named() {
    let output = Command::new(RUN).args(["--smp", "x", "a.img"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("tessera-run: --smp cannot be x\n"));
}

#[test]
fn qemu_that_fails_is_quoted() {
    let output = piped("fail", "");
    assert_eq!(output.status.code(), Some(125));
    assert!(String::from_utf8_lossy(&output.stderr).contains("qemu: no such machine"));
}
