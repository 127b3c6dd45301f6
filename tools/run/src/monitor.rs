//! Listens to QEMU's monitor (QMP): did the guest reset itself, or switch itself off?
//!
//! Owns: the monitor's socket. The exit status alone cannot tell a triple fault from a power-off. QMP is
//! JSON, a message a line; the two events are told by their names and reasons, so no JSON parser is needed
//! (QMP's specification, sections 2.4 and 2.5). It gives no commands but the greeting's answer.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

/// What QEMU told of the guest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum News {
    /// The guest reset itself and starts anew.
    Restarted,
    /// The guest reset itself, and QEMU ends for it.
    EndsByReset,
}

/// Calls `tell` for every piece of news, until QEMU closes the socket.
pub(crate) fn listen(monitor: UnixStream, mut tell: impl FnMut(News)) {
    let Ok(mut answers) = monitor.try_clone() else { return };
    // Events come only after the greeting has been answered. A failed write is a QEMU that has ended.
    if answers.write_all(b"{\"execute\":\"qmp_capabilities\"}\n").is_err() {
        return;
    }
    let lines = BufReader::new(monitor).lines();
    lines.map_while(Result::ok).filter_map(|line| news(&line)).for_each(&mut tell);
}

fn news(line: &str) -> Option<News> {
    let dense: String = line.split_whitespace().collect();
    let by_guest = dense.contains(r#""reason":"guest-reset""#);
    match dense {
        _ if by_guest && dense.contains(r#""event":"RESET""#) => Some(News::Restarted),
        _ if by_guest && dense.contains(r#""event":"SHUTDOWN""#) => Some(News::EndsByReset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: &str = r#"{"timestamp": {"seconds": 1, "microseconds": 2}, "#;

    #[test]
    fn guest_reset_is_a_restart() {
        let line =
            format!(r#"{STAMP}"event": "RESET", "data": {{"guest": true, "reason": "guest-reset"}}}}"#);
        assert_eq!(news(&line), Some(News::Restarted));
    }

    #[test]
    fn shutdown_for_a_reset_is_an_end() {
        let line =
            format!(r#"{STAMP}"event": "SHUTDOWN", "data": {{"guest": true, "reason": "guest-reset"}}}}"#);
        assert_eq!(news(&line), Some(News::EndsByReset));
    }

    #[test]
    fn power_off_and_greeting_are_no_news() {
        let off =
            format!(r#"{STAMP}"event": "SHUTDOWN", "data": {{"guest": true, "reason": "guest-shutdown"}}}}"#);
        assert_eq!(news(&off), None);
        assert_eq!(news(r#"{"QMP": {"version": {}, "capabilities": ["oob"]}}"#), None);
        assert_eq!(news("not json"), None);
    }
}
