//! What an actor is started as: shape, priority, and the request that `spawn` reads.
//!
//! Invariants: a handler's own endpoint, with the right to receive, is the first capability of its
//! request and lands in slot 0; what is handed over lands in slots 0, 1, 2 … in the order of the request.
//! Does not: name supervisors or restart policies (the manifest does, root reads it).

use crate::capability::{Handle, Rights};
use crate::text::{Name, SlotName};
use crate::wire::{Malformed, Reader, Writer, numbered, record};

numbered! {
    /// How an actor lives.
    pub enum Shape: u8 {
        Main = 0, "main", "Exports `_start`, which runs once and blocks where it likes.";
        Handler = 1, "handler", "Exports `handle`, which runs to completion once a message.";
    }
}

numbered! {
    /// How urgent an actor is. A lower number goes first.
    pub enum Priority: u8 {
        Critical = 0, "critical", "Ahead of everything else.";
        High = 1, "high", "Ahead of ordinary work: servers that others wait for.";
        Normal = 2, "normal", "Ordinary work.";
        Low = 3, "low", "When nothing else is ready, and now and then by ageing.";
    }
}

numbered! {
    /// Where an actor is in its life.
    pub enum ActorState: u8 {
        Starting = 0, "starting", "Made, and its module not yet instantiated.";
        Ready = 1, "ready", "Waits for a core.";
        Running = 2, "running", "On a core.";
        Blocked = 3, "blocked", "Waits for something, holding its stack.";
        Idle = 4, "idle", "A handler without a message, holding no stack.";
        Ended = 5, "ended", "Over; its reason can still be read.";
        Suspended = 6, "suspended", "Held back by somebody with the right to do so, or without fuel in a metered account.";
        Draft = 7, "draft", "Made and not begun: it can still be handed capabilities, and begins when it is resumed.";
    }
}

/// The most capabilities that one `spawn` hands over.
pub const SPAWN_CAPS_MAX: usize = 64;

/// The longest module that is given with a spawn request, in bytes.
pub const MODULE_BYTES_MAX: u32 = 16 << 20;

/// The longest argument text of an actor, in bytes.
pub const ARGS_MAX_BYTES: usize = 1024;

record! {
    /// The fixed part of a spawn request. After it come `cap_count` [`SpawnCap`]s, then the
    /// `args_len_bytes` bytes of the argument text; nothing follows.
    pub struct SpawnHead {
        /// What the new actor is called; need not be unique.
        pub name: Name,
        /// Which of the image's modules it runs, if it is not given one.
        pub module: Name,
        /// How it lives.
        pub shape: Shape,
        /// How urgent it is.
        pub priority: Priority,
        /// How many capabilities are handed over, at most [`SPAWN_CAPS_MAX`].
        pub cap_count: u16,
        /// Length of the argument text, at most [`ARGS_MAX_BYTES`].
        pub args_len_bytes: u32,
        /// The largest its linear memories may become together, in bytes.
        pub memory_max_bytes: u64,
        /// The largest its interpreter stacks may become, in bytes; 0 takes the kernel's default.
        pub stack_max_bytes: u32,
        /// How many slots its capability table may have; 0 takes the kernel's default.
        pub slots_max: u32,
        /// A notification of the spawner's to signal when the actor ends, or [`Handle::NONE`].
        pub end_notification: Handle,
        /// The bits to set in it.
        pub end_bits: u64,
    }
}

numbered! {
    /// What becomes of a capability in a spawn request.
    pub enum SpawnRole: u32 {
        HandedOver = 0, "handed-over", "The new actor gets it.";
        Account = 1, "account", "It names the account that the new actor is to live in, with the right to spawn; it is not handed over.";
        Predecessor = 2, "predecessor", "It names an ended actor that the new one stands in for, with the right to wait; it is not handed over.";
    }
}

record! {
    /// One capability of a spawn request. The spawner keeps its own.
    pub struct SpawnCap {
        /// What the new actor finds it by; empty for one that is only known by its slot.
        pub name: SlotName,
        /// The spawner's handle; its capability needs the right to grant.
        pub handle: Handle,
        /// The rights that arrive, a subset of the spawner's.
        pub rights: Rights,
        /// What it is for.
        pub role: SpawnRole,
        /// The badge that arrives; 0 keeps the one that the capability has.
        pub badge: u64,
    }
}

impl SpawnCap {
    /// The entry that says in whose account the actor is to live.
    #[must_use]
    pub const fn account(handle: Handle) -> Self {
        Self { role: SpawnRole::Account, ..Self::new(SlotName::EMPTY, handle, Rights::NONE) }
    }

    /// The entry that says whom the actor stands in for.
    #[must_use]
    pub const fn predecessor(handle: Handle) -> Self {
        Self { role: SpawnRole::Predecessor, ..Self::new(SlotName::EMPTY, handle, Rights::NONE) }
    }

    /// The entry that hands `handle` over under `name` with `rights` and the badge it has.
    #[must_use]
    pub const fn new(name: SlotName, handle: Handle, rights: Rights) -> Self {
        Self { name, handle, rights, role: SpawnRole::HandedOver, badge: 0 }
    }
}

/// A spawn request, read from bytes that an actor wrote.
#[derive(Clone, Debug)]
pub struct SpawnRequest<'a> {
    /// The fixed part.
    pub head: SpawnHead,
    /// The argument text.
    pub args: &'a str,
    caps: &'a [u8],
}

impl<'a> SpawnRequest<'a> {
    /// The most bytes that a request can have.
    pub const MAX_BYTES: usize = SpawnHead::SIZE + SPAWN_CAPS_MAX * SpawnCap::SIZE + ARGS_MAX_BYTES;

    /// Reads a request. All lengths, limits and numbers are checked, every capability entry too.
    ///
    /// # Errors
    /// [`Malformed`] when anything is out of bounds, unknown, or left over.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let head: SpawnHead = reader.field()?;
        let cap_count = usize::from(head.cap_count);
        let args_len_bytes = usize::try_from(head.args_len_bytes).map_err(|_| Malformed)?;
        if cap_count > SPAWN_CAPS_MAX || args_len_bytes > ARGS_MAX_BYTES {
            return Err(Malformed);
        }
        let caps = reader.bytes(cap_count * SpawnCap::SIZE)?;
        let args = str::from_utf8(reader.bytes(args_len_bytes)?).map_err(|_| Malformed)?;
        let request = Self { head, args, caps };
        if reader.left_bytes() != 0 || request.caps().count() != cap_count {
            return Err(Malformed);
        }
        Ok(request)
    }

    /// The capabilities in the order of their slots.
    pub fn caps(&self) -> impl Iterator<Item = SpawnCap> + use<'a> {
        self.caps.chunks_exact(SpawnCap::SIZE).map_while(|bytes| SpawnCap::decode(bytes).ok())
    }

    /// Writes a request into `buffer` and says how long it is, or nothing if it does not fit or
    /// breaks a limit. `head.cap_count` and `head.args_len_bytes` are set from the other two.
    pub fn encode(mut head: SpawnHead, caps: &[SpawnCap], args: &str, buffer: &mut [u8]) -> Option<usize> {
        if caps.len() > SPAWN_CAPS_MAX || args.len() > ARGS_MAX_BYTES {
            return None;
        }
        head.cap_count = u16::try_from(caps.len()).ok()?;
        head.args_len_bytes = u32::try_from(args.len()).ok()?;
        let len_bytes = SpawnHead::SIZE + size_of_val(args) + caps.len() * SpawnCap::SIZE;
        let mut writer = Writer::new(buffer.get_mut(..len_bytes)?);
        writer.field(&head);
        for cap in caps {
            writer.field(cap);
        }
        writer.bytes(args.as_bytes());
        Some(len_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> SpawnHead {
        SpawnHead {
            name: Name::new_truncated("echo-1"),
            module: Name::new_truncated("echo"),
            shape: Shape::Handler,
            priority: Priority::High,
            cap_count: 0,
            args_len_bytes: 0,
            memory_max_bytes: 1 << 16,
            stack_max_bytes: 0,
            slots_max: 0,
            end_notification: Handle::NONE,
            end_bits: 0,
        }
    }

    #[test]
    fn a_request_reads_back_as_it_was_written() {
        let caps = [SpawnCap::new(SlotName::new_truncated("log"), Handle::new(1, 3), Rights::WRITE)];
        let mut buffer = [0; SpawnRequest::MAX_BYTES];
        let len = SpawnRequest::encode(head(), &caps, "--fast", &mut buffer).unwrap();
        let request = SpawnRequest::decode(&buffer[..len]).unwrap();
        assert_eq!(request.args, "--fast");
        assert!(request.caps().eq(caps));
        assert_eq!(request.head.name.as_str(), "echo-1");
    }

    #[test]
    fn a_request_cut_short_or_too_long_is_malformed() {
        let mut buffer = [0; SpawnRequest::MAX_BYTES];
        let len = SpawnRequest::encode(head(), &[], "args", &mut buffer).unwrap();
        for cut in (0..len).chain([len + 1]) {
            assert!(SpawnRequest::decode(&buffer[..cut]).is_err(), "{cut} of {len} bytes");
        }
    }

    #[test]
    fn no_change_makes_the_request_panic_or_lose_an_entry() {
        let caps = [SpawnCap::new(SlotName::EMPTY, Handle::NONE, Rights::NONE); 3];
        let mut good = [0; SpawnRequest::MAX_BYTES];
        let len = SpawnRequest::encode(head(), &caps, "args", &mut good).unwrap();
        let (mut state, mut accepted) = (0x5eed_u64, 0);
        for _ in 0..20_000 {
            let mut bytes = good;
            for _ in 0..2 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                bytes[(state >> 33) as usize % len] = (state >> 24) as u8;
            }
            if let Ok(request) = SpawnRequest::decode(&bytes[..len]) {
                assert_eq!(request.caps().count(), usize::from(request.head.cap_count));
                accepted += 1;
            }
        }
        assert!(accepted > 0, "changes to names and limits are still requests");
    }
}
