//! The trace: the last events of each core, kept while it is on.
//!
//! Owns a ring a core, made at the start, written by whoever runs on that core and read by anybody, without a
//! lock. An event is six words, the first of which is its number mixed with the others: a reader that meets one
//! half written, or written over, finds that they do not fit each other and passes it over. So nobody waits for
//! anybody, and an actor that is switched out between two words harms nothing. While the trace is off an event
//! costs one load.
//! Invariant: events of one core are numbered from 1 in the order in which they were begun.

use alloc::boxed::Box;
use khal::cpu;
use khal::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use khal::time;
use tessera_abi::TraceKind;
use tessera_abi::trace::{TRACE_KEPT, TraceRecord};

/// Events kept a core; under loom, which traces nothing, only room for one.
const KEPT: usize = if cfg!(loom) { 1 } else { TRACE_KEPT };

/// How many words an event has beside the first: cycles, actor, kind, and its two.
const WORDS: usize = 5;

#[derive(Default)]
struct Event {
    /// The number and all other words, mixed; 0 before the first.
    seal: AtomicU64,
    words: [AtomicU64; WORDS],
}

struct Ring {
    next: AtomicU64,
    events: Box<[Event]>,
}

/// See the module.
pub struct Trace {
    on: AtomicBool,
    rings: Box<[Ring]>,
}

/// What happened, with its two words as [`TraceKind`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happening {
    /// What.
    pub kind: TraceKind,
    /// The id of who did it or whom it happened to.
    pub actor: u64,
    /// The first word.
    pub first: u64,
    /// The second.
    pub second: u64,
}

impl Trace {
    /// A trace of `cores` cores that is off. For the kernel's start: allocates as it likes.
    pub fn new(cores: usize) -> Self {
        let ring =
            |_| Ring { next: AtomicU64::new(1), events: (0..KEPT).map(|_| Event::default()).collect() };
        Trace { on: AtomicBool::new(false), rings: (0..cores).map(ring).collect() }
    }

    /// Switches it on or off; what it has stays.
    pub fn set(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    /// Whether it is on.
    #[inline]
    pub fn is_on(&self) -> bool {
        // Relaxed: an event more or less around the switching is nobody's loss.
        self.on.load(Ordering::Relaxed)
    }

    /// Notes what happens on this core now, if the trace is on.
    #[inline]
    pub fn note(&self, what: impl FnOnce() -> Happening) {
        if self.is_on() {
            self.keep(what());
        }
    }

    fn keep(&self, what: Happening) {
        // Stale as soon as it is read, if its reader is switched out: then the event is on another core's ring,
        // which is no less true.
        let Some(ring) = self.rings.get(cpu::current().index()) else { return };
        // Relaxed throughout: the seal says whether words belong together.
        let number = ring.next.fetch_add(1, Ordering::Relaxed);
        let Some(event) = ring.events.get(place(number)) else { return };
        let words = [time::cycles(), what.actor, u64::from(what.kind.number()), what.first, what.second];
        for (cell, word) in event.words.iter().zip(words) {
            cell.store(word, Ordering::Relaxed);
        }
        event.seal.store(seal(number, &words), Ordering::Relaxed);
    }

    /// The first event of a core that is still kept and has this number or a later one.
    pub fn read(&self, core: u16, from: u64) -> Option<TraceRecord> {
        let ring = self.rings.get(usize::from(core))?;
        let next = ring.next.load(Ordering::Relaxed);
        let oldest = next.saturating_sub(KEPT as u64).max(1);
        (from.max(oldest)..next).find_map(|number| ring.event(core, number))
    }
}

impl Ring {
    fn event(&self, core: u16, number: u64) -> Option<TraceRecord> {
        let event = self.events.get(place(number))?;
        let sealed = event.seal.load(Ordering::Relaxed);
        let words = [0, 1, 2, 3, 4]
            .map(|at: usize| event.words.get(at).map_or(0, |cell| cell.load(Ordering::Relaxed)));
        if sealed != seal(number, &words) {
            return None;
        }
        let [cycles, actor, kind, first, second] = words;
        let kind = u16::try_from(kind).ok().and_then(TraceKind::from_number)?;
        let ago = time::cycles_to_ns(time::cycles().saturating_sub(cycles));
        let time_ns = time::now().as_nanos().saturating_sub(ago);
        Some(TraceRecord { sequence: number, time_ns, actor, first, second, core, kind, reserved: 0 })
    }
}

fn place(number: u64) -> usize {
    (number % KEPT as u64) as usize
}

/// A number that only these words under this number have, as good as surely.
fn seal(number: u64, words: &[u64; WORDS]) -> u64 {
    words.iter().fold(number.wrapping_mul(0x9e37_79b9_7f4a_7c15), |mixed, word| {
        (mixed.rotate_left(23) ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd)
    })
}

impl core::fmt::Debug for Trace {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "trace, {}", if self.is_on() { "on" } else { "off" })
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    fn happening(first: u64) -> Happening {
        Happening { kind: TraceKind::Send, actor: 7, first, second: first * 2 }
    }

    #[test]
    fn events_are_numbered_and_the_oldest_go() {
        let trace = Trace::new(1);
        trace.note(|| happening(99));
        assert_eq!(trace.read(0, 0), None, "it was off");
        trace.set(true);
        for first in 1..=KEPT as u64 + 10 {
            trace.note(|| happening(first));
        }
        let oldest = trace.read(0, 0).unwrap();
        assert_eq!((oldest.sequence, oldest.first, oldest.second), (11, 11, 22));
        let newest = trace.read(0, KEPT as u64 + 10).unwrap();
        assert_eq!((newest.kind, newest.actor, newest.first), (TraceKind::Send, 7, KEPT as u64 + 10));
        assert!(trace.read(0, KEPT as u64 + 11).is_none());
        assert!(trace.read(1, 0).is_none(), "there is no such core");
    }

    #[test]
    fn what_was_written_over_in_part_is_passed_over() {
        let trace = Trace::new(1);
        trace.set(true);
        (1..=3).for_each(|first| trace.note(|| happening(first)));
        for word in 0..WORDS {
            let cell = &trace.rings[0].events[place(2)].words[word];
            let before = cell.load(Ordering::Relaxed);
            cell.store(before ^ 1 << 40, Ordering::Relaxed);
            assert_eq!(trace.read(0, 2).unwrap().sequence, 3, "word {word} does not count");
            cell.store(before, Ordering::Relaxed);
            assert_eq!(trace.read(0, 2).unwrap().sequence, 2);
        }
    }
}
