//! How long locks are held, and how long preemption is held off: the longest of each, per core.
//!
//! Measured in processor cycles on the way, turned into ns when read. Each core writes its own row,
//! under the very guard that is measured, so rows have one writer and no contention; Relaxed, since
//! a reader only wants the figure. Reading the cycle counter costs some 30 cycles a time; a lock that is
//! also the outermost guard is measured once for both, as a hold, and `measure_holds` switches that off for
//! those who count cycles.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use super::Rank;
use crate::backend;
use crate::cpu::{self, CoreId, MAX_CORES};

/// The longest hold of the locks of one rank, over all cores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RankStats {
    /// The rank.
    pub rank: Rank,
    /// Its longest hold, in ns.
    pub longest_hold_ns: u64,
}

const RANKS: usize = Rank::LIMIT as usize;

static MEASURING: AtomicBool = AtomicBool::new(true);
static SEEN: [spin::Once<Rank>; RANKS] = [const { spin::Once::new() }; RANKS];
static HOLDS: [[AtomicU64; RANKS]; MAX_CORES] = [const { [const { AtomicU64::new(0) }; RANKS] }; MAX_CORES];
/// Of guarded sections that were not all one hold.
static GUARDED: [AtomicU64; MAX_CORES] = [const { AtomicU64::new(0) }; MAX_CORES];

/// Switches measuring on (as it is at start) or off, for the whole machine.
pub fn measure_holds(on: Measure) {
    MEASURING.store(on == Measure::On, Relaxed);
}

/// Whether holds are measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Two readings of the cycle counter for each lock, and for each outermost guard that is no lock's.
    On,
    /// None.
    Off,
}

/// One entry for each rank that was measured so far, in rising order.
pub fn rank_stats() -> impl Iterator<Item = RankStats> {
    SEEN.iter().filter_map(|seen| {
        let rank = *seen.get()?;
        let cells = HOLDS.iter().filter_map(|row| row.get(usize::from(rank.order)));
        let cycles = cells.map(|cell| cell.load(Relaxed)).max().unwrap_or(0);
        Some(RankStats { rank, longest_hold_ns: backend::time::cycles_to_ns(cycles) })
    })
}

/// Forgets what was measured so far, while only the calling core runs. For the end of bring-up, as what was held
/// then, once, would hide every later figure; and for whoever measures what comes next.
pub fn forget_holds() {
    for cell in HOLDS.iter().flatten().chain(&GUARDED) {
        cell.store(0, Relaxed);
    }
}

/// The longest guarded section of `core`, in cycles.
pub(crate) fn longest_guarded_cycles(core: CoreId) -> u64 {
    let holds = HOLDS.get(core.index()).into_iter().flatten();
    let sections = holds.chain(GUARDED.get(core.index()));
    sections.map(|cell| cell.load(Relaxed)).max().unwrap_or(0)
}

/// A time to measure from; 0 if measuring is off.
#[inline]
fn start() -> u64 {
    if MEASURING.load(Relaxed) { backend::time::cycles() } else { 0 }
}

/// When the lock that was just taken was taken; 0 if measuring is off. Under an outermost guard, and
/// if nobody had to be waited for, that is when the guard was.
#[inline]
pub(super) fn lock_taken(waited: bool) -> u64 {
    if waited || backend::thread::depth() != 1 {
        return start();
    }
    backend::thread::core_local().guarded_since.get()
}

/// A guard was taken on this core.
#[inline]
pub(super) fn guard_taken() {
    if backend::thread::depth() == 1 {
        backend::thread::core_local().guarded_since.set(start());
    }
}

/// A guard is about to be dropped.
#[inline]
pub(super) fn guard_dropped() {
    if backend::thread::depth() != 1 {
        return;
    }
    let since = backend::thread::core_local().guarded_since.replace(0);
    if since != 0
        && let Some(cell) = GUARDED.get(cpu::current().index())
    {
        raise(cell, backend::time::cycles().wrapping_sub(since));
    }
}

/// A lock of `rank`, taken at `since`, is about to be released.
#[inline]
pub(super) fn held(rank: Rank, since: u64) {
    if since == 0 {
        return;
    }
    let cycles = backend::time::cycles().wrapping_sub(since);
    if backend::thread::depth() == 1 {
        let guarded_since = &backend::thread::core_local().guarded_since;
        if guarded_since.get() == since {
            // The guard goes right after the lock: what was guarded is this hold.
            guarded_since.set(0);
        }
    }
    let cell = HOLDS.get(cpu::current().index()).and_then(|row| row.get(usize::from(rank.order)));
    if cell.is_some_and(|cell| raise(cell, cycles)) {
        SEEN.get(usize::from(rank.order)).map(|seen| seen.call_once(|| rank));
    }
}

/// Raises the maximum in `cell`, which only this core writes; true if it rose.
#[inline]
fn raise(cell: &AtomicU64, cycles: u64) -> bool {
    let rises = cycles > cell.load(Relaxed);
    if rises {
        cell.store(cycles, Relaxed);
    }
    rises
}
