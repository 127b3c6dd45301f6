//! The simulated machine: N virtual cores with virtual clocks on one OS thread.
//!
//! A driver (a test) begins it, and then plays the cores one after another: `enter_core`, then that
//! core's loop for a while. Nothing happens by itself: time passes when somebody calls `time::pass`,
//! `cpu::idle` or `set_time`; a kick sets flags. The state is the OS thread's own, so tests on several OS
//! threads each have their machine. The same calls with the same seed give the same machine.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;
use std::thread_local;

use super::contain;
use super::local::local;
use crate::cpu::{CoreId, CpuStats, MAX_CORES};
use crate::time::Instant;

/// How a simulated kernel ended its machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PowerCall {
    /// `power::off`.
    Off,
    /// `power::reboot`.
    Reboot,
    /// `power::exit` with this status.
    Exit(u8),
}

#[derive(Clone, Copy, Default)]
struct Core {
    clock: Instant,
    armed: Option<Instant>,
    kicked: bool,
    resched: bool,
    stats: CpuStats,
}

struct Machine {
    cores: usize,
    core: [Core; MAX_CORES],
    draws: u64,
    input: VecDeque<u8>,
    output: Vec<u8>,
}

const OFF: Core = Core {
    clock: Instant::ZERO,
    armed: None,
    kicked: false,
    resched: false,
    stats: CpuStats {
        timer_ticks: 0,
        ipis_received: 0,
        ipis_sent: 0,
        forced_switches: 0,
        deferred_switches: 0,
        longest_guarded_ns: 0,
        idle_ns: 0,
    },
};

thread_local! {
    static MACHINE: RefCell<Machine> = const {
        RefCell::new(Machine {
            cores: 1,
            core: [OFF; MAX_CORES],
            draws: 0,
            input: VecDeque::new(),
            output: Vec::new(),
        })
    };
}

/// Makes this OS thread a machine of `cores` cores (1 to `MAX_CORES`), all at time zero, playing the
/// boot core; `seed` decides what `entropy::seed` gives. What was simulated here before is forgotten.
pub fn begin(cores: usize, seed: u64) {
    let cores = cores.clamp(1, MAX_CORES);
    let fresh =
        Machine { cores, core: [OFF; MAX_CORES], draws: seed, input: VecDeque::new(), output: Vec::new() };
    MACHINE.with_borrow_mut(|machine| *machine = fresh);
    local().simulated.set(true);
    local().core.set(CoreId::BOOT);
}

/// Ends the simulation: the OS thread counts as core 0 of the process's machine again.
pub fn end() {
    begin(1, 0);
    local().simulated.set(false);
}

/// Plays `core` from now on. Between core loop steps only (not on a thread).
pub fn enter_core(core: CoreId) {
    assert!(!crate::thread::on_thread(), "a simulated core was changed from inside a thread");
    local().core.set(core);
}

/// `core`'s clock.
pub fn time(core: CoreId) -> Instant {
    with(core, |c| c.clock)
}

/// Moves `core`'s clock forward to `at`; never back.
pub fn set_time(core: CoreId, at: Instant) {
    with(core, |c| c.clock = c.clock.max(at))
}

/// When `core`'s one-shot will rise, if it is armed.
pub fn armed(core: CoreId) -> Option<Instant> {
    with(core, |c| c.armed)
}

/// Whether `core` has a kick that it has not acknowledged.
pub fn kicked(core: CoreId) -> bool {
    with(core, |c| c.kicked)
}

/// Bytes arrive at the console, and kick the boot core.
pub fn feed_console(bytes: &[u8]) {
    MACHINE.with_borrow_mut(|machine| machine.input.extend(bytes));
    with(CoreId::BOOT, Core::kick);
}

/// What was written to the console since the last call.
pub fn take_output() -> Vec<u8> {
    MACHINE.with_borrow_mut(|machine| core::mem::take(&mut machine.output))
}

/// Runs `f` up to its end or to the first power call in it, on a thread's stack or not. The threads
/// that were on the way keep their stacks. A panic goes through.
pub fn until_power_call<R>(f: impl FnOnce() -> R) -> Result<R, PowerCall> {
    contain::catch(f).map_err(|payload| match payload.downcast::<PowerCall>() {
        Ok(call) => *call,
        Err(panic) => contain::rethrow(panic),
    })
}

/// Unwinds to `until_power_call`.
pub(super) fn throw(call: PowerCall) -> ! {
    contain::throw_through(Box::new(call))
}

impl Core {
    fn kick(&mut self) {
        self.kicked = true;
        self.resched = true;
    }

    fn tick(&mut self) {
        if self.armed.is_some_and(|at| at <= self.clock) {
            self.armed = None;
            self.resched = true;
            self.stats.timer_ticks += 1;
        }
    }
}

fn with<R>(core: CoreId, f: impl FnOnce(&mut Core) -> R) -> R {
    MACHINE.with_borrow_mut(|machine| {
        let [first, rest @ ..] = &mut machine.core;
        f(match core.index().checked_sub(1) {
            Some(i) => rest.get_mut(i).unwrap_or(first),
            None => first,
        })
    })
}

fn here<R>(f: impl FnOnce(&mut Core) -> R) -> R {
    with(local().core.get(), f)
}

pub(super) fn count() -> usize {
    MACHINE.with_borrow(|machine| machine.cores)
}

pub(super) fn now() -> Instant {
    here(|c| c.clock)
}

pub(super) fn arm(at: Instant) {
    here(|c| c.armed = (at != Instant::NEVER).then_some(at))
}

pub(super) fn pass(span: Duration) {
    here(|c| c.clock = c.clock + span)
}

pub(super) fn kick(core: CoreId) {
    with(core, Core::kick);
    if core != local().core.get() {
        here(|c| c.stats.ipis_sent += 1);
        with(core, |c| c.stats.ipis_received += 1);
    }
}

pub(super) fn acknowledge_kick() -> bool {
    here(|c| core::mem::take(&mut c.kicked))
}

/// Lets the clock jump to whatever would end the sleep; returns at once if nothing would.
pub(super) fn idle(until: Option<Instant>) {
    here(|c| {
        let wake = until.into_iter().chain(c.armed).min();
        if let Some(at) = wake.filter(|_| !c.kicked) {
            let slept = at.since(c.clock).as_nanos();
            c.stats.idle_ns += u64::try_from(slept).unwrap_or(u64::MAX);
            c.clock = c.clock.max(at);
        }
        c.tick();
    })
}

pub(super) fn resched_due() -> bool {
    here(|c| {
        c.tick();
        c.resched
    })
}

pub(super) fn clear_resched() {
    here(|c| c.resched = false)
}

pub(super) fn stats(core: CoreId) -> CpuStats {
    with(core, |c| c.stats)
}

pub(super) fn console_write(bytes: &[u8]) {
    MACHINE.with_borrow_mut(|machine| machine.output.extend_from_slice(bytes))
}

pub(super) fn console_read(into: &mut [u8]) -> usize {
    MACHINE.with_borrow_mut(|machine| super::console::take(&mut machine.input, into))
}

pub(super) fn console_has_input() -> bool {
    MACHINE.with_borrow(|machine| !machine.input.is_empty())
}

/// 32 bytes from the simulation's seed, by splitmix64.
pub(super) fn draw_seed() -> [u8; 32] {
    let mut bytes = [0; 32];
    for word in bytes.chunks_exact_mut(8) {
        word.copy_from_slice(&draw().to_le_bytes());
    }
    bytes
}

fn draw() -> u64 {
    MACHINE.with_borrow_mut(|machine| {
        machine.draws = machine.draws.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (machine.draws ^ (machine.draws >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}
