//! Stacks and switching on bare metal, and preemption.
//!
//! Every switch happens with interrupts masked: from a pause, which masks them itself; from an
//! interrupt (`preempt_from_interrupt`), whose stub has saved the whole state of the interrupted thread on that
//! thread's own stack; or from the drop of the last preemption guard when such a switch had to wait.
//! Whoever continues a thread does so in one of these three places, each of which restores the
//! interrupt flag that it found. After a switch the core may be another one: nothing per-core is
//! kept across it.

use core::arch::asm;
use core::sync::atomic::Ordering::Relaxed;

use super::memory::stacks::{self, StackRange};
use super::percpu;
use crate::coroutine::{self, Record, Signal};
use crate::sync::CoreLocal;

/// Usable bytes of a stack.
pub(crate) const STACK_BYTES: usize = stacks::STACK_BYTES;
/// Words of a stack, and how many of them are looked at together.
const WORDS: usize = STACK_BYTES / size_of::<u64>();
const BLOCK: usize = 32;
const _: () = assert!(WORDS.is_multiple_of(BLOCK));
/// Any core may continue any thread.
pub(crate) const MOVABLE: bool = true;

/// A mapped stack, zeroed when allocated.
pub(crate) struct RawStack(StackRange);

impl RawStack {
    pub(crate) fn allocate() -> Option<RawStack> {
        let stack = RawStack(stacks::map()?);
        // SAFETY: the stack was just handed to us alone, and the whole range is mapped writable.
        unsafe { stack.bottom().write_bytes(0, STACK_BYTES) };
        Some(stack)
    }

    fn bottom(&self) -> *mut u8 {
        core::ptr::with_exposed_provenance_mut(self.0.bottom)
    }

    /// One past the highest byte; 16-byte aligned.
    pub(crate) fn top(&self) -> *mut u8 {
        self.bottom().wrapping_add(STACK_BYTES)
    }

    /// Bytes from the lowest word that was written since `allocate` to the top.
    pub(crate) fn high_water(&self) -> usize {
        // A block at a time, for most of a stack is untouched, then the words of the first that is not.
        let blocks = (0..WORDS / BLOCK).take_while(|block| self.block(block * BLOCK) == 0);
        let words = blocks.count() * BLOCK;
        let untouched = words + (words..WORDS).take_while(|index| self.word(*index) == 0).count();
        STACK_BYTES - untouched * size_of::<u64>()
    }

    /// All bits that are set in the [`BLOCK`] words from this one on.
    fn block(&self, first: usize) -> u64 {
        (first..first + BLOCK).fold(0, |seen, index| seen | self.word(index))
    }

    /// The word with this index, counted from the bottom, below [`WORDS`].
    fn word(&self, index: usize) -> u64 {
        let word = self.bottom().cast::<u64>().wrapping_add(index);
        // SAFETY: within the stack. Volatile: a thread suspended on it has written it.
        unsafe { word.read_volatile() }
    }
}

impl Drop for RawStack {
    fn drop(&mut self) {
        stacks::recycle(self.0);
    }
}

/// Any core will do.
pub(crate) fn check_home(_stack: &RawStack, _begun: bool) {}

/// Masks interrupts; true if they were not masked.
#[inline]
pub(crate) fn mask() -> bool {
    let flags: u64;
    // SAFETY: reads the flags by way of the stack (there is no red zone), then masks interrupts,
    // which delays them and nothing else. Memory accesses stay inside: no `nomem`.
    unsafe { asm!("pushfq", "pop {0}", "cli", out(reg) flags) };
    flags & INTERRUPT_FLAG != 0
}

/// Whether interrupts are not masked.
#[inline]
pub(crate) fn interrupts_unmasked() -> bool {
    let flags: u64;
    // SAFETY: reads the flags by way of the stack; there is no red zone.
    unsafe { asm!("pushfq", "pop {0}", out(reg) flags, options(preserves_flags)) };
    flags & INTERRUPT_FLAG != 0
}

/// RFLAGS.IF.
const INTERRUPT_FLAG: u64 = 1 << 9;

/// Unmasks interrupts if `before`, the answer of `mask`, says that they were.
#[inline]
pub(crate) fn unmask(before: bool) {
    if before {
        // SAFETY: the handlers have been ready since before anything masked interrupts to unmask
        // them again.
        unsafe { asm!("sti", options(nostack)) };
    }
}

/// The record of the running thread, or of this core's loop.
#[inline]
pub(crate) fn current_record<'a>() -> &'a Record {
    percpu::current_record()
}

/// Notes which thread runs; null for the core loop. Interrupts are masked. A forced switch that was
/// owed by whoever ran before is settled by the switch that this announces.
pub(crate) fn set_current(record: *const Record) {
    let core = percpu::here();
    core.force.store(false, Relaxed);
    core.set_current(record);
}

/// Preemption guards held.
#[inline]
pub(crate) fn depth() -> u32 {
    percpu::depth()
}

/// One more preemption guard.
#[inline]
pub(crate) fn hold() {
    percpu::depth_up();
}

/// One less; makes the forced switch that waited for the last one.
#[inline]
pub(crate) fn release() {
    percpu::depth_down();
    if percpu::force_pending() && percpu::depth() == 0 {
        deferred_switch();
    }
}

/// What locks and guards keep for this core. Under a guard.
#[inline]
pub(crate) fn core_local<'a>() -> &'a CoreLocal {
    &percpu::here().sync
}

/// The timer's grace is over: switches the interrupted thread out if it holds no preemption guard,
/// otherwise leaves the mark that makes its last guard do it. Nothing to do for a core loop. For the
/// timer's handler, with interrupts masked, after everything about the interrupt is settled: it
/// returns when the thread is resumed, perhaps on another core.
pub(super) fn preempt_from_interrupt() {
    let core = percpu::here();
    if !core.on_thread() {
        return;
    }
    if percpu::depth() > 0 {
        core.force.store(true, Relaxed);
        return;
    }
    core.forced_switches.fetch_add(1, Relaxed);
    coroutine::switch_out(Signal::Preempt);
}

/// The switch that a preemption guard held up.
#[cold]
fn deferred_switch() {
    let before = mask();
    let core = percpu::here();
    // A section that masked interrupts by itself (or an unwinding one) must not be left: the mark
    // stays, and the next guard's drop finds it. A core loop owes nothing.
    if before && core.on_thread() && percpu::depth() == 0 && core.force.load(Relaxed) {
        core.deferred_switches.fetch_add(1, Relaxed);
        coroutine::switch_out(Signal::Preempt);
    }
    unmask(before);
}
