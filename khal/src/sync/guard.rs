//! The preemption guard: while one lives, this thread stays on this core.
//!
//! Guards nest; only the outermost counts for time. When a forced switch comes while one is held, the
//! interrupt handler leaves a mark, and the drop of the outermost guard makes the switch. A guard
//! cannot be sent to another thread and must not live across a pause (`thread::pause` checks).

use core::marker::PhantomData;

/// Holds preemption off on this core.
#[derive(Debug)]
#[must_use = "preemption is on again when the guard drops"]
pub struct PreemptGuard {
    not_send: PhantomData<*const ()>,
}

impl PreemptGuard {
    /// Holds preemption off until the drop.
    #[inline]
    pub fn new() -> PreemptGuard {
        crate::backend::thread::hold();
        super::measure::guard_taken();
        PreemptGuard { not_send: PhantomData }
    }
}

impl Default for PreemptGuard {
    fn default() -> PreemptGuard {
        PreemptGuard::new()
    }
}

impl Drop for PreemptGuard {
    #[inline]
    fn drop(&mut self) {
        super::measure::guard_dropped();
        crate::backend::thread::release();
    }
}
