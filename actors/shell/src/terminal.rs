//! The terminal as a client of the console's server: text out, keys in, one line being edited.
//!
//! Invariants: bytes that were read and not used yet are kept, so input that comes faster than commands run is not lost;
//! a server that has ended is asked of the supervisor anew, once for each call that it ended in, and what that call said
//! is said again.
//! Does not: own the console; other actors' lines may come between.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;

use actor_sdk::protocol::console;
use actor_sdk::{Capability, Clock, Endpoint, Error, Incoming, NEVER, NOW, Outgoing, renewed};
use core::time::Duration;

use crate::editor::{Event, Line};
use crate::history::History;
use crate::keys::{Decoder, Key};

/// What the shell says when it waits for a command.
pub const PROMPT: &str = "tessera> ";

/// How much goes in one message.
const PIECE_BYTES: usize = 1024;

/// Under which name the shell is granted the console's server.
pub const CONSOLE: &str = "console";

/// How long the console's server may take to return, and how often that is looked for.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(50);

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

    /// The console's server, as it was last found.
    #[must_use]
    pub const fn server(&self) -> &Endpoint {
        &self.server
    }

    /// Goes on with this server.
    pub fn lead_to(&mut self, server: Endpoint) {
        self.server = server;
    }

    /// Writes text; returns when the server has taken it.
    ///
    /// # Errors
    /// Those of the call to the server.
    pub fn write(&mut self, text: &str) -> Result<(), Error> {
        for piece in text.as_bytes().chunks(PIECE_BYTES) {
            let message = Outgoing::new(console::WRITE).bytes(piece);
            self.with_server(|server| server.call_expecting(&message, 0, NEVER))?;
        }
        Ok(())
    }

    /// Makes a call to the server, and again to the one that stands in for it if it ends meanwhile.
    fn with_server(
        &mut self,
        call: impl Fn(&Endpoint) -> Result<Incoming, Error>,
    ) -> Result<Incoming, Error> {
        match call(&self.server) {
            Err(ended @ (Error::PeerDead | Error::Closed)) => {
                self.server = returned().map_err(|_| ended)?;
                call(&self.server)
            }
            outcome => outcome,
        }
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
            let read = Outgoing::new(console::READ);
            let answer = self.with_server(|server| server.call(&read, deadline_ns))?;
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

/// The console's server once it has been started again.
fn returned() -> Result<Endpoint, Error> {
    let clock = Clock::find("clock")?;
    let until_ns = clock.after(PATIENCE)?;
    loop {
        match renewed(CONSOLE, until_ns) {
            Err(Error::Busy) if clock.now_ns()? < until_ns => clock.sleep(LOOK_EVERY)?,
            outcome => return outcome,
        }
    }
}

fn replace<'a>(line: &mut Line, look: impl FnOnce(&str) -> Option<&'a str>) {
    if let Some(text) = look(&line.text()) {
        line.set(text);
    }
}
