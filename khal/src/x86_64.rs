//! The bare-metal backend: x86_64, started by `bootloader`, up to 64 cores with xAPIC.
//!
//! `percpu`, `thread`, `contain` and `heap` are about what runs; `boot`, `memory`, `traps`, `apic`,
//! `smp` and the rest about the machine under it. The GS base of each core is its `percpu::PerCpu`
//! from the very first instructions on, since locks and the allocator reach it.

pub mod boot;
pub mod percpu;
pub mod thread;

pub(crate) mod console;
pub(crate) mod contain;
pub(crate) mod cpu;
pub(crate) mod entropy;
pub(crate) mod heap;
pub(crate) mod memory;
pub(crate) mod port;
pub(crate) mod power;
pub(crate) mod runs;
pub(crate) mod time;

mod acpi;
mod apic;
mod calibrate;
mod fw_cfg;
mod platform;
mod ports;
mod smp;
mod timer;
mod traps;
