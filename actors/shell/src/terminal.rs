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
    /// What stands on the line behind the prompt, if the cursor is at its end.
    shown: Option<String>,
}

impl Terminal {
    /// The terminal behind the console's server.
    #[must_use]
    pub fn new(server: Endpoint) -> Self {
        Self { server, typed: VecDeque::new(), decoder: Decoder::default(), shown: None }
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
        self.shown = Some(String::new());
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
                Event::Redraw => {
                    self.write(CLEAR)?;
                    self.shown = None;
                }
                Event::Edited => {}
            }
            // Keys that are here already are handled first: one drawing serves them all.
            if !self.has_typed() {
                self.draw(&line)?;
            }
        }
    }

    /// Draws what has changed: what was typed behind the rest alone, or else the whole line anew.
    fn draw(&mut self, line: &Line) -> Result<(), Error> {
        let (text, behind_cursor) = (line.text(), line.behind_cursor());
        let added = self.shown.as_ref().and_then(|shown| text.strip_prefix(shown.as_str()));
        match added.filter(|_| behind_cursor == 0) {
            Some(added) => self.write(added)?,
            None if behind_cursor == 0 => self.write(&format!("\r{PROMPT}{text}\x1b[K"))?,
            None => self.write(&format!("\r{PROMPT}{text}\x1b[K\x1b[{behind_cursor}D"))?,
        }
        self.shown = (behind_cursor == 0).then_some(text);
        Ok(())
    }
}

fn replace<'a>(line: &mut Line, look: impl FnOnce(&str) -> Option<&'a str>) {
    if let Some(text) = look(&line.text()) {
        line.set(text);
    }
}
