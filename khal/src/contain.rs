//! Containment: a part of the kernel's work that may fail as a whole, charged to somebody.
//!
//! `enter(meter, f)` runs `f` so that its allocations are charged to `meter`, and so that a panic or a
//! refused allocation inside it *unwinds* to here, dropping everything on the way, and becomes an
//! `Escape`. `leave(f)`, inside such an `f`, is the kernel's own work on the actor's behalf (a host
//! call): uncharged, though it leaves the kernel's last reserve alone, and a panic in it is fatal. The
//! two nest in each other to any depth. Scopes belong to the current thread and follow it through
//! pauses and forced switches.
//!
//! Charging: bytes and allocations are charged to the meter of the scope where `alloc` happens, and
//! credited to the meter of the scope where `dealloc` happens. So what was allocated inside must be
//! freed inside (`enter` again, with the same meter); `Meter::live` is 0 exactly if it was.
//! A meter may have somebody who pays ([`Payer`]): then it draws from him in steps, ahead of what it charges.
//! While a panic unwinds, allocations in the scope are charged but never refused: the way out must
//! not fail. A panic in a destructor during that unwinding is fatal.
//!
//! What contained code must not do: grow a `BTreeMap` or `BTreeSet`. The standard library aborts when
//! an allocation unwinds out of the growth of their root; its other collections let it through.

use core::fmt;

mod meter;
mod scope;
mod text;

pub use meter::{Meter, Payer, STEP_BYTES};
pub use scope::{enter, leave};
pub use text::Text;

pub(crate) mod charge;
pub(crate) use scope::State;

/// Why `enter` did not come back with a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Escape {
    /// Code in the scope panicked.
    Panic {
        /// The panic's message, cut at the end if long.
        message: Text<76>,
        /// The file it came from, cut at the front if long; empty if unknown.
        file: Text<38>,
        /// The line in it; 0 if unknown.
        line: u32,
    },
    /// An allocation that the code could not do without was refused.
    OutOfMemory {
        /// Size of the refused request.
        bytes: usize,
    },
}

impl fmt::Display for Escape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Escape::Panic { message, file, line } => write!(f, "panicked at {file}:{line}: {message}"),
            Escape::OutOfMemory { bytes } => write!(f, "out of memory: {bytes} bytes refused"),
        }
    }
}
