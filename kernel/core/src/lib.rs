//! What the kernel decides: authority, messages, scheduling, actors' lives.
//!
//! No hardware and no unsafe code: the machine is `khal`, the interpreter is behind [`engine`], what
//! crosses the actors' border is `tessera-abi`, and host calls are decoded by the crate above.
//! Allocation on any path that an actor can reach is fallible and answered with an error. The lock
//! order is [`ranks`]; nothing here runs in an interrupt.
#![no_std]
#![feature(allocator_api)]

extern crate alloc;

pub mod account;
pub mod actor;
pub mod cap;
pub mod console;
pub mod engine;
pub mod fallible;
pub mod ipc;
pub mod kernel;
pub mod log;
pub mod modules;
pub mod random;
pub mod ranks;
pub mod region;
pub mod sched;
pub mod stats;
pub mod trace;
