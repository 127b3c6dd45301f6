//! The second serial port.
//!
//! Owns: nothing. Waiting for the device is the writer's, by a clock: the kernel never does.

use core::time::Duration;

use tessera_abi::Error;

use crate::capability::{Capability, Clock, Port};
use crate::sys;

/// How long a busy device is left alone: about what it takes a line of 115200 baud to send its FIFO's 16 bytes.
const PATIENCE: Duration = Duration::from_millis(1);

impl Port {
    /// Gives the port the beginning of `bytes`, as much as it takes now; how many that was.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the machine has no such port.
    pub fn write(&self, bytes: &[u8]) -> Result<usize, Error> {
        sys::port_write(self.handle(), bytes)
    }

    /// Writes all of `bytes`, sleeping while the device is busy.
    ///
    /// # Errors
    /// Those of [`Port::write`] and [`Clock::sleep`]; part of the bytes may have been written.
    pub fn write_all(&self, bytes: &[u8], clock: &Clock) -> Result<(), Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.write(rest)? {
                0 => clock.sleep(PATIENCE)?,
                taken => rest = rest.get(taken..).unwrap_or_default(),
            }
        }
        Ok(())
    }
}
