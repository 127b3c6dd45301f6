//! A ring of bytes between one producer and one consumer, without a lock.
//!
//! Owns two counters that only grow: `head` is the consumer's, `tail` the producer's. A byte is
//! written before `tail` tells of it, and taken before `head` gives its place back. SeqCst, because
//! the console's stall mark is decided by the order of these and of its own flag.

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

const BYTES: usize = 4096;

/// See the module.
pub(crate) struct Ring {
    bytes: [AtomicU8; BYTES],
    head: AtomicUsize,
    tail: AtomicUsize,
}

impl Ring {
    /// An empty ring.
    pub(crate) const fn new() -> Ring {
        Ring {
            bytes: [const { AtomicU8::new(0) }; BYTES],
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
        }
    }

    /// Whether there is nothing to take.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.load(SeqCst) == self.tail.load(SeqCst)
    }

    /// Whether there is no room.
    pub(crate) fn is_full(&self) -> bool {
        self.tail.load(SeqCst).wrapping_sub(self.head.load(SeqCst)) >= BYTES
    }

    /// Adds a byte. The producer only, and only if the ring is not full.
    pub(crate) fn put(&self, byte: u8) {
        let tail = self.tail.load(Relaxed);
        if let Some(slot) = self.bytes.get(tail % BYTES) {
            slot.store(byte, Relaxed);
        }
        self.tail.store(tail.wrapping_add(1), SeqCst);
    }

    /// Takes what there is, at most `into.len()` bytes. One consumer at a time.
    pub(crate) fn take(&self, into: &mut [u8]) -> usize {
        let mut head = self.head.load(Relaxed);
        let mut taken = 0;
        for place in into.iter_mut() {
            if head == self.tail.load(SeqCst) {
                break;
            }
            *place = self.bytes.get(head % BYTES).map_or(0, |slot| slot.load(Relaxed));
            head = head.wrapping_add(1);
            taken += 1;
        }
        self.head.store(head, SeqCst);
        taken
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::boxed::Box;
    use std::thread;

    #[test]
    fn what_is_put_is_taken_in_order_and_no_more() {
        let ring = Box::new(Ring::new());
        assert!(ring.is_empty());
        b"order".iter().for_each(|byte| ring.put(*byte));
        let mut two = [0; 2];
        assert_eq!((ring.take(&mut two), &two), (2, b"or"));
        let mut rest = [0; 8];
        assert_eq!((ring.take(&mut rest), rest.get(..3)), (3, Some(&b"der"[..])));
        assert!(ring.is_empty());
    }

    #[test]
    fn a_full_ring_says_so_until_a_byte_is_taken() {
        let ring = Box::new(Ring::new());
        (0..BYTES).for_each(|_| ring.put(7));
        assert!(ring.is_full());
        ring.take(&mut [0]);
        assert!(!ring.is_full());
    }

    #[test]
    fn every_byte_crosses_between_two_threads_once() {
        const COUNT: usize = 10 * BYTES;
        let ring: &'static Ring = Box::leak(Box::new(Ring::new()));
        let producer = thread::spawn(move || {
            for number in 0..COUNT {
                while ring.is_full() {
                    thread::yield_now();
                }
                ring.put(number as u8);
            }
        });
        let mut seen = 0;
        while seen < COUNT {
            let mut some = [0; 100];
            let taken = ring.take(&mut some);
            for byte in some.iter().take(taken) {
                assert_eq!(*byte, seen as u8);
                seen += 1;
            }
        }
        assert!(producer.join().is_ok());
    }
}
