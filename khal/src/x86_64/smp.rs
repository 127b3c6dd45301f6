//! The other cores: started one by one, then held until the kernel says what to run.
//!
//! Protocol (SDM volume 3, 8.4.4). All processors get INIT at once, which costs one wait. Then, for
//! each: its number and a stack are put into the trampoline, a start-up interrupt is sent, a second
//! one if it does not report, and after a while it is given up: it never ran, so nothing of it can
//! harm. A core reports by counting `ARRIVED` up; it then compares its time stamp counter with the
//! boot core's, tests its timer, and waits, halted, for `BODY`. Core numbers are dense in the order
//! of arrival. The trampoline and its tables exist only while this goes on.
//!
//! A core whose counter is off is counted in `cores` never: the clock is one for all (`time`), and a
//! core that disagrees would break every deadline. It halts for good.

mod trampoline;

use core::fmt::Write;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;

use x86_64::instructions::interrupts;

use super::memory::stacks;
use super::platform::Platform;
use super::traps::{self, epitaph};
use super::{apic, boot, console, percpu, time, timer};
use crate::cpu::{CoreId, MAX_CORES};
use crate::time::Instant;
use trampoline::Trampoline;

const INIT_WAIT: Duration = Duration::from_millis(10);
const FIRST_WAIT: Duration = Duration::from_millis(20);
const SECOND_WAIT: Duration = Duration::from_millis(500);
const TEST_SPAN: Duration = Duration::from_micros(200);
const TEST_LIMIT: Duration = Duration::from_secs(5);
/// Longer than the self-test's own limit, whose report says more.
const READY_WAIT: Duration = Duration::from_secs(10);

/// The core that may report now, and what it says. SeqCst throughout: this happens once a core.
static ARRIVED: AtomicUsize = AtomicUsize::new(0);
static STAGE: AtomicUsize = AtomicUsize::new(STAGE_WAIT);
static SAMPLE: AtomicU64 = AtomicU64::new(0);
/// What all cores are to run: a `fn(CoreId) -> !`, 0 until it is known.
static BODY: AtomicUsize = AtomicUsize::new(0);

const STAGE_WAIT: usize = 0;
const STAGE_READ: usize = 1;
const STAGE_READ_DONE: usize = 2;
const STAGE_ACCEPTED: usize = 3;
const STAGE_REFUSED: usize = 4;
const STAGE_READY: usize = 5;

/// Starts every processor that `platform` names and returns how many cores there are, this one
/// included. Interrupts are enabled.
pub fn start_others(platform: &Platform) -> usize {
    let me = apic::id();
    let processors = platform.processors.iter().take(platform.processor_count).copied();
    let others = processors.filter(|id| *id != me);
    if others.clone().count() == 0 {
        return 1;
    }
    let Some(mut trampoline) = Trampoline::build() else { return 1 };
    others.clone().for_each(apic::send_init);
    time::spin_for(INIT_WAIT);
    let mut cores = 1;
    for id in others.take(MAX_CORES - 1) {
        let Some(core) = CoreId::new(cores) else { break };
        if start(core, id, &mut trampoline) {
            cores += 1;
        } else {
            // The machine runs without it, but nobody should have to wonder.
            let _ = writeln!(console::Emergency, "khal: processor {id} does not start, or its clock is off");
        }
    }
    trampoline.remove();
    cores
}

/// Lets all cores enter `body`.
pub fn release(body: fn(CoreId) -> !) -> ! {
    BODY.store(body as usize, SeqCst);
    for core in crate::cpu::all().skip(1) {
        apic::kick(core);
    }
    body(CoreId::BOOT)
}

/// One tick of this core's timer, so that a core whose timer is dead is found at bring-up and not by
/// whoever waits for it. Interrupts are enabled.
pub fn self_test() {
    let core = percpu::here();
    let before = core.timer_ticks.load(SeqCst);
    let begun = time::now();
    timer::arm((begun + TEST_SPAN).as_nanos());
    while core.timer_ticks.load(SeqCst) == before {
        if time::now() > begun + TEST_LIMIT {
            epitaph::halt(format_args!("the timer of core {} does not fire", percpu::core().index()));
        }
        core::hint::spin_loop();
    }
    timer::arm(Instant::NEVER.as_nanos());
    core.resched.store(false, SeqCst);
}

/// Starts the processor with APIC id `id` as `core`; false if it does not come or its clock is off.
fn start(core: CoreId, id: u32, trampoline: &mut Trampoline) -> bool {
    let Some(stack) = stacks::map() else { return false };
    apic::set_core(core, id);
    trampoline.aim(core, stack.top);
    STAGE.store(STAGE_WAIT, SeqCst);
    let came = [FIRST_WAIT, SECOND_WAIT].into_iter().any(|wait| {
        apic::send_startup(id, trampoline.frame());
        wait_until(wait, || ARRIVED.load(SeqCst) == core.index())
    });
    if !came {
        // It may still come, late, and use the stack: it is given up with it, reset for good measure.
        apic::send_init(id);
        return false;
    }
    let agrees = clocks_agree();
    STAGE.store(if agrees { STAGE_ACCEPTED } else { STAGE_REFUSED }, SeqCst);
    if !agrees {
        ARRIVED.store(core.index() - 1, SeqCst);
        return false;
    }
    if !wait_until(READY_WAIT, || STAGE.load(SeqCst) == STAGE_READY) {
        // It runs, but nobody knows where: two cores of one number would be worse than none.
        epitaph::halt(format_args!("core {} came and was lost again", core.index()));
    }
    true
}

/// Whether the core that just arrived reads its counter between two readings of this core's.
fn clocks_agree() -> bool {
    let before = time::cycles();
    STAGE.store(STAGE_READ, SeqCst);
    while STAGE.load(SeqCst) != STAGE_READ_DONE {
        core::hint::spin_loop();
    }
    let after = time::cycles();
    let read = SAMPLE.load(SeqCst);
    before <= read && read <= after
}

fn wait_until(limit: Duration, done: impl Fn() -> bool) -> bool {
    let end = time::now() + limit;
    while !done() {
        if time::now() > end {
            return false;
        }
        core::hint::spin_loop();
    }
    true
}

/// Where a started core arrives, on its own stack and the kernel's tables.
extern "sysv64" fn arrive(index: usize) -> ! {
    let core = CoreId::new(index).unwrap_or(CoreId::BOOT);
    boot::install_block(core);
    traps::load_own();
    apic::enable();
    ARRIVED.store(index, SeqCst);
    while STAGE.load(SeqCst) != STAGE_READ {
        core::hint::spin_loop();
    }
    SAMPLE.store(time::cycles(), SeqCst);
    STAGE.store(STAGE_READ_DONE, SeqCst);
    loop {
        match STAGE.load(SeqCst) {
            STAGE_ACCEPTED => break,
            STAGE_REFUSED => super::power::halt(),
            _ => core::hint::spin_loop(),
        }
    }
    interrupts::enable();
    self_test();
    STAGE.store(STAGE_READY, SeqCst);
    await_body(core)
}

/// Halts until `release`, whose kick ends the halt.
fn await_body(core: CoreId) -> ! {
    loop {
        interrupts::disable();
        let body = BODY.load(SeqCst);
        if body != 0 {
            interrupts::enable();
            // SAFETY: `release` stored a function of this very type.
            let body = unsafe { core::mem::transmute::<usize, fn(CoreId) -> !>(body) };
            body(core)
        }
        interrupts::enable_and_hlt();
    }
}
