//! The machine, behind safe contracts. All of the kernel's unsafe code lives here.
//!
//! Each contract (`cpu`, `time`, `thread`, …) is a file at this level: it documents what callers may
//! rely on and delegates to a file of the same name in one of two backends, `x86_64` (bare metal)
//! and `host` (a Linux process). The backend is chosen here and nowhere else, so a caller never sees
//! a `cfg`. Invariants that span files: the lock order is the caller's `sync::Rank`s; nothing in this
//! crate takes a `sync::Mutex` inside an interrupt handler; the allocator below is the only one.
//! What khal does not do: decide. It has no run queues, no policy and no notion of an actor.
#![no_std]
#![cfg_attr(not(target_os = "none"), feature(alloc_error_hook))]
#![cfg_attr(target_os = "none", feature(alloc_error_handler))]
#![expect(unsafe_code, reason = "khal is the one crate that may touch the machine; see docs/UNSAFE.md")]

extern crate alloc;
#[cfg(not(target_os = "none"))]
extern crate std;

pub mod boot;
pub mod console;
pub mod contain;
pub mod cpu;
pub mod entropy;
pub mod heap;
pub mod memory;
pub mod port;
pub mod power;
pub mod runs;
pub mod sync;
pub mod thread;
pub mod time;

#[cfg(any(test, target_os = "none"))]
mod bitmap;
mod coroutine;
#[cfg(any(test, target_os = "none"))]
mod outbox;
#[cfg(any(test, target_os = "none"))]
mod ring;

#[cfg(not(target_os = "none"))]
pub mod host;
#[cfg(not(target_os = "none"))]
use host as backend;

#[cfg(target_os = "none")]
pub mod x86_64;
#[cfg(target_os = "none")]
use x86_64 as backend;

/// The one allocator of every program that links this crate.
#[global_allocator]
static HEAP: heap::KernelHeap = heap::KernelHeap;
