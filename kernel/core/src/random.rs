//! Random bytes for actors that may have them.
//!
//! Owns one ChaCha20 generator, seeded from the machine (`khal::entropy`) and shared by all. In a
//! simulation the seed comes from the simulation, so the bytes repeat. Lock: its own, rank `RANDOM`.

use crate::ranks;
use khal::sync::Mutex;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Bytes that are drawn under the lock at a time, so that preemption is held off only briefly.
const PIECE_BYTES: usize = 512;

/// See the module.
pub struct Random {
    generator: Mutex<ChaCha20Rng>,
}

impl Random {
    /// A generator with a seed of the machine's.
    pub fn new() -> Self {
        Random { generator: Mutex::new(ranks::RANDOM, ChaCha20Rng::from_seed(khal::entropy::seed())) }
    }

    /// Fills `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(PIECE_BYTES) {
            self.generator.lock().fill_bytes(piece);
        }
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}
