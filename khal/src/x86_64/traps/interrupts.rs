//! What the three interrupts do: the timer, the kick, the serial port.
//!
//! Rules: handlers run with interrupts masked and touch atomics only, never a `sync::Mutex`. The
//! processor's interrupt controller is told of the end *before* a forced switch, since the handler
//! comes back only when its thread is resumed, perhaps on another core; after the switch nothing of
//! this core may be remembered. Two-phase preemption (D3): phase one raises the reschedule flag and
//! starts the grace; when that is over and the flag stands, phase two (`thread`) switches the thread
//! out, at once at depth 0, otherwise by a mark that the last guard's drop honours.

use core::sync::atomic::Ordering;

use crate::x86_64::{apic, console, percpu, thread, timer};

/// The one-shot ran out.
pub extern "sysv64" fn on_timer() {
    // Relaxed: a figure.
    percpu::here().timer_ticks.fetch_add(1, Ordering::Relaxed);
    apic::end_of_interrupt();
    if timer::expire() == timer::Verdict::Force {
        thread::preempt_from_interrupt();
    }
}

/// Another core raised this core's flags and wants them seen.
pub extern "sysv64" fn on_kick() {
    // Relaxed: a figure.
    percpu::here().ipis_received.fetch_add(1, Ordering::Relaxed);
    apic::end_of_interrupt();
    timer::start_grace();
}

/// Bytes came in, on the boot core.
pub extern "sysv64" fn on_serial() {
    console::collect();
    apic::end_of_interrupt();
    timer::start_grace();
}
