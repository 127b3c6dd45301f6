//! Runs guests in QEMU: the one place that knows its command line, its sockets and its exit status.
//!
//! Owns: a QEMU process from start to reaping, and a scratch folder with its sockets.
//! Invariants: no QEMU outlives the [`Session`] (nor, where `setpriv` is there, the thread that started
//! it); nothing reaches the guest before it has printed its ready text; nothing is dropped on the way in,
//! because the bytes travel over a socket that QEMU reads only as the UART has room.
//! Several guests may run side by side, each in its own scratch folder.
//! It does not build images, and never uses KVM (a guest under a KVM that merely opens hangs).
//!
//! ```no_run
//! use std::time::Duration;
//! use tessera_run::{Guest, Outcome};
//!
//! let report = Guest::new("build/tessera-bios.img").cores(2).run(b"shutdown\n", Duration::from_secs(60))?;
//! assert_eq!(report.outcome, Outcome::PoweredOff, "{}", report.console);
//! # Ok::<(), tessera_run::StartError>(())
//! ```

mod firmware;
mod gate;
mod guest;
mod launch;
mod monitor;
mod outcome;
mod scratch;
mod session;
mod watch;

pub use firmware::Firmware;
pub use gate::Input;
pub use guest::{Clock, Guest};
pub use outcome::{Outcome, Report, StartError};
pub use session::{Resets, Rules, Session, Stop, Stopper};
pub use watch::READY;
