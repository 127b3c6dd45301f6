//! How a capability is named from inside an actor: handles, kinds of object, rights.
//!
//! Owns: the three number spaces and their names in manifests and listings.
//! Invariants: a handle is a generation and a slot, never an object; generation 0 is never given out, so
//! the all-zero handle means "none"; generations stay below 2^31, so that a handle is a positive answer.
//! Does not: look anything up (kernel/core has the one lookup).

use core::fmt;

use crate::wire::{Field, Malformed, Reader, Writer, numbered};

/// A name for a slot in the caller's own capability table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Handle(u64);

impl Handle {
    /// No capability. Never valid in a lookup.
    pub const NONE: Self = Self(0);

    /// Where the spawner puts an actor's own endpoint, if it has one: slot 0, first generation.
    pub const OWN_ENDPOINT: Self = Self::new(Self::FIRST_GENERATION, 0);

    /// The generation of a slot that has held one capability so far.
    pub const FIRST_GENERATION: u32 = 1;

    /// The last generation; a slot that reaches it is retired.
    pub const LAST_GENERATION: u32 = i32::MAX as u32;

    /// The handle of slot `index` in its `generation`, which is 1 to 2^31 - 1 for slots in use.
    #[must_use]
    pub const fn new(generation: u32, index: u32) -> Self {
        Self((generation as u64) << 32 | index as u64)
    }

    /// The handle with these bits, as an actor claimed it.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits that cross the border.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The slot in the table.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0 as u32
    }

    /// How many capabilities the slot had held, this one included.
    #[must_use]
    pub const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Whether this is [`Handle::NONE`].
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl Field for Handle {
    const SIZE: usize = 8;

    #[inline]
    fn put(&self, writer: &mut Writer<'_>) {
        writer.field(&self.0);
    }

    #[inline]
    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self(reader.field()?))
    }
}

numbered! {
    /// What a capability names.
    pub enum ObjectKind: u8 {
        Log = 1, "log", "The kernel's log.";
        Clock = 2, "clock", "Time since boot, and sleeping until a moment of it.";
        Random = 3, "random", "A source of unpredictable bytes.";
        Factory = 4, "factory", "Makes endpoints, notifications and regions.";
        Spawner = 5, "spawner", "Starts actors, of the image's modules or of given ones.";
        Console = 6, "console", "The machine's serial console.";
        Image = 7, "image", "The packed image: manifest, modules and files.";
        System = 8, "system", "The whole machine: its figures, its actors, its power switch.";
        Actor = 9, "actor", "One actor.";
        Endpoint = 10, "endpoint", "A bounded queue of messages.";
        Reply = 11, "reply", "The one answer to one call.";
        Notification = 12, "notification", "A word of signal bits that can be waited for.";
        Region = 13, "region", "Memory that is handed on without being copied.";
        Account = 14, "account", "So much memory, slots, bytes under way and actors, of which actors live.";
        Port = 15, "port", "The machine's second serial port, for tools on the host.";
    }
}

/// What a capability allows, as a set of bits. Sets only shrink on their way from actor to actor.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rights(u32);

macro_rules! rights {
    ($($right:ident = $bit:literal, $text:literal, $prose:literal;)*) => {
        impl Rights {
            $(#[doc = $prose] pub const $right: Self = Self(1 << $bit);)*

            /// Every right that has a meaning.
            pub const ALL: Self = Self(0 $(| 1 << $bit)*);

            /// Each right with its name and its meaning, in the order of the bits.
            pub const NAMES: &'static [(Self, &'static str, &'static str)] =
                &[$((Self::$right, $text, $prose)),*];
        }
    };
}
rights! {
    READ = 0, "read", "Take data out: read the log, the time, random bytes, the image, console input, a region.";
    WRITE = 1, "write", "Put data in: write to the log, the console, the port, a region.";
    SEND = 2, "send", "Send to and call an endpoint; answer a call.";
    RECEIVE = 3, "receive", "Take messages from an endpoint.";
    SIGNAL = 4, "signal", "Set bits of a notification.";
    WAIT = 5, "wait", "Wait: for a notification, for an actor's end, for a moment.";
    GRANT = 6, "grant", "Hand the capability to another actor.";
    SPAWN = 7, "spawn", "Start actors; start them in an account.";
    KILL = 8, "kill", "End an actor by force.";
    INSPECT = 9, "inspect", "See figures, actors and their capabilities, an account.";
    POWER = 10, "power", "Switch the machine off or start it again.";
    CREATE = 11, "create", "Make new objects; split an account.";
    REVOKE = 12, "revoke", "Take back capabilities that others hold; resize an account.";
    SUSPEND = 13, "suspend", "Hold an actor back and let it go on.";
}

impl Rights {
    /// No right at all.
    pub const NONE: Self = Self(0);

    /// The set with these bits; bits without a meaning are dropped.
    #[must_use]
    pub const fn from_bits_truncated(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The set with these bits, or nothing if a bit has no meaning.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Option<Self> {
        if bits & !Self::ALL.0 == 0 { Some(Self(bits)) } else { None }
    }

    /// The bits that cross the border.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether every right of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The rights in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The rights in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without the rights of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The single right called `name`, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, text, _)| *text == name).map(|(right, _, _)| *right)
    }

    /// The rights that mean something for an object of `kind`: what its first capability carries.
    #[must_use]
    pub const fn of(kind: ObjectKind) -> Self {
        let own = match kind {
            ObjectKind::Log | ObjectKind::Console | ObjectKind::Region => Self::READ.union(Self::WRITE),
            ObjectKind::Clock => Self::READ.union(Self::WAIT),
            ObjectKind::Random | ObjectKind::Image => Self::READ,
            ObjectKind::Port => Self::WRITE,
            ObjectKind::Factory => Self::CREATE,
            ObjectKind::Spawner => Self::SPAWN,
            ObjectKind::System => {
                Self::INSPECT.union(Self::POWER).union(Self::KILL).union(Self::REVOKE).union(Self::SUSPEND)
            }
            ObjectKind::Actor => Self::WAIT.union(Self::KILL).union(Self::INSPECT).union(Self::SUSPEND),
            ObjectKind::Endpoint => Self::SEND.union(Self::RECEIVE),
            ObjectKind::Reply => Self::SEND,
            ObjectKind::Notification => Self::SIGNAL.union(Self::WAIT),
            ObjectKind::Account => Self::SPAWN.union(Self::CREATE).union(Self::REVOKE).union(Self::INSPECT),
        };
        own.union(Self::GRANT)
    }
}

/// Names joined by `+`, or `-` for the empty set: the form listings show.
impl fmt::Display for Rights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = Self::NAMES.iter().filter(|(right, _, _)| self.contains(*right));
        let Some((_, first, _)) = names.next() else { return formatter.write_str("-") };
        formatter.write_str(first)?;
        names.try_for_each(|(_, name, _)| write!(formatter, "+{name}"))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Field for Rights {
    const SIZE: usize = 4;

    #[inline]
    fn put(&self, writer: &mut Writer<'_>) {
        writer.field(&self.0);
    }

    #[inline]
    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::from_bits(reader.field()?).ok_or(Malformed)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_handle_keeps_generation_and_index_apart_and_is_a_positive_answer() {
        let handle = Handle::new(Handle::LAST_GENERATION, u32::MAX);
        assert_eq!((handle.generation(), handle.index()), (Handle::LAST_GENERATION, u32::MAX));
        assert!(i64::try_from(handle.bits()).is_ok());
        assert!(!Handle::OWN_ENDPOINT.is_none());
    }

    #[test]
    fn rights_print_their_names_and_refuse_unknown_bits() {
        assert_eq!(Rights::READ.union(Rights::GRANT).to_string(), "read+grant");
        assert_eq!(Rights::NONE.to_string(), "-");
        assert_eq!(Rights::from_bits(1 << 31), None);
    }

    #[test]
    fn every_kind_can_be_granted_and_every_right_is_used_by_some_kind() {
        let mut used = Rights::NONE;
        for kind in ObjectKind::ALL {
            assert!(Rights::of(*kind).contains(Rights::GRANT));
            used = used.union(Rights::of(*kind));
        }
        assert_eq!(used, Rights::ALL);
    }
}
