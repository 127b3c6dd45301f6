//! Kernel threads as coroutines: a stack, a closure, and two doors.
//!
//! A core loop *resumes* a thread and runs on when the thread *pauses*, is switched out by force, or
//! ends; what the thread becomes then (ready, parked, gone) is published by the loop, after the
//! switch, so nobody can resume a thread whose stack is still in use. `resume` takes `&mut Thread`,
//! which makes "resumed twice at once" impossible by type.
//!
//! Invariants: a thread pauses only at preemption depth 0; on bare metal it may be resumed by any
//! core, on the host by the OS thread that began it (`movable`). A panic that leaves a thread's
//! closure outside any containment is fatal (bare), or is carried to the caller of `resume` (host).
//! A `Thread` dropped before its end leaks its stack, since what lives on it may still be referred
//! to; `abandoned` counts those, and the kernel's policy is that there are none.

use alloc::boxed::Box;
use core::fmt;

use crate::backend;
use crate::coroutine::{Coroutine, Signal};

/// A kernel stack with an unmapped guard below it. Dropping it gives it back to the backend's pool.
pub struct Stack(pub(crate) backend::thread::RawStack);

impl Stack {
    /// Usable bytes of each stack: 48 KiB on bare metal, more on the host, where debug builds and
    /// the standard library's panic machinery need it and untouched pages cost nothing.
    pub const BYTES: usize = backend::thread::STACK_BYTES;

    /// A stack, or `None` when there is no memory for one.
    pub fn allocate() -> Option<Stack> {
        backend::thread::RawStack::allocate().map(Stack)
    }

    /// Most bytes ever in use on this stack, over all threads it has served. Costs a scan.
    pub fn high_water(&self) -> usize {
        self.0.high_water()
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stack")
    }
}

/// Why `Thread::resume` came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Returned {
    /// The thread paused with `Pause::Yield`: it would go on.
    Yielded,
    /// The thread paused with `Pause::Block`: it waits for whatever it noted down before.
    Blocked,
    /// The thread was switched out by force, or at the drop of its last preemption guard.
    Preempted,
    /// The closure has returned and was dropped; `into_stack` will give the stack.
    Ended,
}

/// What a thread says when it pauses by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// "Others first": still ready.
    Yield,
    /// "Not until I am woken."
    Block,
}

/// A closure on a stack of its own.
pub struct Thread(Coroutine);

impl Thread {
    /// A thread that will run `body` on `stack` when first resumed. Takes no memory: its record
    /// lives at the stack's top.
    pub fn new(stack: Stack, body: Box<dyn FnOnce() + Send>) -> Thread {
        Thread(Coroutine::new(stack, body))
    }

    /// Runs the thread on this core until it pauses, is switched out, or ends. Core loop only (not
    /// from inside a thread), with no preemption guard held. Panics if the thread has ended, or, on
    /// the host, with the panic that the thread's closure died of.
    pub fn resume(&mut self) -> Returned {
        match self.0.resume() {
            Signal::Yield => Returned::Yielded,
            Signal::Block => Returned::Blocked,
            Signal::Preempt => Returned::Preempted,
            Signal::End => Returned::Ended,
        }
    }

    /// Whether any core may resume it: always on bare metal; on the host only until it has begun.
    pub fn movable(&self) -> bool {
        backend::thread::MOVABLE || !self.0.begun()
    }

    /// Whether the closure has returned.
    pub fn ended(&self) -> bool {
        self.0.ended()
    }

    /// Most bytes of its stack ever in use. Costs a scan.
    pub fn high_water(&self) -> usize {
        self.0.high_water()
    }

    /// The stack back, once the closure has ended or if it never began (then it is dropped here).
    /// In between, the thread itself comes back.
    pub fn into_stack(self) -> Result<Stack, Thread> {
        self.0.into_stack().map_err(Thread)
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread").field("begun", &self.0.begun()).field("ended", &self.ended()).finish()
    }
}

/// Hands the core back to the loop that resumed this thread; returns when it is resumed again,
/// on bare metal perhaps on another core. Panics off a thread, and under a preemption guard.
///
/// Under loom it gives way to the model's other threads and returns: who waits for something looks again.
pub fn pause(how: Pause) {
    if cfg!(loom) {
        return crate::sync::relax();
    }
    crate::coroutine::pause(match how {
        Pause::Yield => Signal::Yield,
        Pause::Block => Signal::Block,
    })
}

/// Whether the caller runs on a `Thread` (and not in a core loop or in a test).
pub fn on_thread() -> bool {
    crate::coroutine::on_thread()
}

/// How many threads were dropped between their beginning and their end, each leaking a stack.
pub fn abandoned() -> usize {
    crate::coroutine::abandoned()
}
