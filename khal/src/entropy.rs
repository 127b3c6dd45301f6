//! A seed for random numbers.
//!
//! Owns no generator: the kernel expands a seed as it sees fit.

use crate::backend;

/// 32 bytes that nobody can predict, as far as the machine has such (rdrand, jitter, the host's
/// generator); in `sim` mode, bytes drawn from the simulation's seed. A new value at each call.
pub fn seed() -> [u8; 32] {
    backend::entropy::seed()
}
