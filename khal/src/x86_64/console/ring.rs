//! A ring of bytes between one producer and one consumer, without a lock.
//!
//! Owns two counters that only grow: `head` is the consumer's, `tail` the producer's. A byte is
//! written before `tail` tells of it, and taken before `head` gives its place back. SeqCst, because
//! the console's stall mark is decided by the order of these and of its own flag.

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

const BYTES: usize = 4096;

/// See the module.
pub struct Ring {
    bytes: [AtomicU8; BYTES],
    head: AtomicUsize,
    tail: AtomicUsize,
}

impl Ring {
    /// An empty ring.
    pub const fn new() -> Ring {
        Ring {
            bytes: [const { AtomicU8::new(0) }; BYTES],
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
        }
    }

    /// Whether there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.head.load(SeqCst) == self.tail.load(SeqCst)
    }

    /// Whether there is no room.
    pub fn is_full(&self) -> bool {
        self.tail.load(SeqCst).wrapping_sub(self.head.load(SeqCst)) >= BYTES
    }

    /// Adds a byte. The producer only, and only if the ring is not full.
    pub fn put(&self, byte: u8) {
        let tail = self.tail.load(Relaxed);
        if let Some(slot) = self.bytes.get(tail % BYTES) {
            slot.store(byte, Relaxed);
        }
        self.tail.store(tail.wrapping_add(1), SeqCst);
    }

    /// Takes what there is, at most `into.len()` bytes. One consumer at a time.
    pub fn take(&self, into: &mut [u8]) -> usize {
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
