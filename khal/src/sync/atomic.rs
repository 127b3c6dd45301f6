//! Atomics that loom can replace. The same names as in `core::sync::atomic`.

#[cfg(not(loom))]
pub use core::sync::atomic::*;

#[cfg(loom)]
pub use loom::sync::atomic::*;
