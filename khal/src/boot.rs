//! From the machine's start to the kernel's first line, and the start of the other cores.
//!
//! Owns the description of the machine that the kernel is handed, and the entry macro. The program
//! that uses `entry!` is `#![no_std]` and `#![no_main]` on either backend. It does not decide what
//! runs: the function named in `entry!` does.

use crate::cpu::CoreId;
use crate::{backend, sync};

/// What was found at boot, handed to the kernel's entry function once.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Number of cores that `start_cores` will run, 1 to `cpu::MAX_CORES`.
    pub cores: usize,
    /// The packed manifest and modules; empty when there is none.
    pub ramdisk: &'static [u8],
    /// The options line: fw_cfg `opt/tessera/options`, or the host program's arguments, joined by spaces.
    pub options: &'static str,
    /// Usable memory found at boot, in bytes.
    pub memory_bytes: u64,
}

/// Lets every other core enter `body`, then this one. Every core has its own boot stack, its clock
/// and timer, and can be kicked, before `body` runs on it. Called once, by the boot core. The longest
/// holds of `sync` are counted from here on.
pub fn start_cores(body: fn(CoreId) -> !) -> ! {
    sync::forget_holds();
    backend::boot::start_cores(body)
}

/// Makes the program's entry symbol, which brings the machine up and calls `$main: fn(Machine) -> !`.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        $crate::backend_entry!($main);
    };
}
