//! The host backend: the machine is a Linux process.
//!
//! Two modes, told apart per OS thread. *threads*: each core is an OS thread, time is the process's
//! monotonic clock, nothing is ever switched by force. *sim* (`sim::begin`): one OS thread is a whole
//! machine of virtual cores with virtual clocks. An OS thread that is neither (a test) counts as core 0
//! of the process's machine. What only hardware has is missing: forced switches, guard-page reports,
//! interrupts.

pub mod boot;
pub mod sim;
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

mod local;
