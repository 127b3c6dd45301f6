//! Runs of page frames, apart from the heap: memory that is handed from actor to actor as a whole, and that
//! drivers are to read and write.
//!
//! A run is whole neighbouring frames and holds nothing else, so a device that is let at it is let at nothing
//! else; it has one physical address, since it has no gap. It is cleared before anybody sees it and goes back
//! when it is dropped. Invariants: nobody reads what a frame held before; all runs together hold at most three
//! quarters of the machine's frames, and none takes the kernel's last ones. Whoever shares a run between cores
//! puts it behind a lock: it is only bytes. No lock is taken here but the backend's own.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::backend;

/// Bytes in a page frame (SDM vol. 3, 4.5: the smallest page).
pub const FRAME_BYTES: usize = 4096;

/// Bytes that are cleared between two looks whether to go on.
const PIECE_BYTES: usize = 64 * 1024;

/// Frames in all runs together. Relaxed: it bounds a sum and orders nothing.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// How many frames all runs hold together.
pub fn held_frames() -> usize {
    HELD.load(Relaxed)
}

/// How many frames all runs may hold together: the rest is for everything else.
pub fn frames_max() -> usize {
    backend::runs::total_frames() / 4 * 3
}

/// Frames that belong to its owner alone.
#[derive(Debug)]
pub struct Run {
    bytes: &'static mut [u8],
    /// Goes after `drop` has given the bytes back.
    _room: Room,
}

impl Run {
    /// So many frames, cleared. `goes_on` is asked every 64 KiB.
    ///
    /// # Errors
    /// [`Refused`]; nothing is held then.
    pub fn zeroed(frames: usize, mut goes_on: impl FnMut() -> bool) -> Result<Run, Refused> {
        let room = Room::take(frames).ok_or(Refused::NoFrames)?;
        let bytes = backend::runs::take(frames).ok_or(Refused::NoFrames)?;
        let run = Run { bytes, _room: room };
        for piece in run.bytes.chunks_mut(PIECE_BYTES) {
            if !goes_on() {
                return Err(Refused::CalledOff);
            }
            piece.fill(0);
        }
        Ok(run)
    }

    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// What is in it, to be changed.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let bytes = core::mem::take(&mut self.bytes);
        let (start, frames) = (bytes.as_mut_ptr(), bytes.len() / FRAME_BYTES);
        if frames > 0 {
            // SAFETY: `take` gave just these frames, and the only reference to them has ended with the line above.
            unsafe { backend::runs::give(start, frames) };
        }
    }
}

/// Why there is no run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// So many neighbouring frames are not to be had, or are not for runs.
    NoFrames,
    /// Clearing it was not to go on.
    CalledOff,
}

/// A part of what runs may hold together.
#[derive(Debug)]
struct Room(usize);

impl Room {
    fn take(frames: usize) -> Option<Room> {
        let most = frames_max();
        let more = |held: usize| held.checked_add(frames).filter(|sum| *sum <= most);
        HELD.fetch_update(Relaxed, Relaxed, more).ok().map(|_| Room(frames))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        HELD.fetch_sub(self.0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test: what runs hold together is one figure of the process.
    #[test]
    fn runs_are_cleared_bounded_and_come_back() {
        let before = held_frames();
        let mut run = Run::zeroed(17, || true).unwrap();
        assert_eq!((run.bytes().len(), held_frames()), (17 * FRAME_BYTES, before + 17));
        assert_eq!(run.bytes().as_ptr().align_offset(FRAME_BYTES), 0);
        run.bytes_mut().fill(0xa5);
        drop(run);
        assert!(Run::zeroed(17, || true).unwrap().bytes().iter().all(|byte| *byte == 0));

        assert_eq!(Run::zeroed(frames_max() + 1, || true).unwrap_err(), Refused::NoFrames);
        assert_eq!(Run::zeroed(usize::MAX, || true).unwrap_err(), Refused::NoFrames);
        let mut asked = 0;
        let thrice = || {
            asked += 1;
            asked <= 3
        };
        assert_eq!(Run::zeroed(100, thrice).unwrap_err(), Refused::CalledOff);
        assert_eq!(asked, 4, "one look every 16 frames");
        assert_eq!(held_frames(), before);
    }
}
