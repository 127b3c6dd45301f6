//! What the kernel decides: capabilities, actors, messages, scheduling, timers.
//!
//! Nothing here touches the machine (that is `khal`) or knows an interpreter (that is `kernel/wasm`,
//! behind [`engine`]).
#![no_std]

extern crate alloc;

pub mod engine;
