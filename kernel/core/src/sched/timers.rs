//! One core's deadlines: a binary heap that knows where each entry is.
//!
//! Owns the waits of actors that blocked on this core with a deadline, one an actor. Insert, cancel
//! and expiry are O(log n); the earliest is read without the lock. An entry carries the wait's
//! [`Ticket`], so one that comes due after its wait was over changes nothing.
//! Invariant: `heap[i].thing.place()` is `i` for every entry. Locks: its own, rank `TIMERS`; nothing
//! is fired under it.

use super::gate::Ticket;
use crate::ranks;
use alloc::sync::Arc;
use alloc::vec::Vec;
use khal::sync::Mutex;
use khal::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use khal::time::Instant;
use tessera_abi::Error;

/// What can have a deadline: it keeps its place in the heap, for cancelling.
pub trait Timed {
    /// Written by the heap, under its lock.
    fn place(&self) -> &AtomicU32;
}

/// One wait's end by time.
#[derive(Debug)]
pub struct Entry<T> {
    /// When it is due.
    pub deadline: Instant,
    /// Which wait it ends.
    pub ticket: Ticket,
    /// Who waits.
    pub thing: Arc<T>,
}

/// See the module.
#[derive(Debug)]
pub struct Timers<T: Timed> {
    heap: Mutex<Vec<Entry<T>>>,
    /// `heap[0].deadline`, or never; written under the lock.
    earliest: AtomicU64,
}

impl<T: Timed> Timers<T> {
    /// No deadlines.
    pub fn new() -> Self {
        Timers {
            heap: Mutex::new(ranks::TIMERS, Vec::new()),
            earliest: AtomicU64::new(Instant::NEVER.as_nanos()),
        }
    }

    /// The next deadline, or [`Instant::NEVER`].
    pub fn earliest(&self) -> Instant {
        // Relaxed: read by the core that inserts, or by one that was kicked after the insertion.
        Instant::from_nanos(self.earliest.load(Ordering::Relaxed))
    }

    /// How many deadlines stand.
    pub fn len(&self) -> usize {
        self.heap.lock().len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds one.
    ///
    /// # Errors
    /// `NoMemory` when the heap cannot grow; nothing has changed then.
    pub fn insert(&self, entry: Entry<T>) -> Result<(), Error> {
        let mut heap = self.heap.lock();
        heap.try_reserve(1).map_err(|_| Error::NoMemory)?;
        let at = heap.len();
        heap.push(entry);
        let heap = heap.as_mut_slice();
        note_place(heap, at);
        sift_up(heap, at);
        self.publish(heap);
        Ok(())
    }

    /// Takes the deadline of `thing` out, if it still stands here.
    pub fn cancel(&self, thing: &Arc<T>) {
        let mut heap = self.heap.lock();
        let at = thing.place().load(Ordering::Relaxed) as usize;
        if heap.get(at).is_some_and(|entry| Arc::ptr_eq(&entry.thing, thing)) {
            let gone = remove(&mut heap, at);
            self.publish(&heap);
            drop(heap);
            drop(gone);
        }
    }

    /// Takes the earliest entry if it is due at `now`.
    pub fn pop_due(&self, now: Instant) -> Option<Entry<T>> {
        if self.earliest() > now {
            return None;
        }
        let mut heap = self.heap.lock();
        let due = heap.first().is_some_and(|entry| entry.deadline <= now);
        let entry = if due { remove(&mut heap, 0) } else { None };
        self.publish(&heap);
        entry
    }

    fn publish(&self, heap: &[Entry<T>]) {
        let earliest = heap.first().map_or(Instant::NEVER, |entry| entry.deadline);
        self.earliest.store(earliest.as_nanos(), Ordering::Relaxed);
    }
}

impl<T: Timed> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}

fn remove<T: Timed>(heap: &mut Vec<Entry<T>>, at: usize) -> Option<Entry<T>> {
    let last = heap.len().checked_sub(1)?;
    if at > last {
        return None;
    }
    heap.swap(at, last);
    let gone = heap.pop();
    if at < heap.len() {
        note_place(heap, at);
        sift_down(heap, at);
        sift_up(heap, at);
    }
    gone
}

fn note_place<T: Timed>(heap: &[Entry<T>], at: usize) {
    if let Some(entry) = heap.get(at) {
        // Relaxed: places are read and written under the heap's lock only.
        entry.thing.place().store(at as u32, Ordering::Relaxed);
    }
}

fn earlier<T>(heap: &[Entry<T>], a: usize, b: usize) -> bool {
    match (heap.get(a), heap.get(b)) {
        (Some(a), Some(b)) => a.deadline < b.deadline,
        _ => false,
    }
}

fn exchange<T: Timed>(heap: &mut [Entry<T>], a: usize, b: usize) {
    heap.swap(a, b);
    note_place(heap, a);
    note_place(heap, b);
}

fn sift_up<T: Timed>(heap: &mut [Entry<T>], mut at: usize) {
    while at > 0 && earlier(heap, at, (at - 1) / 2) {
        exchange(heap, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

fn sift_down<T: Timed>(heap: &mut [Entry<T>], mut at: usize) {
    loop {
        let (left, right) = (2 * at + 1, 2 * at + 2);
        let child = if earlier(heap, right, left) { right } else { left };
        if !earlier(heap, child, at) {
            return;
        }
        exchange(heap, child, at);
        at = child;
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::super::gate::Gate;
    use super::*;

    struct Sleeper {
        gate: Gate,
        place: AtomicU32,
    }
    impl Timed for Sleeper {
        fn place(&self) -> &AtomicU32 {
            &self.place
        }
    }
    fn entry(at: u64) -> Entry<Sleeper> {
        let thing = Arc::new(Sleeper { gate: Gate::new(), place: AtomicU32::new(0) });
        Entry { deadline: Instant::from_nanos(at), ticket: thing.gate.arm(), thing }
    }

    #[test]
    fn entries_come_out_in_order_and_not_before_they_are_due() {
        let timers = Timers::new();
        for n in 0..1000u64 {
            timers.insert(entry(n * 7919 % 1000)).unwrap();
        }
        assert_eq!(timers.earliest(), Instant::from_nanos(0));
        for n in 0..1000 {
            assert!(n == 0 || timers.pop_due(Instant::from_nanos(n - 1)).is_none());
            assert_eq!(timers.pop_due(Instant::from_nanos(n)).unwrap().deadline.as_nanos(), n);
        }
        assert_eq!(timers.earliest(), Instant::NEVER);
    }

    #[test]
    fn any_entry_can_be_cancelled_and_the_rest_keep_their_order() {
        for cancelled in 0..40u64 {
            let timers = Timers::new();
            let mut things = Vec::new();
            for n in 0..40 {
                let entry = entry(n * 17 % 40);
                things.push((n * 17 % 40, entry.thing.clone()));
                timers.insert(entry).unwrap();
            }
            let (_, thing) = things.iter().find(|(at, _)| *at == cancelled).unwrap();
            timers.cancel(thing);
            timers.cancel(thing);
            assert_eq!(timers.len(), 39);
            let mut last = 0;
            while let Some(entry) = timers.pop_due(Instant::NEVER - core::time::Duration::from_nanos(1)) {
                assert_ne!(entry.deadline.as_nanos(), cancelled);
                assert!(entry.deadline.as_nanos() >= last);
                last = entry.deadline.as_nanos();
            }
        }
    }
}
