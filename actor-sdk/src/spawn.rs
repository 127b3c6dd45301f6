//! Starting actors, and what comes of them.
//!
//! Owns: the builder of a spawn request, and the methods of an actor capability.
//! Invariant: capabilities land in the new actor's slots in the order they are given here, so a handler's
//! own endpoint comes first.
//! Does not: supervise.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use tessera_abi::actor::SPAWN_CAPS_MAX;
use tessera_abi::{
    EndReason, EndRecord, Error, Handle, NEVER, Name, Priority, PulseRecord, Rights, Shape, SlotName,
    SpawnCap, SpawnHead, SpawnRequest,
};

use crate::capability::{Account, Actor, Capability, Notification, Region, Slot, Spawner};
use crate::sys;

/// What an actor is started as.
#[derive(Clone, Debug)]
pub struct Plan {
    head: SpawnHead,
    caps: Vec<SpawnCap>,
    args: String,
    too_long: bool,
}

impl Plan {
    /// A main actor called `name` that runs `module` at normal priority with 1 MiB of memory.
    #[must_use]
    pub fn new(name: &str, module: &str) -> Self {
        let too_long = Name::new(name).is_none() || Name::new(module).is_none();
        let head = SpawnHead {
            name: Name::new_truncated(name),
            module: Name::new_truncated(module),
            shape: Shape::Main,
            priority: Priority::Normal,
            cap_count: 0,
            args_len_bytes: 0,
            memory_max_bytes: 1 << 20,
            stack_max_bytes: 0,
            slots_max: 0,
            end_notification: Handle::NONE,
            end_bits: 0,
        };
        Self { head, caps: Vec::new(), args: String::new(), too_long }
    }

    /// Sets how it lives.
    #[must_use]
    pub const fn shape(mut self, shape: Shape) -> Self {
        self.head.shape = shape;
        self
    }

    /// Sets how urgent it is.
    #[must_use]
    pub const fn priority(mut self, priority: Priority) -> Self {
        self.head.priority = priority;
        self
    }

    /// Sets the largest its linear memories may become together.
    #[must_use]
    pub const fn memory_max_bytes(mut self, memory_max_bytes: u64) -> Self {
        self.head.memory_max_bytes = memory_max_bytes;
        self
    }

    /// Sets the largest its interpreter stacks may become; 0 takes the kernel's default.
    #[must_use]
    pub const fn stack_max_bytes(mut self, stack_max_bytes: u32) -> Self {
        self.head.stack_max_bytes = stack_max_bytes;
        self
    }

    /// Sets how many capability slots it has; 0 takes the kernel's default.
    #[must_use]
    pub const fn slots_max(mut self, slots_max: u32) -> Self {
        self.head.slots_max = slots_max;
        self
    }

    /// Sets its argument text.
    #[must_use]
    pub fn args(mut self, args: &str) -> Self {
        self.args = args.into();
        self
    }

    /// Sets the account that it lives in, where this actor needs the right to spawn; its own if none is set.
    #[must_use]
    pub fn account(mut self, account: &Account) -> Self {
        self.caps.push(SpawnCap::account(account.handle()));
        self
    }

    /// Says that it stands in for an actor that has ended, for which this one may wait: the kernel counts how often that
    /// went on, and how those before ended ([`System::lineage`](crate::System::lineage)). Without a place for that,
    /// where the plan hands over as many capabilities as there may be, it is not said.
    #[must_use]
    pub fn stands_in_for(mut self, before: &Actor) -> Self {
        if self.caps.len() < SPAWN_CAPS_MAX {
            self.caps.push(SpawnCap::predecessor(before.handle()));
        }
        self
    }

    /// Sets bits in a notification when it ends, whyever.
    #[must_use]
    pub fn on_end(mut self, notification: &Notification, bits: u64) -> Self {
        self.head.end_notification = notification.handle();
        self.head.end_bits = bits;
        self
    }

    /// Hands over a capability with at most these rights, to be found by `name`, which may be empty.
    #[must_use]
    pub fn grant(self, name: &str, capability: &impl Capability, rights: Rights) -> Self {
        self.grant_badged(name, capability, rights, 0)
    }

    /// Like [`Plan::grant`], with a badge for the copy that arrives.
    #[must_use]
    pub fn grant_badged(self, name: &str, capability: &impl Capability, rights: Rights, badge: u64) -> Self {
        self.add(name, capability.handle(), rights, badge)
    }

    /// Like [`Plan::grant`], for what is in a slot, whatever its kind.
    #[must_use]
    pub fn grant_slot(self, name: &str, slot: &Slot, rights: Rights) -> Self {
        self.add(name, slot.handle(), rights, 0)
    }

    fn add(mut self, name: &str, handle: Handle, rights: Rights, badge: u64) -> Self {
        self.too_long |= SlotName::new(name).is_none();
        let cap = SpawnCap::new(SlotName::new_truncated(name), handle, rights);
        self.caps.push(SpawnCap { badge, ..cap });
        self
    }
}

/// A module that is none of the image's.
#[derive(Clone, Copy, Debug)]
pub enum Code<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// So many bytes at the beginning of a region that this actor may read.
    Region(&'a Region, u32),
}

impl Spawner {
    /// Starts an actor.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a module that the image has not, [`Error::MissingRight`] for a grant that is not
    /// this actor's to give, [`Error::TooLong`] for a name, an argument text or a number of capabilities past its
    /// limit, [`Error::OverQuota`] when its account has too little left, [`Error::InvalidArgument`] where it is to stand
    /// in for an actor that lives. A module that is broken is no error here: it
    /// ends the actor, as a fault that says what is wrong with it.
    pub fn spawn(&self, plan: &Plan) -> Result<Actor, Error> {
        self.make(plan, sys::spawn)
    }

    /// Makes an actor that does not run before [`Actor::resume`]: everything it is handed is in its place, and
    /// whoever is to hear of it can be told first. It ends, killed, with the last capability for it.
    ///
    /// # Errors
    /// As [`Spawner::spawn`].
    pub fn draft(&self, plan: &Plan) -> Result<Actor, Error> {
        self.make(plan, sys::spawn_draft)
    }

    /// Starts an actor that ends with this one, as orphaned, should this one fail: end otherwise than by returning or
    /// exiting with 0. It does not run before it is linked.
    ///
    /// # Errors
    /// As [`Spawner::spawn`]; [`Error::Full`] when too many wait for this actor's end. Nobody has run then.
    pub fn spawn_linked(&self, plan: &Plan) -> Result<Actor, Error> {
        let (me, actor) = (Actor::myself()?, self.draft(plan)?);
        let begun = me.link(&actor).and_then(|()| actor.resume());
        begun.inspect_err(|_| end(&actor)).map(|()| actor)
    }

    /// Starts an actor of a module that is none of the image's; what the plan calls its module means nothing. The
    /// kernel copies the module, at most 16 MiB, before this returns.
    ///
    /// # Errors
    /// As [`Spawner::spawn`] but for [`Error::NotFound`]; those of the region.
    pub fn spawn_code(&self, plan: &Plan, code: Code<'_>) -> Result<Actor, Error> {
        self.make(plan, |spawner, request| code.spawn(spawner, request, false))
    }

    /// As [`Spawner::spawn_code`], of an actor that does not run before [`Actor::resume`].
    ///
    /// # Errors
    /// As [`Spawner::spawn_code`].
    pub fn draft_code(&self, plan: &Plan, code: Code<'_>) -> Result<Actor, Error> {
        self.make(plan, |spawner, request| code.spawn(spawner, request, true))
    }

    fn make(
        &self,
        plan: &Plan,
        call: impl FnOnce(Handle, &[u8]) -> Result<Handle, Error>,
    ) -> Result<Actor, Error> {
        if plan.too_long {
            return Err(Error::TooLong);
        }
        let mut buffer = vec![0; SpawnRequest::MAX_BYTES];
        let len_bytes =
            SpawnRequest::encode(plan.head, &plan.caps, &plan.args, &mut buffer).ok_or(Error::TooLong)?;
        buffer.truncate(len_bytes);
        call(self.handle(), &buffer).map(|handle| Actor::from_slot(Slot::owned(handle)))
    }
}

/// Kills an actor and waits until it has ended.
pub(crate) fn end(actor: &Actor) {
    // One that cannot be killed any more, because its capability was taken back, is not waited for.
    let _taken_back = actor.kill().and_then(|()| actor.wait(NEVER));
}

impl Code<'_> {
    fn spawn(self, spawner: Handle, request: &[u8], draft: bool) -> Result<Handle, Error> {
        match self {
            Self::Bytes(bytes) => sys::spawn_bytes(spawner, request, bytes, draft),
            Self::Region(region, len) => sys::spawn_region(spawner, request, (region.handle(), len), draft),
        }
    }
}

impl Actor {
    /// The actor itself, to wait for and to hand on: so whoever is given it can be told of this one's end, and what this
    /// one starts can be linked to it ([`Actor::link`]).
    ///
    /// # Errors
    /// [`Error::TableFull`], [`Error::NoMemory`].
    pub fn myself() -> Result<Self, Error> {
        sys::actor_self().map(|handle| Self::from_slot(Slot::owned(handle)))
    }

    /// Asks the actor to end: it is told as it has asked for by [`Notification::on_terminate`] and ends itself. One
    /// that has not asked is killed. Whoever wants to be sure waits for the end with a deadline, and then kills.
    ///
    /// # Errors
    /// As [`Actor::kill`].
    pub fn terminate(&self) -> Result<(), Error> {
        sys::actor_terminate(self.handle())
    }

    /// Hands one more capability to a draft, with at most these rights, to be found by `name`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an actor that is no draft any more, [`Error::MissingRight`] for what is not
    /// this actor's to give, [`Error::TooLong`] for the name, [`Error::TableFull`] when the draft's table is; those
    /// of handles that do not resolve, or lack [`Rights::SUSPEND`] for the draft.
    pub fn grant(&self, name: &str, capability: &impl Capability, rights: Rights) -> Result<(), Error> {
        self.grant_handle(name, capability.handle(), rights)
    }

    /// Like [`Actor::grant`], for what is in a slot, whatever its kind.
    ///
    /// # Errors
    /// As [`Actor::grant`].
    pub fn grant_slot(&self, name: &str, slot: &Slot, rights: Rights) -> Result<(), Error> {
        self.grant_handle(name, slot.handle(), rights)
    }

    fn grant_handle(&self, name: &str, handle: Handle, rights: Rights) -> Result<(), Error> {
        let name = SlotName::new(name).ok_or(Error::TooLong)?;
        sys::actor_grant(self.handle(), &SpawnCap::new(name, handle, rights))
    }

    /// Tells the actor to end, at its next safe point, whatever it has begun.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks [`Rights::KILL`].
    pub fn kill(&self) -> Result<(), Error> {
        sys::actor_kill(self.handle())
    }

    /// As [`Actor::kill`], for a reason that the actor's end then tells: [`EndReason::Killed`], [`EndReason::OverQuota`]
    /// or [`EndReason::Silent`]. Of several that are given the first counts.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for any other; otherwise as [`Actor::kill`].
    pub fn kill_for(&self, reason: EndReason) -> Result<(), Error> {
        sys::actor_kill_for(self.handle(), reason)
    }

    /// Sets bits in a notification when it ends, whyever; at once if it has. Unlike [`Plan::on_end`] anybody can
    /// ask for it who may wait for the actor. Revoking what is below the notification's capability calls it off.
    ///
    /// # Errors
    /// [`Error::Full`] when too many have asked; those of handles that do not resolve or lack [`Rights::WAIT`],
    /// or [`Rights::SIGNAL`] for the notification.
    pub fn monitor(&self, notification: &Notification, bits: u64) -> Result<(), Error> {
        sys::actor_monitor(self.handle(), notification.handle(), bits)
    }

    /// Lets `other` end with this one, as orphaned, should it fail: end otherwise than by returning or exiting with
    /// 0. For both to end together, link each to the other.
    ///
    /// # Errors
    /// [`Error::Full`] when too many have asked; those of handles that do not resolve or lack [`Rights::WAIT`],
    /// or [`Rights::KILL`] for the other.
    pub fn link(&self, other: &Self) -> Result<(), Error> {
        sys::actor_link(self.handle(), other.handle())
    }

    /// Holds the actor back, at its next safe point, until it is resumed. It keeps all it has, and messages to
    /// it queue.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks [`Rights::SUSPEND`].
    pub fn suspend(&self) -> Result<(), Error> {
        sys::actor_suspend(self.handle())
    }

    /// Lets a suspended actor go on, or a draft begin.
    ///
    /// # Errors
    /// As [`Actor::suspend`].
    pub fn resume(&self) -> Result<(), Error> {
        sys::actor_resume(self.handle())
    }

    /// Whether it gets on: what it is at, since when, and how long ago its last heartbeat was.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it has ended; those of a handle that does not resolve or lacks [`Rights::INSPECT`].
    pub fn pulse(&self) -> Result<PulseRecord, Error> {
        sys::actor_pulse(self.handle())
    }

    /// Waits until it has ended, and says how.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when it still lives.
    pub fn wait(&self, deadline_ns: u64) -> Result<EndRecord, Error> {
        sys::actor_wait(self.handle(), deadline_ns)
    }
}
