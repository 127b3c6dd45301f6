//! Ending it: power-off, reboot, and a status for whoever started the machine.
//!
//! None of these runs destructors or waits for other cores.

use crate::backend;

/// Switches the machine off (host: ends the process with status 0).
pub fn off() -> ! {
    backend::power::off()
}

/// Starts the machine anew (host: ends the process with status 0, as there is nothing to start anew).
pub fn reboot() -> ! {
    backend::power::reboot()
}

/// Ends with `status`: through the exit device where there is one, otherwise like `off`.
/// The runner reports `status` as its own.
pub fn exit(status: u8) -> ! {
    backend::power::exit(status)
}
