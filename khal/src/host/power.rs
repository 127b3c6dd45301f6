//! Ending the process; in a simulation, ending the simulation.

use super::local::local;
use super::sim::{self, PowerCall};

/// Status 0.
pub(crate) fn off() -> ! {
    end(PowerCall::Off, 0)
}

/// Status 0: there is no machine to start anew.
pub(crate) fn reboot() -> ! {
    end(PowerCall::Reboot, 0)
}

/// `status`.
pub(crate) fn exit(status: u8) -> ! {
    end(PowerCall::Exit(status), status)
}

fn end(call: PowerCall, status: u8) -> ! {
    if local().simulated.get() {
        sim::throw(call)
    }
    super::console::flush();
    std::process::exit(i32::from(status))
}
