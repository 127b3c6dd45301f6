//! Each core's block, at its GS base: what `thread`, `sync` and `cpu` keep for a core.
//!
//! The boot path points GS at `of(core)` with `install` before anything locks or allocates. Fields that
//! only this core uses, with preemption held off or from a single instruction, are plain; flags that
//! other cores or interrupt handlers of this core set are atomic. Interrupt handlers touch atomics
//! and the depth only.

use core::arch::asm;
use core::mem::offset_of;
use core::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};

use crate::coroutine::Record;
use crate::cpu::{CoreId, MAX_CORES};
use crate::sync::CoreLocal;

/// What is kept for one core.
#[repr(C, align(64))]
pub struct PerCpu {
    /// This block's own address, so that one load through GS gives a reference.
    this: AtomicPtr<PerCpu>,
    /// The running thread's record, or `base`: never null once installed.
    current: AtomicPtr<Record>,
    /// The core's number.
    core: AtomicU32,
    /// Preemption guards held.
    depth: AtomicU32,
    /// Set by the timer handler when a forced switch had to wait; taken by the last guard's drop.
    pub force: AtomicBool,
    /// The reschedule flag of `cpu::resched_due`.
    pub resched: AtomicBool,
    /// The sticky kick of `cpu::kick`.
    pub kicked: AtomicBool,
    /// Timer interrupts taken.
    pub timer_ticks: AtomicU64,
    /// Kick interrupts taken.
    pub ipis_received: AtomicU64,
    /// Kicks sent.
    pub ipis_sent: AtomicU64,
    /// Threads switched out in an interrupt.
    pub forced_switches: AtomicU64,
    /// Threads switched out at a guard's drop.
    pub deferred_switches: AtomicU64,
    /// ns asleep, up to the last waking.
    pub idle_ns: AtomicU64,
    /// When the core fell asleep, in ns; `u64::MAX` while it is awake.
    pub asleep_since: AtomicU64,
    pub(crate) base: Record,
    pub(crate) sync: CoreLocal,
}

// SAFETY: the cells in `base` and `sync` are touched by their own core only, and there with interrupts
// masked or preemption held off; everything else is atomic.
unsafe impl Sync for PerCpu {}

static CPUS: [PerCpu; MAX_CORES] = [const { PerCpu::new() }; MAX_CORES];

impl PerCpu {
    const fn new() -> PerCpu {
        PerCpu {
            this: AtomicPtr::new(core::ptr::null_mut()),
            current: AtomicPtr::new(core::ptr::null_mut()),
            core: AtomicU32::new(0),
            depth: AtomicU32::new(0),
            force: AtomicBool::new(false),
            resched: AtomicBool::new(false),
            kicked: AtomicBool::new(false),
            timer_ticks: AtomicU64::new(0),
            ipis_received: AtomicU64::new(0),
            ipis_sent: AtomicU64::new(0),
            forced_switches: AtomicU64::new(0),
            deferred_switches: AtomicU64::new(0),
            idle_ns: AtomicU64::new(0),
            asleep_since: AtomicU64::new(u64::MAX),
            base: Record::of_a_loop(),
            sync: CoreLocal::new(),
        }
    }

    /// Notes which thread runs on this core; null for its core loop. Interrupts are masked.
    pub(super) fn set_current(&self, record: *const Record) {
        let record = if record.is_null() { &raw const self.base } else { record };
        self.current.store(record.cast_mut(), Relaxed);
    }

    /// Whether a thread runs on this core.
    pub(super) fn on_thread(&self) -> bool {
        !core::ptr::eq(self.current.load(Relaxed), &raw const self.base)
    }
}

/// `core`'s block.
pub fn of(core: CoreId) -> &'static PerCpu {
    let [first, ..] = &CPUS;
    CPUS.get(core.index()).unwrap_or(first)
}

/// This core's block. Right only while the caller cannot migrate.
#[inline]
pub fn here() -> &'static PerCpu {
    let this: *const PerCpu;
    // SAFETY: GS has pointed at an installed block since before anything could call this; reading
    // its first field has no side effect.
    unsafe {
        asm!("mov {0}, gs:[{1}]", out(reg) this, const offset_of!(PerCpu, this),
            options(nostack, preserves_flags, readonly));
    }
    // SAFETY: `install` stored the address of a static.
    unsafe { &*this }
}

/// Readies `core`'s block and returns the address that the core's GS base (MSR 0xC000_0101) is to be
/// set to. Each core calls it for itself, once, first of all.
pub fn install(core: CoreId) -> u64 {
    let block = of(core);
    block.this.store((&raw const *block).cast_mut(), SeqCst);
    block.core.store(core.index() as u32, SeqCst);
    block.set_current(core::ptr::null());
    (&raw const *block).addr() as u64
}

/// The core that executes this; one instruction.
#[inline]
pub fn core() -> CoreId {
    let index: u32;
    // SAFETY: as in `here`.
    unsafe {
        asm!("mov {0:e}, gs:[{1}]", out(reg) index, const offset_of!(PerCpu, core),
            options(nostack, preserves_flags, readonly));
    }
    CoreId::new(index as usize).unwrap_or(CoreId::BOOT)
}

/// The running thread's record, or the core loop's. One instruction, so right for the caller even if
/// it migrates: its record goes with it.
#[inline]
pub(crate) fn current_record<'a>() -> &'a Record {
    let record: *const Record;
    // SAFETY: as in `here`.
    unsafe {
        asm!("mov {0}, gs:[{1}]", out(reg) record, const offset_of!(PerCpu, current),
            options(nostack, preserves_flags, readonly));
    }
    // SAFETY: never null once installed, and it names a static or the running thread's own record.
    unsafe { &*record }
}

/// One more preemption guard. A single instruction: an interrupt sees it held or not.
#[inline]
pub(crate) fn depth_up() {
    // SAFETY: as in `here`; the depth is this core's own, and no memory access may cross the guard.
    unsafe { asm!("inc dword ptr gs:[{0}]", const offset_of!(PerCpu, depth), options(nostack)) }
}

/// One guard less.
#[inline]
pub(crate) fn depth_down() {
    // SAFETY: as in `depth_up`.
    unsafe { asm!("dec dword ptr gs:[{0}]", const offset_of!(PerCpu, depth), options(nostack)) }
}

/// Whether a forced switch waits for the last guard's drop on this core. One instruction.
#[inline]
pub(crate) fn force_pending() -> bool {
    let force: u8;
    // SAFETY: as in `here`.
    unsafe {
        asm!("mov {0}, byte ptr gs:[{1}]", out(reg_byte) force, const offset_of!(PerCpu, force),
            options(nostack, preserves_flags, readonly));
    }
    force != 0
}

/// Guards held.
#[inline]
pub(crate) fn depth() -> u32 {
    let depth: u32;
    // SAFETY: as in `here`.
    unsafe {
        asm!("mov {0:e}, gs:[{1}]", out(reg) depth, const offset_of!(PerCpu, depth),
            options(nostack, preserves_flags, readonly));
    }
    depth
}
