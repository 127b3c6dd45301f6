//! ramdisk/system.toml as it is written: fields, defaults, and where each stands.
//!
//! Owns: the manifest's vocabulary. Unknown fields are refused, because a misspelt limit would otherwise be
//! no limit.
//! Does not: judge values ([`crate::check`] does).

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Modules to pack although no actor of the manifest runs them.
    #[serde(default)]
    pub modules: Vec<Spanned<String>>,
    /// Files to pack: name in the image, path relative to the manifest.
    #[serde(default)]
    pub files: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The actors; the first is started by the kernel.
    #[serde(default)]
    pub actor: Vec<Spanned<ActorSource>>,
}

/// One `[[actor]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorSource {
    /// What it is called.
    pub name: Spanned<String>,
    /// Its module; its own name if not given.
    pub module: Option<Spanned<String>>,
    /// `main` or `handler`.
    pub shape: Option<Spanned<String>>,
    /// `critical`, `high`, `normal` or `low`.
    pub priority: Option<Spanned<String>>,
    /// The largest its linear memories may become together, in KiB.
    pub memory_kib: Option<Spanned<u64>>,
    /// The largest its interpreter stacks may become, in KiB.
    pub stack_kib: Option<Spanned<u64>>,
    /// Slots of its capability table; those of the first actor are counted if not given.
    pub slots: Option<Spanned<u64>>,
    /// The account that is split for it; it lives in the first actor's if not given.
    pub account: Option<Spanned<AccountSource>>,
    /// How many messages its own endpoint queues.
    pub mailbox: Option<Spanned<u64>>,
    /// `block`, `reject`, `drop-oldest`, `drop-newest` or `conflate`: what its endpoint does with more.
    pub policy: Option<Spanned<String>>,
    /// Its argument text.
    pub args: Option<Spanned<String>>,
    /// With whom it begins and ends, and whose strategy says who returns with it.
    pub supervisor: Option<Spanned<String>>,
    /// `never`, `on-fault` or `always`.
    pub restart: Option<Spanned<String>>,
    /// `one-for-one`, `one-for-all` or `rest-for-one`, for its own actors.
    pub strategy: Option<Spanned<String>>,
    /// How often it is started again within the window.
    pub restart_limit: Option<Spanned<u64>>,
    /// That window.
    pub restart_window_ms: Option<Spanned<u64>>,
    /// The wait before the first restart.
    pub back_off_ms: Option<Spanned<u64>>,
    /// The longest that it may be without a heartbeat while it is at something.
    pub watchdog_ms: Option<Spanned<u64>>,
    /// How long it is given to end once it is asked to.
    pub shutdown_ms: Option<Spanned<u64>>,
    /// Kinds that its module has calls for and that it does without, or receives in messages.
    #[serde(default)]
    pub may_lack: Vec<Spanned<String>>,
    /// What it is granted, by the name that it finds it by.
    #[serde(default)]
    pub capabilities: BTreeMap<Spanned<String>, Spanned<GrantSource>>,
}

/// One capability.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantSource {
    /// What it names; the slot's own name if not given.
    pub kind: Option<Spanned<String>>,
    /// Whose, for an endpoint or an actor.
    pub of: Option<Spanned<String>>,
    /// What it allows.
    pub rights: Spanned<Vec<Spanned<String>>>,
    /// What the receiver of messages through it sees.
    pub badge: Option<Spanned<u64>>,
}

/// One `[actor.account]`: all of it, as what is not named would be nothing; but without fuel it is not metered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSource {
    /// Memory, in KiB.
    pub memory_kib: Spanned<u64>,
    /// Slots of capability tables.
    pub slots: Spanned<u64>,
    /// Bytes of messages under way.
    pub mailbox_bytes: Spanned<u64>,
    /// Actors, it included.
    pub actors: Spanned<u64>,
    /// Instructions.
    pub fuel: Option<Spanned<u64>>,
}
