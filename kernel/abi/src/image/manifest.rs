//! The manifest's binary form: what tools/pack makes of ramdisk/system.toml and root reads (D10).
//!
//! Layout: a [`ManifestHead`], then for each actor a [`ManifestActor`], its [`ManifestCap`]s and the
//! bytes of its argument text.
//! Invariants: a value of [`Manifest`] has been walked once from end to end: every number is known and
//! every actor that is pointed at exists, so walking it again cannot fail or panic. The first actor is
//! the one that the kernel starts.
//! Does not: judge the wiring (cycles, unknown modules): that is tools/pack's, where there is a line to
//! point at.

use super::ImageError;
use crate::account::Amounts;
use crate::actor::{ARGS_MAX_BYTES, Priority, SPAWN_CAPS_MAX, Shape};
use crate::capability::{ObjectKind, Rights};
use crate::message::Policy;
use crate::text::{Name, SlotName};
use crate::wire::{Malformed, Reader, numbered, record};

/// The layout's version.
pub const MANIFEST_VERSION: u32 = 5;

/// How long an actor is given to end once it is asked to, unless its entry says: as Erlang gives its workers.
pub const SHUTDOWN_MS: u32 = 5000;

/// In place of an actor's index: none.
pub const NO_ACTOR: u32 = u32::MAX;

numbered! {
    /// When a supervisor starts an actor again.
    pub enum Restart: u8 {
        Never = 0, "never", "Once it has ended it stays ended.";
        OnFault = 1, "on-fault", "When it ended otherwise than by returning or exiting with 0: a kill counts too.";
        Always = 2, "always", "Whenever it ended.";
    }
}

numbered! {
    /// Whom a supervisor starts again when one of its actors ends.
    pub enum Strategy: u8 {
        OneForOne = 0, "one-for-one", "That actor.";
        OneForAll = 1, "one-for-all", "All of its actors.";
        RestForOne = 2, "rest-for-one", "That actor and those named after it.";
    }
}

record! {
    /// The front of a manifest.
    pub struct ManifestHead {
        /// [`MANIFEST_VERSION`].
        pub version: u32,
        /// How many actors follow.
        pub actor_count: u32,
    }
}

record! {
    /// The fixed part of one actor.
    pub struct ManifestActor {
        /// What it is called; unique.
        pub name: Name,
        /// Which module it runs.
        pub module: Name,
        /// How it lives.
        pub shape: Shape,
        /// How urgent it is.
        pub priority: Priority,
        /// When it is started again.
        pub restart: Restart,
        /// What it does as a supervisor.
        pub strategy: Strategy,
        /// How often within the window it is started again before it is given up, and its supervisor has failed.
        pub restart_limit: u32,
        /// That window in milliseconds.
        pub restart_window_ms: u32,
        /// How long its supervisor waits before the first restart, in milliseconds; doubled each time.
        pub back_off_ms: u32,
        /// The longest that it may be silent within an activation, in milliseconds; 0 for an actor that is not watched.
        pub watchdog_ms: u32,
        /// How long it is given to end once its supervisor has asked it to, in milliseconds; 0 to be killed at once.
        pub shutdown_ms: u32,
        /// Index of its supervisor, with whom it begins and ends, or [`NO_ACTOR`].
        pub supervisor: u32,
        /// The largest its linear memories may become together, in bytes.
        pub memory_max_bytes: u64,
        /// The largest its interpreter stacks may become, in bytes; 0 takes the kernel's default.
        pub stack_max_bytes: u32,
        /// Slots of its capability table; 0 takes the kernel's default.
        pub slots_max: u32,
        /// What the account has that is split for it; nothing of anything if it lives in the first actor's.
        pub account: Amounts,
        /// Capacity of its own endpoint; 0 for an actor without one.
        pub mailbox: u32,
        /// What becomes of a message for which there is no room there.
        pub policy: Policy,
        /// How many capabilities follow.
        pub cap_count: u32,
        /// How long the argument text is that follows those, in bytes.
        pub args_len_bytes: u32,
    }
}

record! {
    /// One capability that an actor is granted.
    pub struct ManifestCap {
        /// What the actor finds it by.
        pub slot: SlotName,
        /// What it names.
        pub kind: ObjectKind,
        /// Set to zero.
        pub reserved: [u8; 3],
        /// What it allows.
        pub rights: Rights,
        /// Its badge, 0 for none.
        pub badge: u64,
        /// For an endpoint or an actor: the index of the actor whose; [`NO_ACTOR`] otherwise.
        pub target: u32,
    }
}

/// One actor of a manifest.
#[derive(Clone, Copy, Debug)]
pub struct ActorEntry<'a> {
    /// The fixed part.
    pub head: ManifestActor,
    /// The argument text.
    pub args: &'a str,
    caps: &'a [u8],
}

impl<'a> ActorEntry<'a> {
    /// What it is granted, in the manifest's order.
    pub fn caps(&self) -> impl Iterator<Item = ManifestCap> + use<'a> {
        self.caps.chunks_exact(ManifestCap::SIZE).map_while(|bytes| ManifestCap::decode(bytes).ok())
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let head: ManifestActor = reader.field()?;
        let cap_count = usize::try_from(head.cap_count).map_err(|_| Malformed)?;
        let args_len_bytes = usize::try_from(head.args_len_bytes).map_err(|_| Malformed)?;
        if cap_count > SPAWN_CAPS_MAX || args_len_bytes > ARGS_MAX_BYTES {
            return Err(Malformed);
        }
        let caps = reader.bytes(cap_count * ManifestCap::SIZE)?;
        let args = str::from_utf8(reader.bytes(args_len_bytes)?).map_err(|_| Malformed)?;
        Ok(Self { head, args, caps })
    }

    fn check(&self, actor_count: u32) -> Result<(), Malformed> {
        let exists = |index: u32| index == NO_ACTOR || index < actor_count;
        let caps_are_good =
            self.caps().filter(|cap| exists(cap.target)).count() * ManifestCap::SIZE == self.caps.len();
        if caps_are_good && exists(self.head.supervisor) { Ok(()) } else { Err(Malformed) }
    }
}

/// A manifest that has been checked.
#[derive(Clone, Copy, Debug)]
pub struct Manifest<'a> {
    actor_count: u32,
    actors: &'a [u8],
}

impl<'a> Manifest<'a> {
    /// Checks `bytes` from end to end.
    ///
    /// # Errors
    /// [`ImageError::BadManifest`] with the index of the first actor that is wrong, or [`NO_ACTOR`] when
    /// the head is, when no actor is there, or when bytes are left over.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let bad = |index| ImageError::BadManifest(index);
        let mut reader = Reader::new(bytes);
        let head: ManifestHead = reader.field().map_err(|Malformed| bad(NO_ACTOR))?;
        if head.version != MANIFEST_VERSION || head.actor_count == 0 {
            return Err(bad(NO_ACTOR));
        }
        let actors = bytes.get(ManifestHead::SIZE..).ok_or(bad(NO_ACTOR))?;
        for index in 0..head.actor_count {
            let actor = ActorEntry::take(&mut reader).map_err(|Malformed| bad(index))?;
            actor.check(head.actor_count).map_err(|Malformed| bad(index))?;
        }
        if reader.left_bytes() != 0 {
            return Err(bad(NO_ACTOR));
        }
        Ok(Self { actor_count: head.actor_count, actors })
    }

    /// How many actors there are, at least one.
    #[must_use]
    pub const fn actor_count(&self) -> u32 {
        self.actor_count
    }

    /// The actors in the manifest's order; the first is the one that the kernel starts.
    pub fn actors(&self) -> impl Iterator<Item = ActorEntry<'a>> + use<'a> {
        let mut reader = Reader::new(self.actors);
        (0..self.actor_count).map_while(move |_| ActorEntry::take(&mut reader).ok())
    }
}
