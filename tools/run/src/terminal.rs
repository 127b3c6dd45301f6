//! The terminal in raw mode, and back.
//!
//! Owns: the terminal's settings while a [`RawTerminal`] lives; it restores what it found. Raw, so that
//! the guest's shell does its own echo and line editing and gets Ctrl-C; output keeps its usual treatment,
//! because our own messages end in a bare newline.

use std::io::{self, IsTerminal};

use rustix::termios::{self, OptionalActions, OutputModes, Termios};

/// Standard input as a raw terminal, until dropped.
pub struct RawTerminal(Termios);

impl RawTerminal {
    /// Makes standard input raw; `None` when it is no terminal.
    pub fn enter() -> Option<Self> {
        let input = io::stdin();
        if !input.is_terminal() {
            return None;
        }
        let found = termios::tcgetattr(&input).ok()?;
        let mut raw = found.clone();
        raw.make_raw();
        raw.output_modes |= found.output_modes & (OutputModes::OPOST | OutputModes::ONLCR);
        termios::tcsetattr(&input, OptionalActions::Now, &raw).ok()?;
        Some(Self(found))
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // The terminal may be gone (a hang-up); then nothing is left to restore.
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
