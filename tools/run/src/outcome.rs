//! How a run ended, and what that is as a process status.
//!
//! Owns: the one mapping from QEMU's end to ours. The exit device makes QEMU end with `(code << 1) | 1`,
//! of which the host keeps eight bits, so a guest's code is 0 to 127. ACPI power-off makes QEMU end with
//! 0, and so does a reset under `-no-reboot`: the monitor's last word tells the two apart.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;
use std::{fmt, io};

/// How a guest's run ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The guest switched itself off.
    PoweredOff,
    /// The guest wrote this code (0 to 127) to the exit device.
    Exited(u8),
    /// The guest reset where that was not expected: a triple fault, mostly.
    Reset,
    /// The kernel printed an epitaph and did not end by itself.
    Epitaph,
    /// The time limit was reached.
    TimedOut,
    /// Somebody at the terminal ended the session.
    Quit,
    /// This process was told to end by signal number so-and-so.
    Signalled(i32),
    /// QEMU itself failed; its own words.
    Broken(String),
}

/// All there is to say about a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// The kernel's epitaph and the lines that followed it, if it left one.
    pub epitaph: Option<String>,
    /// What the guest printed (the first 16 MiB), as far as it is text.
    pub console: String,
    /// How often the guest reset itself when its console was ready, and went on.
    pub resets: u32,
    /// From QEMU's start to its end.
    pub elapsed: Duration,
    /// From QEMU's start to the guest's ready text, if that came.
    pub ready_after: Option<Duration>,
}

/// Why a guest could not be started.
#[derive(Debug)]
pub enum StartError {
    /// The scratch folder or its sockets could not be made.
    Scratch(io::Error),
    /// The firmware's files are not where the package `ovmf` puts them.
    Firmware(io::Error),
    /// There is no such image.
    Image(PathBuf),
    /// QEMU could not be started (package `qemu-system-x86`).
    Qemu(io::Error),
    /// QEMU ended, or said nothing, before its console was connected; its own words.
    Unconnected(String),
}

/// How the kernel's own statuses and those of the runner are told apart: the runner's are above 120.
const RESET: u8 = 121;
const EPITAPH: u8 = 122;
const TIMED_OUT: u8 = 124;
const BROKEN: u8 = 125;
const SIGNALLED: u8 = 128;

impl Outcome {
    /// What QEMU's own end means; `printed` says whether the guest ever printed a byte.
    ///
    /// QEMU ends with 1 on bad arguments, just as it does when a guest exits with 0. A guest that never
    /// said a word did not get as far as an exit, so silence decides.
    pub(crate) fn of_qemu(status: ExitStatus, reset: bool, printed: bool, complaint: &str) -> Self {
        match status.code() {
            Some(0) if reset => Self::Reset,
            Some(0) => Self::PoweredOff,
            Some(code) if code & 1 == 1 && printed => {
                Self::Exited(u8::try_from(code >> 1).unwrap_or(u8::MAX))
            }
            _ => Self::Broken(format!("{status}: {}", complaint.trim())),
        }
    }

    /// The status that the runner ends with: 0 for a power-off, an exit with 0 and for Ctrl-A X.
    pub fn status(&self) -> u8 {
        match self {
            Self::PoweredOff | Self::Quit => 0,
            Self::Exited(code) => *code,
            Self::Reset => RESET,
            Self::Epitaph => EPITAPH,
            Self::TimedOut => TIMED_OUT,
            Self::Signalled(number) => SIGNALLED.saturating_add(u8::try_from(*number).unwrap_or(u8::MAX)),
            Self::Broken(_) => BROKEN,
        }
    }
}

impl Report {
    /// The status that the runner ends with: as its outcome's, but never 0 after an epitaph.
    pub fn status(&self) -> u8 {
        match self.outcome.status() {
            0 if self.epitaph.is_some() => EPITAPH,
            status => status,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PoweredOff => f.write_str("the guest switched itself off"),
            Self::Exited(code) => write!(f, "the guest exited with {code}"),
            Self::Reset => f.write_str("the guest reset unexpectedly"),
            Self::Epitaph => f.write_str("the kernel died"),
            Self::TimedOut => f.write_str("the time limit was reached"),
            Self::Quit => f.write_str("ended at the terminal"),
            Self::Signalled(number) => write!(f, "ended by signal {number}"),
            Self::Broken(words) => write!(f, "QEMU failed: {words}"),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scratch(error) => write!(f, "cannot make the scratch folder: {error}"),
            Self::Firmware(error) => write!(f, "cannot copy OVMF's variable store (package ovmf): {error}"),
            Self::Image(path) => write!(f, "there is no image {}; `make image` builds it", path.display()),
            Self::Qemu(error) => write!(f, "cannot start QEMU (package qemu-system-x86): {error}"),
            Self::Unconnected(words) => write!(f, "QEMU did not come up: {}", words.trim()),
        }
    }
}

impl std::error::Error for StartError {}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn exited(code: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8)
    }

    #[test]
    fn exit_device_codes_come_back() {
        for code in 0..=127_u8 {
            let qemu = i32::from(code) << 1 | 1;
            assert_eq!(Outcome::of_qemu(exited(qemu), false, true, ""), Outcome::Exited(code));
            assert_eq!(Outcome::Exited(code).status(), code);
        }
    }

    #[test]
    fn silent_end_with_one_is_qemus_own_failure() {
        let outcome = Outcome::of_qemu(exited(1), false, false, "no such device\n");
        assert_eq!(outcome, Outcome::Broken("exit status: 1: no such device".to_owned()));
        assert_eq!(outcome.status(), 125);
    }

    #[test]
    fn power_off_and_reset_both_end_with_zero_and_differ() {
        assert_eq!(Outcome::of_qemu(exited(0), false, true, "").status(), 0);
        assert_eq!(Outcome::of_qemu(exited(0), true, true, ""), Outcome::Reset);
    }

    #[test]
    fn qemu_killed_is_broken() {
        let outcome = Outcome::of_qemu(ExitStatus::from_raw(11), false, true, "");
        assert!(matches!(outcome, Outcome::Broken(_)), "{outcome}");
    }

    #[test]
    fn signals_follow_the_shells_custom() {
        assert_eq!(Outcome::Signalled(15).status(), 143);
    }

    #[test]
    fn epitaph_is_never_a_success() {
        let report = Report {
            outcome: Outcome::PoweredOff,
            epitaph: Some("EPITAPH".to_owned()),
            console: String::new(),
            resets: 0,
            elapsed: Duration::ZERO,
            ready_after: None,
        };
        assert_eq!(report.status(), 122);
    }
}
