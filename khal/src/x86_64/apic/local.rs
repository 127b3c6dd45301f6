//! The local APIC (SDM volume 3, chapter 11): end of interrupt, kicks, start-up, one-shot timer.
//!
//! The registers lie at one address on every core and mean that core's own. Writing the interrupt
//! command takes two stores, so it is done with interrupts masked: a forced switch in between would
//! let another thread overwrite the first. Owns the timer's rate, measured by `calibrate`.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use x86_64::instructions::interrupts::without_interrupts;
use x86_64::registers::model_specific::Msr;

use crate::cpu::{CoreId, MAX_CORES};
use crate::x86_64::memory::devices::{self, Registers};
use crate::x86_64::traps::{epitaph, idt};

const ID: usize = 0x20;
const TASK_PRIORITY: usize = 0x80;
const END_OF_INTERRUPT: usize = 0xb0;
const SPURIOUS: usize = 0xf0;
const COMMAND_LOW: usize = 0x300;
const COMMAND_HIGH: usize = 0x310;
const LVT_TIMER: usize = 0x320;
const LVT_THERMAL: usize = 0x330;
const LVT_COUNTER: usize = 0x340;
const LVT_LINT0: usize = 0x350;
const LVT_LINT1: usize = 0x360;
const LVT_ERROR: usize = 0x370;
const INITIAL_COUNT: usize = 0x380;
const CURRENT_COUNT: usize = 0x390;
const DIVIDE: usize = 0x3e0;
const BYTES: usize = 0x400;

const APIC_BASE_MSR: u32 = 0x1b;
const APIC_GLOBAL_ENABLE: u64 = 1 << 11;
const APIC_EXTENDED: u64 = 1 << 10;
const MASKED: u32 = 1 << 16;
const SOFTWARE_ENABLE: u32 = 1 << 8;
const DELIVERY_NMI: u32 = 4 << 8;
const DELIVERY_INIT: u32 = 5 << 8;
const DELIVERY_STARTUP: u32 = 6 << 8;
const LEVEL_ASSERT: u32 = 1 << 14;
const PENDING: u32 = 1 << 12;
/// Encodes "divide by 16" (SDM volume 3, figure 11-10): 32 bits then last for a minute at 1 GHz.
const DIVIDE_BY_16: u32 = 0b0011;

static REGISTERS: spin::Once<Registers> = spin::Once::new();
static IDS: [AtomicU32; MAX_CORES] = [const { AtomicU32::new(0) }; MAX_CORES];
/// Counts per ns, times 2^32. Written once, before other cores run: Relaxed.
static RATE: AtomicU64 = AtomicU64::new(0);

/// Maps the registers at `physical`; once, on the boot core. False without memory for it.
///
/// # Safety
/// The processor's local APIC lies there, as the firmware says.
pub unsafe fn map(physical: u64) -> bool {
    // SAFETY: the caller vouches for the place; this file alone drives the device, and its stores
    // make it send interrupts but touch no memory.
    let Some(registers) = (unsafe { devices::map(physical, BYTES) }) else { return false };
    REGISTERS.call_once(|| registers);
    true
}

/// Switches this core's local APIC on, with everything masked but what arrives by vector.
pub fn enable() {
    let mut base = Msr::new(APIC_BASE_MSR);
    // SAFETY: every 64-bit processor has this register.
    let value = unsafe { base.read() };
    if value & APIC_EXTENDED != 0 {
        epitaph::halt(format_args!("the firmware left the local APIC in x2APIC mode"));
    }
    // SAFETY: keeps the place, sets the global enable.
    unsafe { base.write(value | APIC_GLOBAL_ENABLE) };
    write(TASK_PRIORITY, 0);
    for masked in [LVT_THERMAL, LVT_COUNTER, LVT_LINT0, LVT_ERROR] {
        write(masked, MASKED);
    }
    write(LVT_LINT1, DELIVERY_NMI);
    write(DIVIDE, DIVIDE_BY_16);
    write(LVT_TIMER, u32::from(idt::TIMER));
    write(INITIAL_COUNT, 0);
    write(SPURIOUS, SOFTWARE_ENABLE | u32::from(idt::SPURIOUS));
    end_of_interrupt();
}

/// This core's APIC id.
pub fn id() -> u32 {
    read(ID) >> 24
}

/// Notes that `core` has APIC id `id`.
pub fn set_core(core: CoreId, id: u32) {
    if let Some(slot) = IDS.get(core.index()) {
        slot.store(id, Relaxed);
    }
}

/// Tells the controller that the handler is done with the interrupt in service.
pub fn end_of_interrupt() {
    write(END_OF_INTERRUPT, 0);
}

/// Interrupts `core` with the kick's vector.
pub fn kick(core: CoreId) {
    let id = IDS.get(core.index()).map_or(0, |slot| slot.load(Relaxed));
    command(id, u32::from(idt::KICK) | LEVEL_ASSERT);
}

/// Resets the processor with APIC id `id` and lets it wait for its start-up interrupt.
pub fn send_init(id: u32) {
    command(id, DELIVERY_INIT | LEVEL_ASSERT);
}

/// Starts the processor with APIC id `id` in real mode at `frame`, a frame below 1 MiB.
pub fn send_startup(id: u32, frame: u64) {
    command(id, DELIVERY_STARTUP | LEVEL_ASSERT | (frame >> 12) as u32 & 0xff);
}

/// Sets the timer's rate: it counted `counts` in `nanos`.
pub fn set_rate(counts: u64, nanos: u64) {
    let rate = (u128::from(counts) << 32) / u128::from(nanos.max(1));
    RATE.store(rate as u64, Relaxed);
}

/// Lets this core's timer fire once, `left` ns from now (at least one count), or never. More than
/// the counter holds fires early; whoever handles it runs the timer on.
pub fn set_timer(left: Option<u64>) {
    let counts = left.map_or(0, |nanos| {
        let counts = (u128::from(nanos) * u128::from(RATE.load(Relaxed))) >> 32;
        u32::try_from(counts).unwrap_or(u32::MAX).saturating_add(1)
    });
    write(INITIAL_COUNT, counts);
}

/// Runs the timer down from its largest count, silently, to measure its rate.
pub fn start_counting() {
    write(LVT_TIMER, MASKED | u32::from(idt::TIMER));
    write(INITIAL_COUNT, u32::MAX);
}

/// How far the timer has counted since `start_counting`.
pub fn counted() -> u32 {
    u32::MAX - read(CURRENT_COUNT)
}

/// Ends the measurement: the timer is idle, and fires when it is set.
pub fn stop_counting() {
    write(INITIAL_COUNT, 0);
    write(LVT_TIMER, u32::from(idt::TIMER));
}

fn command(id: u32, low: u32) {
    without_interrupts(|| {
        while read(COMMAND_LOW) & PENDING != 0 {
            core::hint::spin_loop();
        }
        write(COMMAND_HIGH, id << 24);
        write(COMMAND_LOW, low);
    });
}

fn read(register: usize) -> u32 {
    REGISTERS.get().map_or(0, |registers| registers.read32(register))
}

fn write(register: usize, value: u32) {
    if let Some(registers) = REGISTERS.get() {
        registers.write32(register, value);
    }
}
