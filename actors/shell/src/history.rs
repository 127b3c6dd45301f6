//! The lines entered before.
//!
//! Invariants: at most [`HISTORY_MAX`] lines, no line twice in a row, none empty. While somebody looks
//! back, the line they had begun is kept.
//! Does not: survive the shell.

use alloc::collections::VecDeque;
use alloc::string::String;

/// How many lines are kept.
pub const HISTORY_MAX: usize = 100;

/// The lines, oldest first, and how far back somebody looks.
#[derive(Clone, Debug, Default)]
pub struct History {
    lines: VecDeque<String>,
    back: usize,
    draft: String,
}

impl History {
    /// Keeps a line that was entered, and stops looking back.
    pub fn push(&mut self, line: &str) {
        self.back = 0;
        if line.trim().is_empty() || self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        if self.lines.len() == HISTORY_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line.into());
    }

    /// Looks one line further back, `current` being what stands on the line now.
    pub fn earlier(&mut self, current: &str) -> Option<&str> {
        if self.back == self.lines.len() {
            return None;
        }
        if self.back == 0 {
            self.draft = current.into();
        }
        self.back += 1;
        self.line()
    }

    /// Looks one line less far back; at the end stands what had been begun.
    pub fn later(&mut self) -> Option<&str> {
        self.back = self.back.checked_sub(1)?;
        if self.back == 0 { Some(&self.draft) } else { self.line() }
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    fn line(&self) -> Option<&str> {
        self.lines.get(self.lines.len().checked_sub(self.back)?).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;

    #[test]
    fn looking_back_and_forth_ends_at_the_draft() {
        let mut history = History::default();
        history.push("ps");
        history.push("cpus");
        assert_eq!(history.earlier("dra"), Some("cpus"));
        assert_eq!(history.earlier("cpus"), Some("ps"));
        assert_eq!(history.earlier("ps"), None);
        assert_eq!(history.later(), Some("cpus"));
        assert_eq!(history.later(), Some("dra"));
        assert_eq!(history.later(), None);
    }

    #[test]
    fn empty_and_repeated_lines_are_not_kept_and_old_ones_go() {
        let mut history = History::default();
        for line in ["ps", "ps", "", "  "] {
            history.push(line);
        }
        assert_eq!(history.lines().count(), 1);
        (0..HISTORY_MAX).for_each(|number| history.push(&format!("log {number}")));
        assert_eq!(history.lines().count(), HISTORY_MAX);
        assert_eq!(history.lines().next(), Some("log 0"));
    }
}
