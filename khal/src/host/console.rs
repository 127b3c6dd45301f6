//! Standard output and input as the console; in a simulation, two buffers.
//!
//! A reader OS thread moves standard input into a bounded queue and kicks the boot core; it waits
//! while the queue is full, and ends at end of input, which says nothing about the session.

use alloc::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::local::local;
use super::sim;
use crate::cpu::{self, CoreId};

/// Bytes of input kept for a reader that is late.
const CAPACITY: usize = 4096;

static INPUT: Mutex<VecDeque<u8>> = Mutex::new(VecDeque::new());
static ROOM: Condvar = Condvar::new();

pub(crate) fn write(bytes: &[u8]) {
    if local().simulated.get() {
        return sim::console_write(bytes);
    }
    // A console whose other end is gone swallows what it is given, as a serial port does.
    let _ = io::stdout().lock().write_all(bytes);
    flush();
}

/// Hands what was written to the system.
pub(crate) fn flush() {
    let _ = io::stdout().lock().flush();
}

pub(crate) fn read(into: &mut [u8]) -> usize {
    if local().simulated.get() {
        return sim::console_read(into);
    }
    let mut input = queue();
    let count = take(&mut input, into);
    ROOM.notify_one();
    count
}

pub(crate) fn has_input() -> bool {
    if local().simulated.get() { sim::console_has_input() } else { !queue().is_empty() }
}

/// Moves bytes out of `queue`.
pub(super) fn take(queue: &mut VecDeque<u8>, into: &mut [u8]) -> usize {
    let count = into.len().min(queue.len());
    for (slot, byte) in into.iter_mut().zip(queue.drain(..count)) {
        *slot = byte;
    }
    count
}

/// Starts the reader. Called once, at the machine's start.
pub(super) fn start() {
    std::thread::spawn(read_input);
}

fn read_input() {
    let mut piece = [0; 256];
    loop {
        let count = match io::stdin().lock().read(&mut piece) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let mut input = queue();
        while input.len() + count > CAPACITY {
            input = ROOM.wait(input).unwrap_or_else(PoisonError::into_inner);
        }
        input.extend(piece.iter().take(count));
        drop(input);
        cpu::kick(CoreId::BOOT);
    }
}

fn queue() -> MutexGuard<'static, VecDeque<u8>> {
    INPUT.lock().unwrap_or_else(PoisonError::into_inner)
}
