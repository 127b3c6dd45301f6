//! The serial console on COM1: a 16550 (`uart_16550`), polled for output, interrupt-driven for input.
//!
//! Three handles on one device. Output is put into an `Outbox` under `OUTPUT`, so that calls do not mix,
//! and goes from there to the device one FIFO at a time, each under a lock of its own: a writer waits
//! for the device with no lock held, and sends for whoever waits with it. Input has one
//! producer (`collect`, in the interrupt on the boot core) and readers that exclude each other by
//! `READERS`; between them lies a lock-free `Ring`. A core that dies writes by `Emergency`, without
//! any lock. Nothing typed is ever lost: when the ring is full the receive interrupt is switched off,
//! the device's own FIFO fills, and whoever feeds it has to wait; reading switches it on again.
//! Lock order: `READERS` then `OUTPUT` is never needed; each is a leaf.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use uart_16550::backend::PioBackend;
use uart_16550::spec::registers::{FifoTriggerLevel, IER};
use uart_16550::{BaudRate, Config, Uart16550};
use x86_64::instructions::interrupts::without_interrupts;

use super::{cpu, ports};
use crate::cpu::CoreId;
use crate::outbox::Outbox;
use crate::ring::Ring;
use crate::sync::{Mutex, Order, Rank};

const COM1: u16 = 0x3f8;
const DATA: u16 = COM1;
const INTERRUPT_ENABLE: u16 = COM1 + 1;
const LINE_STATUS: u16 = COM1 + 5;
const DATA_READY: u8 = 1;
const TRANSMITTER_EMPTY: u8 = 1 << 5;
const RECEIVE_INTERRUPT: u8 = 1;
/// How often a machine that goes looks whether the device takes more: some tenths of a second.
const DRAIN_TRIES: u32 = 1_000_000;

static OUTPUT: Mutex<Option<Output>> =
    Mutex::new(Rank::of(&Order { order: 56, name: "console output" }), None);
static READERS: Mutex<()> = Mutex::new(Rank::of(&Order { order: 55, name: "console input" }), ());
static RING: Ring = Ring::new();
/// The ring was full: the receive interrupt is off until somebody has read.
static STALLED: AtomicBool = AtomicBool::new(false);

/// The device, and what is to go to it.
struct Output {
    uart: Uart16550<PioBackend>,
    outbox: Outbox,
}

/// Sets the device up, with its interrupts off. Where there is none, output goes nowhere.
pub(super) fn start() {
    let config = Config {
        interrupts: IER::empty(),
        baud_rate: BaudRate::Baud115200,
        fifo_trigger_level: Some(FifoTriggerLevel::One),
        ..Config::DEFAULT
    };
    // SAFETY: COM1's ports on every PC; this file alone drives it.
    let Ok(mut uart) = (unsafe { Uart16550::new_port(COM1) }) else { return };
    if uart.init(config).is_ok() {
        *OUTPUT.lock() = Some(Output { uart, outbox: Outbox::new() });
    }
}

/// Lets input interrupt, once its line leads somewhere.
pub(super) fn listen() {
    store(INTERRUPT_ENABLE, RECEIVE_INTERRUPT);
}

pub(crate) fn write(bytes: &[u8]) {
    for text in bytes.chunks(Outbox::BYTES) {
        let Some(mark) = wait(|outbox| outbox.put(text)) else { return };
        let _sent = wait(|outbox| outbox.has_sent(mark).then_some(()));
    }
}

/// Sends what there is until `done` answers; `None` without a device.
fn wait<T>(mut done: impl FnMut(&mut Outbox) -> Option<T>) -> Option<T> {
    loop {
        if let Some(Output { uart, outbox }) = OUTPUT.lock().as_mut() {
            if let Some(answer) = done(outbox) {
                return Some(answer);
            }
            outbox.send(|next| uart.send_bytes(next));
        } else {
            return None;
        }
        core::hint::spin_loop();
    }
}

/// Sends what writers have left, before the machine goes. With a bound: neither a device that is never
/// ready nor a core that died with the lock keeps the machine from going.
pub(crate) fn flush() {
    for _ in 0..DRAIN_TRIES {
        if let Some(mut output) = OUTPUT.try_lock() {
            let Some(Output { uart, outbox }) = output.as_mut() else { return };
            if outbox.is_empty() {
                return;
            }
            outbox.send(|next| uart.send_bytes(next));
        }
        core::hint::spin_loop();
    }
}

pub(crate) fn read(into: &mut [u8]) -> usize {
    let _only_reader = READERS.lock();
    let taken = RING.take(into);
    // SeqCst: pairs with `collect`, which sets the mark and then looks at the ring once more. One of
    // the two sees what the other did.
    if STALLED.swap(false, Ordering::SeqCst) {
        listen();
    }
    taken
}

pub(crate) fn has_input() -> bool {
    !RING.is_empty()
}

/// Empties the device into the ring. In the interrupt handler, on the boot core.
pub(super) fn collect() {
    loop {
        while load(LINE_STATUS) & DATA_READY != 0 && !RING.is_full() {
            RING.put(load(DATA));
        }
        if load(LINE_STATUS) & DATA_READY == 0 {
            break;
        }
        store(INTERRUPT_ENABLE, 0);
        STALLED.store(true, Ordering::SeqCst);
        // A reader may have made room before it could see the mark: then it is ours to go on.
        if RING.is_full() || !STALLED.swap(false, Ordering::SeqCst) {
            break;
        }
        listen();
    }
    cpu::kick(CoreId::BOOT);
}

/// Output for a core that dies: no lock, every byte waited for.
pub(crate) fn write_emergency(bytes: &[u8]) {
    without_interrupts(|| {
        for byte in bytes {
            // A port that is absent reads as all ones, so this ends.
            while load(LINE_STATUS) & TRANSMITTER_EMPTY == 0 {
                core::hint::spin_loop();
            }
            store(DATA, *byte);
        }
    });
}

/// `write_emergency` as a sink for formatted text.
pub(super) struct Emergency;

impl fmt::Write for Emergency {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_emergency(text.as_bytes());
        Ok(())
    }
}

fn load(port: u16) -> u8 {
    // SAFETY: COM1's ports; only `collect` and readers after it take data, and status has no owner.
    unsafe { ports::read8(port) }
}

fn store(port: u16, value: u8) {
    // SAFETY: COM1's ports; the device touches no memory.
    unsafe { ports::write8(port, value) };
}
