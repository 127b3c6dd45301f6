//! Holds input back until the guest listens, then lets it through whole and in order.
//!
//! Owns: the gate, and the two threads of an input: one reads the source (so that an escape typed at a
//! terminal works while the gate is shut), one waits at the gate and writes. Between them is a bounded
//! queue, so that a large pipe is read only as fast as the guest takes it.
//! Why hold back: firmware eats what arrives early, and so does the UART's initialisation. Why no pacing:
//! QEMU takes bytes from the socket only while the UART's FIFO has room, so the socket itself paces.
//! Lock order: the gate's one mutex, held for no call. The end of the source ends nothing but its threads.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use crate::session::{Stop, Stopper};

const CHUNK_BYTES: usize = 4096;
const QUEUED_CHUNKS: usize = 256;

/// Where the guest's input comes from.
pub enum Input {
    /// Nowhere.
    None,
    /// These bytes, and then nothing more.
    Bytes(Vec<u8>),
    /// A pipe or file, forwarded as it is.
    Pipe(Box<dyn Read + Send>),
    /// A terminal in raw mode: Ctrl-A X ends the session, Ctrl-A Ctrl-A is a Ctrl-A for the guest.
    Terminal(Box<dyn Read + Send>),
}

/// Shut until the guest's console takes input.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Opens or shuts the gate.
    pub fn set_open(&self, open: bool) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = open;
        self.0.1.notify_all();
    }

    fn wait_open(&self) {
        let open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The writer stays here for ever when the guest never gets ready; it holds nothing that must end.
        drop(self.0.1.wait_while(open, |open| !*open));
    }
}

impl Input {
    /// Starts forwarding to `console`; the threads end with their source or with the console.
    pub(crate) fn forward(self, gate: Gate, console: UnixStream, stopper: Stopper) {
        let (source, escapes): (Box<dyn Read + Send>, bool) = match self {
            Self::None => return,
            Self::Bytes(bytes) => (Box::new(std::io::Cursor::new(bytes)), false),
            Self::Pipe(source) => (source, false),
            Self::Terminal(source) => (source, true),
        };
        let (sender, receiver) = sync_channel(QUEUED_CHUNKS);
        thread::spawn(move || read_source(source, escapes.then(Escapes::default), &sender, &stopper));
        thread::spawn(move || write_console(&gate, &receiver, console));
    }
}

fn read_source(
    mut source: Box<dyn Read + Send>,
    mut escapes: Option<Escapes>,
    queue: &SyncSender<Vec<u8>>,
    stopper: &Stopper,
) {
    let mut buffer = [0; CHUNK_BYTES];
    // An error is an end, too: there is nothing else to read from.
    while let Ok(length @ 1..) = source.read(&mut buffer) {
        let bytes = buffer.get(..length).unwrap_or_default();
        let (bytes, quit) = match &mut escapes {
            Some(escapes) => escapes.filter(bytes),
            None => (bytes.to_vec(), false),
        };
        if quit {
            return stopper.stop(Stop::Quit);
        }
        if queue.send(bytes).is_err() {
            return;
        }
    }
}

fn write_console(gate: &Gate, queue: &Receiver<Vec<u8>>, mut console: UnixStream) {
    for bytes in queue {
        gate.wait_open();
        if console.write_all(&bytes).is_err() {
            // The guest is gone; the session hears of it from the other direction.
            return;
        }
    }
}

/// Takes Ctrl-A sequences out of what is typed.
#[derive(Default)]
struct Escapes {
    escaped: bool,
}

impl Escapes {
    const CONTROL_A: u8 = 0x01;

    /// What the guest gets of `typed`, and whether the person wants to leave.
    fn filter(&mut self, typed: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(typed.len());
        for &byte in typed {
            match (self.escaped, byte) {
                (false, Self::CONTROL_A) => self.escaped = true,
                (true, b'x' | b'X') => return (passed, true),
                (_, byte) => {
                    self.escaped = false;
                    passed.push(byte);
                }
            }
        }
        (passed, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_typing_passes() {
        assert_eq!(Escapes::default().filter(b"ls x\r"), (b"ls x\r".to_vec(), false));
    }

    #[test]
    fn control_a_x_quits_even_across_reads() {
        let mut escapes = Escapes::default();
        assert_eq!(escapes.filter(b"a\x01"), (b"a".to_vec(), false));
        assert_eq!(escapes.filter(b"x"), (Vec::new(), true));
    }

    #[test]
    fn control_a_twice_is_one() {
        assert_eq!(Escapes::default().filter(b"\x01\x01x"), (b"\x01x".to_vec(), false));
    }

    #[test]
    fn control_a_before_anything_else_vanishes() {
        assert_eq!(Escapes::default().filter(b"\x01b"), (b"b".to_vec(), false));
    }
}
