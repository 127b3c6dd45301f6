//! Locks, preemption guards and atomics: the only ones the kernel uses.
//!
//! Rules that hold for every user. A `Mutex` holds a `PreemptGuard`, so nobody is switched out while
//! others spin for it; therefore nothing that blocks may happen under one. Locks are taken in the
//! order of their `Rank`s, lowest first; debug builds check it at every `lock`. No lock of this module
//! is taken in an interrupt handler. Under `cfg(loom)`, locks and atomics are loom's and preemption
//! guards mean nothing, so that a model may run the very code that the kernel runs.

mod arc_slot;
mod guard;
mod measure;
mod mutex;
mod per_core;
mod rank;
mod take_cell;

pub mod atomic;

pub use arc_slot::ArcSlot;
pub use guard::PreemptGuard;
pub use measure::{Measure, RankStats, forget_holds, measure_holds, rank_stats};
pub use mutex::{Mutex, MutexGuard};
pub use per_core::PerCore;
pub use rank::{Order, Rank};
pub use take_cell::TakeCell;

pub(crate) use measure::longest_guarded_cycles;
pub(crate) use rank::CoreLocal;

/// Tells the processor (under loom: the model) that the caller spins for another core.
pub fn relax() {
    #[cfg(loom)]
    loom::thread::yield_now();
    crate::backend::cpu::relax();
}
