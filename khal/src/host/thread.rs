//! Stacks and switching for the host: mapped memory with a guard, and no interrupts to mask.
//!
//! A thread stays on the OS thread that began it: what it runs may hold OS thread-local state (the
//! standard library's panic count, this backend's `Local`). `forced_pause` is the forced switch's
//! save-and-switch routine, which runs in user space too; it exists to be measured.

use core::arch::naked_asm;
use core::cell::Cell;
use core::ptr;

use super::local::local;
use crate::coroutine::{self, Record, Signal};
use crate::sync::CoreLocal;

/// Usable bytes of a stack. More than bare metal's: see `thread::Stack::BYTES`.
pub(crate) const STACK_BYTES: usize = 256 * 1024;
/// Bytes of guard below it: more than any frame that is not probed page by page.
const GUARD_BYTES: usize = 16 * 1024;
/// Begun threads stay where they are.
pub(crate) const MOVABLE: bool = false;

/// A mapping: guard, then stack.
pub(crate) struct RawStack {
    bottom: *mut u8,
    /// The OS thread (by its block's address) that runs a thread on this stack; 0 if none has.
    home: Cell<usize>,
}

// SAFETY: the mapping belongs to this value alone and any OS thread may use it.
unsafe impl Send for RawStack {}

impl RawStack {
    pub(crate) fn allocate() -> Option<RawStack> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let bytes = GUARD_BYTES + STACK_BYTES;
        // SAFETY: a fresh anonymous mapping at an address of the system's choice touches nothing.
        let map = unsafe { libc::mmap(ptr::null_mut(), bytes, libc::PROT_NONE, flags, -1, 0) };
        if map == libc::MAP_FAILED {
            return None;
        }
        let stack = RawStack { bottom: map.cast::<u8>().wrapping_add(GUARD_BYTES), home: Cell::new(0) };
        // SAFETY: the range is the upper part of the mapping made above.
        let opened =
            unsafe { libc::mprotect(stack.bottom.cast(), STACK_BYTES, libc::PROT_READ | libc::PROT_WRITE) };
        (opened == 0).then_some(stack)
    }

    /// One past the highest byte; 16-byte aligned.
    pub(crate) fn top(&self) -> *mut u8 {
        self.bottom.wrapping_add(STACK_BYTES)
    }

    /// Bytes from the lowest word that was ever written to the top. Fresh mappings read as zero.
    pub(crate) fn high_water(&self) -> usize {
        let words = STACK_BYTES / size_of::<u64>();
        let untouched = (0..words).take_while(|i| {
            let word = self.bottom.cast::<u64>().wrapping_add(*i);
            // SAFETY: within the stack. Volatile: a thread suspended on it has written it.
            unsafe { word.read_volatile() == 0 }
        });
        STACK_BYTES - untouched.count() * size_of::<u64>()
    }
}

impl Drop for RawStack {
    fn drop(&mut self) {
        let map = self.bottom.wrapping_sub(GUARD_BYTES);
        // SAFETY: exactly the mapping of `allocate`; nothing runs on a stack that is dropped.
        unsafe { libc::munmap(map.cast(), GUARD_BYTES + STACK_BYTES) };
    }
}

/// Panics if a begun thread is resumed by an OS thread that did not begin it.
pub(crate) fn check_home(stack: &RawStack, begun: bool) {
    let here = ptr::from_ref(local()).addr();
    assert!(!begun || stack.home.get() == here, "a begun thread was resumed on another OS thread");
    stack.home.set(here);
}

/// Nothing to mask.
#[inline]
pub(crate) fn mask() -> bool {
    true
}

/// Nothing to unmask.
#[inline]
pub(crate) fn unmask(_before: bool) {}

/// The record of the running thread, or of this OS thread's core loop.
#[inline]
pub(crate) fn current_record<'a>() -> &'a Record {
    let local = local();
    // SAFETY: null, or set by `resume` to a record on a stack that outlives the run.
    unsafe { local.current.get().as_ref() }.unwrap_or(&local.base)
}

/// Notes which thread runs; null for the core loop.
#[inline]
pub(crate) fn set_current(record: *const Record) {
    local().current.set(record);
}

/// Preemption guards held.
#[inline]
pub(crate) fn depth() -> u32 {
    local().depth.get()
}

/// One more preemption guard.
#[inline]
pub(crate) fn hold() {
    let depth = &local().depth;
    depth.set(depth.get() + 1);
}

/// One less. No forced switch can be pending here.
#[inline]
pub(crate) fn release() {
    let depth = &local().depth;
    depth.set(depth.get() - 1);
}

/// What locks and guards keep for this OS thread.
#[inline]
pub(crate) fn core_local<'a>() -> &'a CoreLocal {
    &local().sync
}

/// Pauses as a forced switch does: all registers and the floating-point state are saved, then the
/// stack is switched. `Thread::resume` returns `Preempted`. For benchmarks; on a thread, at depth 0.
pub fn forced_pause() {
    assert!(coroutine::on_thread() && depth() == 0, "a forced pause needs a thread at depth 0");
    // SAFETY: the routine preserves everything that a call does not, around a plain function.
    unsafe { interrupted(preempt) }
}

extern "sysv64" fn preempt() {
    coroutine::switch_out(Signal::Preempt);
}

/// Calls `handler` as bare metal's interrupt stub does (`x86_64/traps/stubs.rs`), except for what the
/// processor itself pushes and pops: every general register and the x87/SSE state are saved before
/// and restored after.
#[unsafe(naked)]
unsafe extern "sysv64" fn interrupted(handler: extern "sysv64" fn()) {
    naked_asm!(
        "pushfq",
        "sub rsp, 16",
        "push rax; push rbx; push rcx; push rdx; push rsi; push rdi; push rbp; push r8",
        "push r9; push r10; push r11; push r12; push r13; push r14; push r15",
        "mov rbp, rsp",
        "sub rsp, 512",
        "and rsp, -16",
        "fxsave64 [rsp]",
        "cld",
        "call rdi",
        "fxrstor64 [rsp]",
        "mov rsp, rbp",
        "pop r15; pop r14; pop r13; pop r12; pop r11; pop r10; pop r9; pop r8",
        "pop rbp; pop rdi; pop rsi; pop rdx; pop rcx; pop rbx; pop rax",
        "add rsp, 16",
        "popfq",
        "ret",
    )
}
