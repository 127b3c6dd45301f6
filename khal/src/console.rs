//! The serial console: bytes out, bytes in.
//!
//! Input is collected by the backend (interrupt or reader thread) into a lock-free ring and kicks the
//! boot core; reading never waits. Output is written whole before `write` returns, with one writer's
//! call, of up to `UNMIXED_BYTES`, never mixed into another's. End of the host's standard input is not end of session.

use crate::backend;

/// The longest text that other writers' texts stay out of.
pub const UNMIXED_BYTES: usize = 1024;

/// Writes all of `bytes`, in order. May spin for the device, and be switched out meanwhile: preemption is
/// held off for a few bytes at a time.
pub fn write(bytes: &[u8]) {
    backend::console::write(bytes)
}

/// Takes what input there is, at most `into.len()` bytes; returns how many, 0 when there is none.
/// One reader at a time: concurrent readers each get whole bytes, in no promised order.
pub fn read(into: &mut [u8]) -> usize {
    backend::console::read(into)
}

/// Whether `read` would return something now.
pub fn has_input() -> bool {
    backend::console::has_input()
}
