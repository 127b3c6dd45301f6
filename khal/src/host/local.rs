//! What the host backend keeps for each OS thread: the twin of bare metal's per-core block.
//!
//! Plain cells: an OS thread touches its own only. The block never runs a destructor, so that the
//! allocator may reach it even while the OS thread is being torn down.

use core::cell::Cell;
use core::mem::ManuallyDrop;

use crate::coroutine::Record;
use crate::cpu::CoreId;
use crate::sync::CoreLocal;

pub(crate) struct Local {
    /// The core that this OS thread is, or (sim) plays at the moment.
    pub(crate) core: Cell<CoreId>,
    /// Whether this OS thread is a simulated machine.
    pub(crate) simulated: Cell<bool>,
    /// Preemption guards held.
    pub(crate) depth: Cell<u32>,
    /// The running thread's record; null in the core loop.
    pub(crate) current: Cell<*const Record>,
    /// The record that stands for the core loop.
    pub(crate) base: Record,
    pub(crate) sync: CoreLocal,
}

std::thread_local! {
    static LOCAL: ManuallyDrop<Local> = const {
        ManuallyDrop::new(Local {
            core: Cell::new(CoreId::BOOT),
            simulated: Cell::new(false),
            depth: Cell::new(0),
            current: Cell::new(core::ptr::null()),
            base: Record::of_a_loop(),
            sync: CoreLocal::new(),
        })
    };
}

/// This OS thread's block. The lifetime is the caller's to bound: not beyond the OS thread.
#[inline]
pub(crate) fn local<'a>() -> &'a Local {
    let block = LOCAL.with(|local| &raw const **local);
    // SAFETY: thread-local storage lives as long as the OS thread, and this block has no destructor;
    // callers (all in this crate) use the reference at once and keep it nowhere.
    unsafe { &*block }
}
