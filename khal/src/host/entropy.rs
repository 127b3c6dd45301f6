//! Seeds from the host's generator, or from the simulation's.

use super::local::local;
use super::sim;

/// 32 bytes.
pub(crate) fn seed() -> [u8; 32] {
    if local().simulated.get() {
        return sim::draw_seed();
    }
    let mut bytes = [0; 32];
    // SAFETY: the buffer is valid for its length.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    assert!(got == bytes.len() as isize, "the host's generator always gives 32 bytes");
    bytes
}
