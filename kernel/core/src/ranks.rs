//! The lock order of this crate: a lock may be taken while holding only locks of a lower order.
//!
//! Owns the order and nothing else; `khal::sync::Mutex` checks it in debug builds and keeps the
//! longest hold of each rank. The table with what each lock guards is `docs/CONCURRENCY.md`.
//! No lock of this crate is taken in an interrupt, and none is held across a switch.

use khal::sync::{Order, Rank};

/// The list of all actors.
pub const REGISTRY: Rank = Rank::of(&Order { order: 10, name: "registry" });
/// The cache of parsed modules.
pub const MODULES: Rank = Rank::of(&Order { order: 12, name: "modules" });
/// One endpoint's queue and its waiters.
pub const ENDPOINT: Rank = Rank::of(&Order { order: 20, name: "endpoint" });
/// One notification's bits and its waiters.
pub const NOTIFICATION: Rank = Rank::of(&Order { order: 21, name: "notification" });
/// Who waits for console input.
pub const CONSOLE: Rank = Rank::of(&Order { order: 22, name: "console" });
/// One actor's end and those who wait for it.
pub const END: Rank = Rank::of(&Order { order: 23, name: "end" });
/// One region's frames.
pub const REGION: Rank = Rank::of(&Order { order: 24, name: "region" });
/// One actor's capability table.
pub const TABLE: Rank = Rank::of(&Order { order: 30, name: "table" });
/// One actor's first stack, module and instance.
pub const BODY: Rank = Rank::of(&Order { order: 32, name: "body" });
/// What one actor lends, and the loans of the calls that it serves.
pub const LOANS: Rank = Rank::of(&Order { order: 33, name: "loans" });
/// What an actor waits through, where that is several things.
pub const THROUGH: Rank = Rank::of(&Order { order: 35, name: "through" });
/// One object's derivation tree.
pub const TREE: Rank = Rank::of(&Order { order: 36, name: "tree" });
/// One core's deadlines.
pub const TIMERS: Rank = Rank::of(&Order { order: 40, name: "timers" });
/// The pool of kernel stacks.
pub const STACKS: Rank = Rank::of(&Order { order: 42, name: "stacks" });
/// The list of accounts, and what each of them was given.
pub const LEDGER: Rank = Rank::of(&Order { order: 44, name: "ledger" });
/// One account's actors that wait for fuel.
pub const STARVED: Rank = Rank::of(&Order { order: 46, name: "starved" });
/// One core's run queue.
pub const QUEUE: Rank = Rank::of(&Order { order: 50, name: "run queue" });
/// The log's ring.
pub const LOG: Rank = Rank::of(&Order { order: 60, name: "log" });
/// The generator of random bytes.
pub const RANDOM: Rank = Rank::of(&Order { order: 61, name: "random" });
