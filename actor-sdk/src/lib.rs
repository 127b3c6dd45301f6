//! What actors are written against: typed capabilities, messages, entry points, logging, and a fake kernel
//! for an author's own tests.
//!
//! Owns: the guest's side of the ABI. `sys` is the only `unsafe`, and only for Wasm.
//! Invariants: nothing here is ambient; whatever reaches outside the actor is a method of a capability
//! that it was given. Every blocking call takes a deadline.
//! Does not: depend on the kernel, or run anything by itself.
//!
//! A whole main actor:
//!
//! ```
//! use actor_sdk::{Capability, Clock, Error, info};
//! use core::time::Duration;
//!
//! fn run() -> Result<(), Error> {
//!     let clock = Clock::find("clock")?;
//!     for beat in 1..=3 {
//!         clock.sleep(Duration::from_millis(10))?;
//!         info!("beat {beat}");
//!     }
//!     Ok(())
//! }
//! actor_sdk::main!(run);
//!
//! // And its test, on the host:
//! let mut kernel = actor_sdk::fake::Kernel::new();
//! kernel.grant::<Clock>("clock");
//! kernel.grant::<actor_sdk::Log>("log");
//! assert_eq!(run(), Ok(()));
//! assert_eq!(kernel.log_lines(), ["beat 1", "beat 2", "beat 3"]);
//! assert_eq!(kernel.now_ns(), 30_000_000);
//! ```
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

mod account;
mod cancel;
pub mod capability;
mod derive;
pub mod entry;
#[cfg(not(target_family = "wasm"))]
pub mod fake;
mod ipc;
pub mod logging;
mod machine;
mod message;
mod port;
pub mod protocol;
mod region;
mod renew;
mod select;
mod spawn;
mod stats;
pub mod supervisor;
pub mod sync;
#[cfg_attr(
    target_family = "wasm",
    expect(unsafe_code, reason = "the border: imported host calls, the heap, the panic handler")
)]
mod sys;
pub mod task;
mod topic;

pub use cancel::Token;
pub use capability::{
    Account, Actor, Capability, Clock, Console, Endpoint, Factory, Image, Log, Notification, Port, Random,
    Region, Reply, Spawner, System, Unknown,
};
pub use derive::Derive;
pub use entry::{Handler, Outcome};
pub use message::{Incoming, Outgoing};
pub use renew::{SUPERVISOR, renewed};
pub use select::{Event, Select, Unmet};
pub use spawn::{Code, Plan};
pub use stats::EndpointStats;
pub use tessera_abi as abi;
pub use tessera_abi::{
    Amounts, EndReason, Error, FaultKind, Level, NEVER, NOW, ObjectKind, Policy, Priority, RevokeScope,
    Rights, Shape,
};
pub use topic::{Published, Topic};

use alloc::string::String;

/// The argument text that the actor was started with.
#[must_use]
pub fn args() -> String {
    sys::args()
}

/// Ends the actor with a code; 0 means success.
pub fn exit(code: i32) -> ! {
    sys::exit(code)
}

/// Ends the actor with a fault that carries `text`, as a panic does, without the code that formats one.
pub fn fault(text: &str) -> ! {
    sys::panic(text)
}

/// Says that the actor gets on, for whoever watches it. One that is watched says so more often than its limit is long,
/// whether it works or waits; a handler only while it is at one message.
pub fn heartbeat() {
    sys::heartbeat();
}

/// Lets others of the same priority run first.
pub fn yield_now() {
    sys::yield_now();
}
