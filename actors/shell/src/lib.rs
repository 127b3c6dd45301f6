//! The command line: reads a line, runs it, and says what came of it.
//!
//! Owns: nothing but its own line and history; what it may see and do is what the manifest grants it.
//! Invariant: a command that is refused says why and the shell goes on; only a lost terminal ends it.
//! Does not: draw or echo by itself when nobody types.
#![no_std]

extern crate alloc;

pub mod commands;
pub mod editor;
pub mod format;
pub mod history;
pub mod keys;
mod started;
pub mod terminal;
pub mod words;

use alloc::string::String;
use alloc::vec::Vec;

use actor_sdk::{Capability, Clock, Endpoint, Error, Log, Spawner, System};

use history::History;
use started::Started;
use terminal::{CONSOLE, Terminal};

const BANNER: &str =
    "Tessera: every actor here holds capabilities and nothing else. `help` lists the commands.\n";

/// The shell with what it was granted.
#[derive(Debug)]
pub struct Shell {
    terminal: Terminal,
    history: History,
    clock: Clock,
    log: Log,
    spawner: Spawner,
    system: System,
    started: Started,
    /// Endpoints that the supervisor gave anew, under the names of those that they stand for.
    renewed: Vec<(String, Endpoint)>,
}

impl Shell {
    /// Finds everything that the shell needs.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the manifest does not grant it.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            terminal: Terminal::new(Endpoint::find(CONSOLE)?),
            history: History::default(),
            clock: Clock::find("clock")?,
            log: Log::find("log")?,
            spawner: Spawner::find("spawner")?,
            system: System::find("system")?,
            started: Started::default(),
            renewed: Vec::new(),
        })
    }

    /// Does something with the endpoint of this name. What the supervisor gave anew comes before what the shell found.
    fn with_endpoint<T>(
        &self,
        name: &str,
        act: impl FnOnce(&Endpoint) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if name == CONSOLE {
            return act(self.terminal.server());
        }
        match self.renewed.iter().find(|(known, _)| known == name) {
            Some((_, endpoint)) => act(endpoint),
            None => act(&Endpoint::find(name)?),
        }
    }

    /// Reads and runs one line.
    ///
    /// # Errors
    /// When the terminal is lost.
    pub fn step(&mut self) -> Result<(), Error> {
        if let Some(line) = self.terminal.line(&mut self.history)? {
            self.history.push(&line);
            commands::run(self, &line)?;
        }
        Ok(())
    }
}

fn run() -> Result<(), Error> {
    let mut shell = Shell::new()?;
    shell.terminal.write(BANNER)?;
    loop {
        shell.step()?;
    }
}
actor_sdk::main!(run);

#[cfg(test)]
mod tests;
