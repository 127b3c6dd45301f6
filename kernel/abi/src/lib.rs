//! The contract between the kernel and its actors (DESIGN D9): the table of host calls, the numbers of
//! errors, rights, faults and kinds, and the layout of everything that crosses the border as bytes.
//!
//! Owns: every number and every offset; nobody else writes one down.
//! Invariants: numbers are never reused (tests/golden.txt freezes them); decoding treats every byte as
//! a claim and never panics.
//! Does not: depend on anything, allocate, or act. Kernel, SDK and tools all build on it, also for Wasm.
//!
//! Conventions of a call: it is imported from module [`IMPORT_MODULE`]; its parameters are `i32` and `i64`
//! only; it returns one `i64`, at least 0 for a value and below 0 for minus an [`Error`]'s number; what
//! may use all 64 bits is written to memory instead. Deadlines are absolute nanoseconds since boot.
#![no_std]

pub mod account;
pub mod actor;
pub mod arg;
pub mod call;
pub mod capability;
pub mod docs;
pub mod end;
pub mod error;
pub mod image;
pub mod inspect;
pub mod limits;
pub mod lineage;
pub mod message;
pub mod pulse;
pub mod stats;
pub mod table;
pub mod text;
pub mod trace;
pub mod waiting;
pub mod wire;

pub use account::{AccountRecord, Amounts, Resource};
pub use actor::{ActorState, Priority, Shape, SpawnCap, SpawnHead, SpawnRequest, SpawnRole};
pub use arg::{NEVER, NOW, ValueType};
pub use call::{HostCall, Needs, Row, TABLE};
pub use capability::{Handle, ObjectKind, Rights};
pub use end::{EndReason, EndRecord, FaultKind};
pub use error::{Error, answer, result};
pub use image::{Image, ImageError, Manifest};
pub use inspect::{GrantState, Level, PowerAction, RevokeReceipt, RevokeScope, Subject, Usage};
pub use limits::{Derivation, LimitsRecord, UNLIMITED};
pub use lineage::LineageRecord;
pub use message::{
    ENDPOINT_CAPACITY_MAX, MESSAGE_BYTES_MAX, MESSAGE_CAPS_MAX, MESSAGE_WORDS, Message, Policy, Transfer,
    TransferMode,
};
pub use pulse::{PulseRecord, Spell};
pub use stats::{ActivityRecord, Histogram, LatencyRecord, StatsRecord};
pub use text::{Line, Name, SlotName, Text};
pub use trace::{TraceKind, TraceRecord, TurnEnd};
pub use waiting::{WAIT_ITEMS_MAX, WaitItem};

/// The module that all host calls are imported from.
pub const IMPORT_MODULE: &str = "tessera";

/// The export that a main actor starts at; takes and returns nothing.
pub const MAIN_EXPORT: &str = "_start";

/// The export that a handler actor runs once a message; takes and returns nothing.
pub const HANDLER_EXPORT: &str = "handle";

/// The export that holds the linear memory which addresses mean.
pub const MEMORY_EXPORT: &str = "memory";
