//! The same property at every core count, two machines at a time.
//!
//! Owns the permits. A machine of one core, or any whose clock counts instructions, uses one core of the host; played
//! one after the other the long properties would leave the others of the host idle.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use crate::CORES;

/// How many machines are played at a time, of all tests of this process that ask here.
const AT_A_TIME: usize = 2;

static PLAYING: Mutex<usize> = Mutex::new(0);
static LEFT: Condvar = Condvar::new();

/// One of the machines that are played now.
struct Permit;

impl Permit {
    fn take() -> Self {
        let playing = PLAYING.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = LEFT.wait_while(playing, |playing| *playing == AT_A_TIME);
        *wait.unwrap_or_else(PoisonError::into_inner) += 1;
        Permit
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *PLAYING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        LEFT.notify_one();
    }
}

/// Plays at each core count, the largest first, for it takes longest; gives what came of them in the order of
/// [`CORES`]. A play that panics fails the test, when the others are over.
pub fn everywhere<T: Send>(play: impl Fn(u16) -> T + Sync) -> Vec<T> {
    let play = &play;
    let playing = |cores| {
        let _permit = Permit::take();
        play(cores)
    };
    thread::scope(|scope| {
        let mut plays: Vec<_> =
            CORES.iter().rev().map(|&cores| scope.spawn(move || playing(cores))).collect();
        plays.reverse();
        let ended: Vec<_> = plays.into_iter().map(thread::ScopedJoinHandle::join).collect();
        let unwound = |panic| std::panic::resume_unwind(panic);
        ended.into_iter().map(|outcome| outcome.unwrap_or_else(unwound)).collect()
    })
}
