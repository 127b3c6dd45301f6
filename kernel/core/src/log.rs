//! The kernel's log: the last lines, numbered.
//!
//! Owns a ring of [`CAPACITY`] entries, made at the start, so that logging never allocates and
//! nobody's flood costs more than the oldest lines. Lines are numbered from 1 without a gap.
//! Lines of level warn and above also go to the console. Lock: its own, rank `LOG`; the console is
//! written outside it.

use crate::ranks;
use alloc::vec::Vec;
use core::fmt;
use khal::sync::Mutex;
use tessera_abi::inspect::LogEntry;
use tessera_abi::{Level, Line, Name};

/// Lines that are kept.
pub const CAPACITY: usize = 512;

struct Ring {
    entries: Vec<LogEntry>,
    /// The sequence number of the next line.
    next: u64,
}

/// Who writes a line.
#[derive(Clone, Copy, Debug)]
pub struct Writer {
    /// The actor's id; 0 for the kernel.
    pub id: u64,
    /// The actor's name.
    pub name: Name,
}

impl Writer {
    /// The kernel itself.
    pub fn kernel() -> Self {
        Writer { id: 0, name: Name::new_truncated("kernel") }
    }
}

/// See the module.
pub struct Log {
    ring: Mutex<Ring>,
}

impl Log {
    /// An empty log. For the kernel's start: allocates as it likes.
    pub fn new() -> Self {
        Log { ring: Mutex::new(ranks::LOG, Ring { entries: Vec::with_capacity(CAPACITY), next: 1 }) }
    }

    /// Appends one line, cut at its longest.
    pub fn write(&self, level: Level, who: Writer, what: fmt::Arguments<'_>) {
        let mut line = Line::EMPTY;
        // A cut line is still the best there is to tell.
        let _cut = fmt::Write::write_fmt(&mut line, what);
        let time_ns = khal::time::now().as_nanos();
        let mut ring = self.ring.lock();
        let entry = LogEntry {
            sequence: ring.next,
            time_ns,
            actor: who.id,
            core: khal::cpu::current().index() as u32,
            level,
            name: who.name,
            text: line,
        };
        ring.next += 1;
        match ring.entries.get_mut(seat(entry.sequence)) {
            Some(oldest) => *oldest = entry,
            None => ring.entries.push(entry),
        }
        drop(ring);
        if level <= Level::Warn {
            print(&entry);
        }
    }

    /// The first line that is still kept with this sequence number or a later one.
    pub fn read(&self, sequence: u64) -> Option<LogEntry> {
        let ring = self.ring.lock();
        let oldest = ring.next.saturating_sub(CAPACITY as u64).max(1);
        let wanted = sequence.max(oldest);
        if wanted >= ring.next {
            return None;
        }
        ring.entries.get(seat(wanted)).copied()
    }
}

/// Where the ring keeps the line numbered `sequence`, which is at least 1.
fn seat(sequence: u64) -> usize {
    ((sequence - 1) % CAPACITY as u64) as usize
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

/// One line to the console, in one write so that it is not mixed with others.
fn print(entry: &LogEntry) {
    let mut text = tessera_abi::Text::<256>::EMPTY;
    let seconds = entry.time_ns / 1_000_000_000;
    let micros = entry.time_ns / 1_000 % 1_000_000;
    let _cut = fmt::Write::write_fmt(
        &mut text,
        format_args!(
            "[{seconds:5}.{micros:06}] {} {}: {}\r\n",
            entry.level.name(),
            entry.name.as_str(),
            entry.text.as_str()
        ),
    );
    khal::console::write(text.as_str().as_bytes());
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_under_their_numbers() {
        let log = Log::new();
        assert!(log.read(0).is_none());
        for n in 1..=CAPACITY + 10 {
            log.write(Level::Debug, Writer::kernel(), format_args!("line {n}"));
        }
        let oldest = log.read(0).unwrap();
        assert_eq!((oldest.sequence, oldest.text.as_str()), (11, "line 11"));
        assert_eq!(log.read(CAPACITY as u64 + 10).unwrap().text.as_str(), "line 522");
        assert!(log.read(CAPACITY as u64 + 11).is_none());
    }
}
