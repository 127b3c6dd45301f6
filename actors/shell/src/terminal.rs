//! The terminal as a client of the console's server: text out, keys in, one line being edited.
//!
//! Invariant: bytes that were read and not used yet are kept, so input that comes faster than commands run
//! is not lost.
//! Does not: own the console; other actors' lines may come between.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;

use actor_sdk::protocol::console;
use actor_sdk::{Endpoint, Error, NEVER, NOW, Outgoing};

use crate::editor::{Event, Line};
use crate::history::History;
use crate::keys::{Decoder, Key};

/// What the shell says when it waits for a command.
pub const PROMPT: &str = "tessera> ";

/// How much goes in one message.
const PIECE_BYTES: usize = 1024;

/// Clears the screen and goes to its upper left corner.
pub const CLEAR: &str = "\x1b[H\x1b[2J";

/// The terminal.
#[derive(Debug)]
pub struct Terminal {
    server: Endpoint,
    typed: VecDeque<u8>,
    decoder: Decoder,
}

impl Terminal {
    /// The terminal behind the console's server.
    #[must_use]
    pub fn new(server: Endpoint) -> Self {
        Self { server, typed: VecDeque::new(), decoder: Decoder::default() }
    }

    /// Writes text; returns when the server has taken it.
    ///
    /// # Errors
    /// Those of the call to the server.
    pub fn write(&self, text: &str) -> Result<(), Error> {
        for piece in text.as_bytes().chunks(PIECE_BYTES) {
            self.server.call_expecting(&Outgoing::new(console::WRITE).bytes(piece), 0, NEVER)?;
        }
        Ok(())
    }

    /// Whether keys wait that were read already.
    #[must_use]
    pub fn has_typed(&self) -> bool {
        !self.typed.is_empty()
    }

    /// The next key, waiting for it until the deadline.
    ///
    /// # Errors
    /// [`Error::TimedOut`] or [`Error::WouldBlock`] when none came.
    pub fn key(&mut self, deadline_ns: u64) -> Result<Key, Error> {
        loop {
            while let Some(byte) = self.typed.pop_front() {
                if let Some(key) = self.decoder.push(byte) {
                    return Ok(key);
                }
            }
            if deadline_ns == NOW {
                return Err(Error::WouldBlock);
            }
            let answer = self.server.call(&Outgoing::new(console::READ), deadline_ns)?;
            self.typed.extend(&answer.bytes);
        }
    }

    /// Reads a line with its editing; nothing when it was given up.
    ///
    /// # Errors
    /// Those of the calls to the server.
    pub fn line(&mut self, history: &mut History) -> Result<Option<String>, Error> {
        let mut line = Line::default();
        self.write(PROMPT)?;
        loop {
            match line.apply(self.key(NEVER)?) {
                Event::Finished => {
                    self.draw(&line)?;
                    self.write("\n")?;
                    return Ok(Some(line.text()));
                }
                Event::Abandoned => {
                    self.write("^C\n")?;
                    return Ok(None);
                }
                Event::EndOfInput => {
                    self.write("\nto switch off, type `shutdown`\n")?;
                    return Ok(None);
                }
                Event::Earlier => replace(&mut line, |text| history.earlier(text)),
                Event::Later => replace(&mut line, |_| history.later()),
                Event::Redraw => self.write(CLEAR)?,
                Event::Edited => {}
            }
            // Keys that are here already are handled first: one drawing serves them all.
            if !self.has_typed() {
                self.draw(&line)?;
            }
        }
    }

    /// Draws the line anew and puts the cursor where it belongs.
    fn draw(&self, line: &Line) -> Result<(), Error> {
        let back = match line.behind_cursor() {
            0 => String::new(),
            columns => format!("\x1b[{columns}D"),
        };
        self.write(&format!("\r{PROMPT}{}\x1b[K{back}", line.text()))
    }
}

fn replace<'a>(line: &mut Line, look: impl FnOnce(&str) -> Option<&'a str>) {
    if let Some(text) = look(&line.text()) {
        line.set(text);
    }
}
