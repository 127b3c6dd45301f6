//! Cores: who am I, wake that one, sleep until something happens.
//!
//! Two flags a core, both sticky. *kicked* is set by `kick` and cleared by `acknowledge_kick`;
//! `idle` does not sleep while it stands, so a wake-up sent between "nothing to do" and "asleep" is
//! never lost. *resched* is set by a kick, and when the instant given to `time::arm` has come; it asks
//! the running thread to pause at its next safe point, and is cleared by the core loop.
//! The answer of `current` is stale as soon as the caller may migrate: hold a `sync::PreemptGuard`,
//! or be the core loop.

use crate::backend;
use crate::time::Instant;

/// Upper bound of the number of cores; per-core tables have this many slots.
pub const MAX_CORES: usize = 64;

/// A core's number, 0 (the boot core) to `MAX_CORES - 1`, dense.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CoreId(u16);

impl CoreId {
    /// The core that booted the machine.
    pub const BOOT: CoreId = CoreId(0);

    /// The core numbered `index`, or `None` at `MAX_CORES` and above.
    pub const fn new(index: usize) -> Option<CoreId> {
        if index < MAX_CORES { Some(CoreId(index as u16)) } else { None }
    }

    /// The number, below `MAX_CORES`.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a core has counted since it started.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct CpuStats {
    /// Timer interrupts taken (on the host: armed instants that came).
    pub timer_ticks: u64,
    /// Kicks that arrived here as an interrupt (on the host: that found the core asleep).
    pub ipis_received: u64,
    /// Kicks this core sent.
    pub ipis_sent: u64,
    /// Threads switched out inside an interrupt.
    pub forced_switches: u64,
    /// Forced switches that waited for the last preemption guard to drop.
    pub deferred_switches: u64,
    /// The longest time with preemption held off by guards, in ns.
    pub longest_guarded_ns: u64,
    /// Time asleep in `idle`, in ns.
    pub idle_ns: u64,
}

/// The core that executes this.
#[inline]
pub fn current() -> CoreId {
    backend::cpu::current()
}

/// Number of cores of this machine, 1 to `MAX_CORES`.
#[inline]
pub fn count() -> usize {
    backend::cpu::count()
}

/// All cores of this machine, in order.
pub fn all() -> impl Iterator<Item = CoreId> + Clone {
    (0..count()).filter_map(CoreId::new)
}

/// Marks `core` kicked and its running thread due to pause, and wakes it if it sleeps. Kicks add up
/// to one. Kicking oneself is allowed and sends nothing.
pub fn kick(core: CoreId) {
    backend::cpu::kick(core)
}

/// Takes the kick: true if this core was kicked since the last call. The core loop calls it before
/// it looks for work, so that work queued after that finds the next `idle` open-eyed.
#[inline]
pub fn acknowledge_kick() -> bool {
    backend::cpu::acknowledge_kick()
}

/// Sleeps until a kick, an interrupt, or `until` (`None`: without limit). Returns at once if a kick
/// is not acknowledged or `until` is past; may return early for no reason. Core loop only, with no
/// preemption guard. Re-arms this core's timer: call `time::arm` anew before resuming a thread.
pub fn idle(until: Option<Instant>) {
    backend::cpu::idle(until)
}

/// Whether the running thread is asked to pause (a kick came, or the armed instant has).
#[inline]
pub fn resched_due() -> bool {
    backend::cpu::resched_due()
}

/// Takes the request back; the core loop calls it right before it resumes a thread.
#[inline]
pub fn clear_resched() {
    backend::cpu::clear_resched()
}

/// What `core` has counted. Each figure is right by itself; together they are not one moment's.
pub fn stats(core: CoreId) -> CpuStats {
    backend::cpu::stats(core)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_number_past_the_bound_is_refused() {
        assert_eq!(CoreId::new(MAX_CORES), None);
        assert_eq!(CoreId::new(MAX_CORES - 1).map(CoreId::index), Some(MAX_CORES - 1));
    }
}
