//! Logging without ceremony: `info!("…")` and its sisters write to the capability called `log`.
//!
//! Owns: the macros. Without that capability, or with one that refuses, a line is lost silently: an actor
//! that was not granted a log must run all the same.
//! Does not: buffer, filter, or name the actor (the kernel does that).

use core::fmt::{Arguments, Write};

use alloc::string::String;

use tessera_abi::Level;

use crate::capability::{Capability, Log, Slot};
use crate::sys;

#[doc(hidden)]
pub fn write(level: Level, arguments: Arguments<'_>) {
    let Ok(handle) = sys::cap_find("log") else { return };
    let log = Log::from_slot(Slot::wired(handle));
    let mut text = String::new();
    if text.write_fmt(arguments).is_ok() {
        // See the header: a log that refuses must not stop its actor.
        let _lost = log.write(level, &text);
    }
}

/// Logs that something failed.
#[macro_export]
macro_rules! error {
    ($($argument:tt)*) => { $crate::logging::write($crate::Level::Error, ::core::format_args!($($argument)*)) };
}

/// Logs that something is not as it should be.
#[macro_export]
macro_rules! warn {
    ($($argument:tt)*) => { $crate::logging::write($crate::Level::Warn, ::core::format_args!($($argument)*)) };
}

/// Logs something worth knowing.
#[macro_export]
macro_rules! info {
    ($($argument:tt)*) => { $crate::logging::write($crate::Level::Info, ::core::format_args!($($argument)*)) };
}

/// Logs something for whoever looks for a fault.
#[macro_export]
macro_rules! debug {
    ($($argument:tt)*) => { $crate::logging::write($crate::Level::Debug, ::core::format_args!($($argument)*)) };
}
