//! The machine's second serial port: bytes out, for tools on the host that watch the machine.
//!
//! There may be none. It takes what its device takes at the moment and never waits: whoever has more to say comes
//! again. Writers that write at once are mixed, piece by piece; there is meant to be one. Nothing is read from it.

use crate::backend;

/// Gives the device the beginning of `bytes`, as much as it takes now: how many bytes that was, 0 while it is busy.
/// `None` where there is no such port.
pub fn write(bytes: &[u8]) -> Option<usize> {
    backend::port::write(bytes)
}
