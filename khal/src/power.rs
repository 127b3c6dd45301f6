//! Ending it: power-off, reboot, and a status for whoever started the machine.
//!
//! What was written to the console goes out first. None of these runs destructors or waits for other cores.

use crate::backend;

/// Switches the machine off (host: ends the process with status 0).
pub fn off() -> ! {
    backend::console::flush();
    backend::power::off()
}

/// Starts the machine anew (host: ends the process with status 0, as there is nothing to start anew).
pub fn reboot() -> ! {
    backend::console::flush();
    backend::power::reboot()
}

/// Ends with `status`: through the exit device where there is one, otherwise like `off`.
/// The runner reports `status` as its own.
pub fn exit(status: u8) -> ! {
    backend::console::flush();
    backend::power::exit(status)
}
