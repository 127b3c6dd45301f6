//! Boots images in QEMU for the tests in `tests/boot/tests`, one property each.
//!
//! Owns: where the images are (the folder in TESSERA_IMAGES, which `make test` sets), the core counts that
//! every property is shown at, and the time limit. It builds no image.
//! A test here shows what only a booted machine can: interrupts, page tables, other cores, firmware.
//! Nothing is asserted about how long anything took: these guests share the host's cores.

mod everywhere;

pub use everywhere::everywhere;

use std::path::PathBuf;
use std::time::Duration;

use tessera_run::{Firmware, Guest, Outcome, Report, StartError};

/// Every property holds with one core, with two, and with more than the host may have.
pub const CORES: [u16; 3] = [1, 2, 4];

/// At least ten times what a boot test takes on an idle machine.
pub const LIMIT: Duration = Duration::from_secs(180);

/// The image that `make` built as `NAME-bios.img` or `NAME-uefi.img`, in a machine of `cores` cores.
pub fn guest(name: &str, firmware: Firmware, cores: u16) -> Guest {
    let folder = std::env::var_os("TESSERA_IMAGES").map_or_else(|| PathBuf::from("build"), PathBuf::from);
    let kind = match firmware {
        Firmware::Bios => "bios",
        Firmware::Uefi => "uefi",
    };
    Guest::new(folder.join(format!("{name}-{kind}.img"))).firmware(firmware).cores(cores).memory("256M")
}

/// What is wrong with a run that should have ended with 0 and no epitaph; `None` when nothing is.
pub fn fault_of(report: &Result<Report, StartError>) -> Option<String> {
    match report {
        Err(error) => Some(error.to_string()),
        Ok(report) => match (&report.outcome, &report.epitaph) {
            (Outcome::Exited(0) | Outcome::PoweredOff, None) => None,
            (outcome, _) => Some(format!("{outcome}; its console:\n{}", report.console)),
        },
    }
}
