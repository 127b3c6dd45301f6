//! A switch to a thread and back, without the scheduler.
//!
//! In batches, because one switch takes hardly longer than reading the counter.

use super::Sink;
use crate::{Stage, Verdict};
use alloc::boxed::Box;
use khal::thread::{Pause, Returned, Stack, Thread};
use khal::time;
use tessera_abi::Error;

/// Switches a sample.
const BATCH: u32 = 1000;

/// By the thread itself.
///
/// # Errors
/// `NoMemory`.
pub fn voluntary(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    there_and_back(stage.rounds, || khal::thread::pause(Pause::Yield), sink)
}

/// Resumes a thread that does nothing but `pause`, in `rounds` batches.
///
/// # Errors
/// `NoMemory`.
pub fn there_and_back(rounds: usize, pause: fn(), sink: &mut Sink<'_>) -> Verdict {
    let stack = Stack::allocate().ok_or(Error::NoMemory)?;
    let body = move || (0..rounds * BATCH as usize).for_each(|_| pause());
    let mut thread = Thread::new(stack, Box::new(body));
    for _ in 0..rounds {
        let began = time::cycles();
        for _ in 0..BATCH {
            thread.resume();
        }
        sink(time::cycles() - began, BATCH);
    }
    while thread.resume() != Returned::Ended {}
    Ok(())
}
