//! The second serial port on COM2: a 16550 (`uart_16550`), polled, output only.
//!
//! Owns the device under one lock, held for one load of its FIFO (16 bytes). Where nothing answers at boot there is
//! none.

use uart_16550::backend::PioBackend;
use uart_16550::spec::registers::IER;
use uart_16550::{BaudRate, Config, Uart16550};

use crate::sync::{Mutex, Order, Rank};

const COM2: u16 = 0x2f8;

static DEVICE: Mutex<Option<Uart16550<PioBackend>>> =
    Mutex::new(Rank::of(&Order { order: 54, name: "second port" }), None);

/// Sets the device up, if it is there, with its interrupts off.
pub(super) fn start() {
    let config = Config { interrupts: IER::empty(), baud_rate: BaudRate::Baud115200, ..Config::DEFAULT };
    // SAFETY: COM2's ports on every PC; this file alone drives it.
    let Ok(mut uart) = (unsafe { Uart16550::new_port(COM2) }) else { return };
    if uart.init(config).is_ok() {
        *DEVICE.lock() = Some(uart);
    }
}

pub(crate) fn write(bytes: &[u8]) -> Option<usize> {
    let mut taken = 0;
    loop {
        let rest = bytes.get(taken..).unwrap_or_default();
        // Each load under a lock of its own: preemption is held off for one at a time.
        match DEVICE.lock().as_mut()?.send_bytes(rest) {
            0 => return Some(taken),
            count => taken += count,
        }
    }
}
