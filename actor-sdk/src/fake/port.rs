//! The fake kernel's second serial port: it is there, takes 16 bytes at a time as the real one does, and keeps them.

use tessera_abi::Error;

use super::calls::{Calls, Outcome};
use super::{Kernel, STATE};

/// What a FIFO holds.
const FIFO_BYTES: usize = 16;

/// See the module.
#[derive(Default)]
pub(super) struct FakePort {
    absent: bool,
    /// It has just taken something, and is busy once.
    busy: bool,
    out: Vec<u8>,
}

impl Kernel {
    /// Makes it a machine without a second port.
    pub fn unplug_port(&mut self) {
        STATE.with_borrow_mut(|state| state.port.absent = true);
    }

    /// Takes what was written to the second port.
    pub fn port_output(&mut self) -> String {
        let out = STATE.with_borrow_mut(|state| std::mem::take(&mut state.port.out));
        String::from_utf8_lossy(&out).into_owned()
    }
}

impl Calls<'_> {
    pub(super) fn port_write(&mut self, _port: u64, bytes: u32, len: u32) -> Outcome {
        let port = &mut self.state.port;
        if port.absent {
            return Err(Error::NotFound.into());
        }
        port.busy = !port.busy && len > 0;
        if !port.busy {
            return Ok(0);
        }
        let bytes = self.memory.read(bytes, len)?;
        let taken = bytes.get(..FIFO_BYTES).unwrap_or(bytes);
        port.out.extend_from_slice(taken);
        Ok(taken.len() as u64)
    }
}
