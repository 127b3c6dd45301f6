//! The options line: `name=value` words that choose what a kernel may be told to.
//!
//! Owns the names. Invariant: an unknown name or a value out of range refuses the boot with a line
//! that says which and what would do; nothing is guessed. Words for the host's own backend (`cores`,
//! `ramdisk`, `port`) are known and left to it.

use crate::text;
use core::time::Duration;
use tessera_abi::Text;
use tessera_core::kernel::Config;

/// What is wrong with a word of the line.
#[derive(Debug)]
pub enum Wrong<'a> {
    /// No such name.
    Unknown(&'a str),
    /// A value that is no number in the range.
    Value {
        /// The word.
        word: &'a str,
        /// The least and the most that would do.
        range: (u64, u64),
    },
}

impl Wrong<'_> {
    /// The line to show.
    pub fn text(&self) -> Text<256> {
        match self {
            Wrong::Unknown(word) => text(format_args!(
                "option `{word}` is not known; there are slice-ms=N, quantum=N, stacks=N, actors=N"
            )),
            Wrong::Value { word, range: (least, most) } => {
                text(format_args!("option `{word}` wants a number from {least} to {most}"))
            }
        }
    }
}

/// The configuration that the line chooses.
///
/// # Errors
/// The first word that is wrong.
pub fn parse(line: &str) -> Result<Config, Wrong<'_>> {
    let mut config = Config::default();
    for word in line.split_whitespace() {
        let (name, value) = word.split_once('=').ok_or(Wrong::Unknown(word))?;
        let number = |least: u64, most: u64| {
            let value = value.parse().ok().filter(|value| (least..=most).contains(value));
            value.ok_or(Wrong::Value { word, range: (least, most) })
        };
        match name {
            "cores" | "ramdisk" | "port" => {}
            "slice-ms" => config.slice = Duration::from_millis(number(1, 1000)?),
            "quantum" => config.quantum_fuel = number(128, 100_000_000)? as u32,
            "stacks" => config.stacks_max = number(8, 1 << 20)? as usize,
            "actors" => config.actors_max = number(1, 1 << 20)? as usize,
            _ => return Err(Wrong::Unknown(word)),
        }
    }
    Ok(config)
}
