//! What the machine tells about itself: the records of `inspect`, `cap_info` and `log_read`.
//!
//! Owns: the layouts and what an index means for each.
//! Invariants: fixed sizes; counters only rise while the machine runs; times are nanoseconds since boot.
//! Does not: gather anything (kernel/core does), or format it (the shell does).

use crate::actor::{ActorState, Priority, Shape};
use crate::capability::{ObjectKind, Rights};
use crate::end::EndReason;
use crate::message::Policy;
use crate::text::{Line, Name, SlotName};
use crate::wire::{numbered, record};

numbered! {
    /// What `inspect` is asked for. Each says what its index means; a walk asks for index 0, then for
    /// one more than the index in the record it got, until the answer is `not-found`.
    pub enum Subject: u32 {
        Machine = 0, "machine", "The whole machine; index 0 only. A `MachineRecord`.";
        Core = 1, "core", "The core with the index, a `CoreRecord`.";
        Actor = 2, "actor", "The first actor at or after the index, an `ActorRecord`.";
        Capability = 3, "capability",
            "The first used slot at or after the index's low half, of the actor in its high half, a `CapabilityRecord`.";
        Limits = 8, "limits",
            "The same slot as for `capability`: what is left of its limits, a `LimitsRecord`.";
        Endpoint = 4, "endpoint",
            "The endpoint in the first such slot at or after the index's low half, of the actor in its high half, an `EndpointRecord`.";
        Stats = 11, "stats", "Whether statistics are kept; index 0 only. A `StatsRecord`.";
        Latency = 12, "latency",
            "The endpoint found as for `endpoint`: how long its messages and calls took, a `LatencyRecord`.";
        Activity = 13, "activity", "The actor found as for `actor`: where its time went, an `ActivityRecord`.";
        Account = 10, "account", "The first account at or after the index, an `AccountRecord`.";
        Pulse = 20, "pulse", "The actor found as for `actor`: whether it gets on, a `PulseRecord`.";
        Lineage = 21, "lineage", "The actor found as for `actor`: whom it stands in for, a `LineageRecord`.";
        Trace = 9, "trace",
            "The first event at or after the number in the index's low 48 bits that the core in its high 16 still keeps, a `TraceRecord`.";
    }
}

numbered! {
    /// Whether a capability can be used.
    pub enum GrantState: u8 {
        Usable = 0, "usable", "It can be used.";
        Revoked = 1, "revoked", "It has been taken back; its holder still has the slot.";
        Dropped = 2, "dropped", "Its holder has dropped it; others that were derived from it are still there.";
        Expired = 3, "expired", "Its time or its uses have run out.";
    }
}

numbered! {
    /// Whether a capability has ever been used, by its holder, since it came into its slot.
    pub enum Usage: u8 {
        Never = 0, "never", "It has not been used.";
        Used = 1, "used", "It has.";
    }
}

numbered! {
    /// How much `cap_revoke` takes back.
    pub enum RevokeScope: u32 {
        Below = 0, "below", "Everything that was derived from the capability; it stays itself.";
        Whole = 1, "whole", "That, and the capability.";
        CountBelow = 2, "count-below", "Nothing: only count what `below` would take.";
        CountWhole = 3, "count-whole", "Nothing: only count what `whole` would take.";
    }
}

numbered! {
    /// What `power` is asked for.
    pub enum PowerAction: u32 {
        Off = 0, "off", "Switch off.";
        Reboot = 1, "reboot", "Start again from the firmware.";
    }
}

numbered! {
    /// How important a line of the log is.
    pub enum Level: u32 {
        Error = 0, "error", "Something failed.";
        Warn = 1, "warn", "Something is not as it should be.";
        Info = 2, "info", "Something worth knowing happened.";
        Debug = 3, "debug", "For whoever looks for a fault.";
    }
}

record! {
    /// The whole machine.
    pub struct MachineRecord {
        /// Time since boot.
        pub uptime_ns: u64,
        /// Cores that schedule.
        pub cores: u32,
        /// Actors that have not ended.
        pub actors: u32,
        /// Bytes of the kernel's heap in use.
        pub heap_bytes: u64,
        /// Blocks of the kernel's heap in use.
        pub heap_blocks: u64,
        /// Page frames that nobody has.
        pub frames_free: u64,
        /// Page frames in all.
        pub frames_total: u64,
        /// Bytes in a page frame.
        pub frame_bytes: u32,
        /// Kernel stacks in existence.
        pub stacks: u32,
        /// Kernel stacks that wait in pools for an activation.
        pub stacks_free: u32,
        /// The most that an ended activation used of its stack.
        pub stack_high_water_bytes: u32,
        /// Capabilities in all tables and queues, but for replies.
        pub capabilities: u32,
        /// Endpoints.
        pub endpoints: u32,
        /// Timers that run.
        pub timers: u32,
        /// Modules in the cache.
        pub modules: u32,
    }
}

record! {
    /// One core.
    pub struct CoreRecord {
        /// Which.
        pub index: u32,
        /// Actors in its run queue.
        pub queued: u32,
        /// Timer interrupts.
        pub timer_ticks: u64,
        /// Switches to an actor.
        pub switches: u64,
        /// Actors taken from other cores' queues.
        pub steals: u64,
        /// Interrupts from other cores.
        pub ipis_received: u64,
        /// Interrupts to other cores.
        pub ipis_sent: u64,
        /// Switches forced inside an interrupt.
        pub forced_switches: u64,
        /// Forced switches that had to wait for a guard to drop.
        pub deferred_switches: u64,
        /// The longest section without preemption.
        pub longest_guarded_ns: u64,
        /// Time spent halted.
        pub idle_ns: u64,
        /// The id of the actor that it runs, 0 for none.
        pub running: u64,
    }
}

record! {
    /// One actor.
    pub struct ActorRecord {
        /// Its place among the actors; the next walk step starts one further.
        pub index: u32,
        /// The core it runs on or ran on last.
        pub core: u32,
        /// Its id: never 0, never given to another actor. Its place in the low half, how often that place
        /// has been used in the high half.
        pub id: u64,
        /// What it is called.
        pub name: Name,
        /// The module it runs.
        pub module: Name,
        /// Where it is in its life.
        pub state: ActorState,
        /// Its own priority.
        pub priority: Priority,
        /// How it lives.
        pub shape: Shape,
        /// The priority that it has now: its own, or that of the most urgent who waits for it in a call.
        pub level: Priority,
        /// Slots of its capability table in use.
        pub slots: u32,
        /// Time on a core.
        pub cpu_ns: u64,
        /// Memory charged to it, its stacks and tables included.
        pub memory_bytes: u64,
        /// The most that may be charged to it.
        pub memory_max_bytes: u64,
        /// Messages it received.
        pub messages_in: u64,
        /// Messages it sent, calls and replies included.
        pub messages_out: u64,
        /// Why it ended; means something only in [`ActorState::Ended`].
        pub end: EndReason,
        /// Set to zero.
        pub reserved_end: u16,
    }
}

record! {
    /// What `cap_info` tells the holder of a capability.
    pub struct CapabilityInfo {
        /// What it names.
        pub kind: ObjectKind,
        /// Whether it can still be used.
        pub state: GrantState,
        /// Whether it has ever been used.
        pub usage: Usage,
        /// Set to zero.
        pub reserved: u8,
        /// What it allows.
        pub rights: Rights,
        /// Its badge, 0 for none.
        pub badge: u64,
    }
}

record! {
    /// One node of an object's derivation tree: a capability, and where it came from.
    pub struct HolderRecord {
        /// Its place in the tree; the next walk step starts one further.
        pub place: u32,
        /// The place of what it was derived from, [`HolderRecord::NO_PARENT`] for none.
        pub parent: u32,
        /// How many derivations it is away from the first.
        pub depth: u32,
        /// What it allows.
        pub rights: Rights,
        /// Its badge, 0 for none.
        pub badge: u64,
        /// The id of the actor that holds it; 0 for one on its way, or in the kernel's own hands.
        pub holder: u64,
        /// What that actor is called.
        pub name: Name,
        /// Whether it can still be used.
        pub state: GrantState,
        /// Set to zero.
        pub reserved: [u8; 3],
    }
}

impl HolderRecord {
    /// The `parent` of what was derived from nothing.
    pub const NO_PARENT: u32 = u32::MAX;
}

record! {
    /// What a revocation did, or would do.
    #[derive(Default)]
    pub struct RevokeReceipt {
        /// Capabilities taken back, wherever they were.
        pub nodes: u64,
        /// Actors that held one.
        pub actors: u64,
        /// Actors that were blocked by one, and woken.
        pub waiters: u64,
    }
}

record! {
    /// One capability of some actor.
    pub struct CapabilityRecord {
        /// The slot; the next walk step starts one further.
        pub slot: u32,
        /// The slot's generation.
        pub generation: u32,
        /// What the holder finds it by; may be empty.
        pub name: SlotName,
        /// What it names and allows.
        pub info: CapabilityInfo,
        /// The object's id; for an actor, that actor's.
        pub object: u64,
        /// The name of the actor behind it: itself, or who owns the endpoint; empty where none is.
        pub target: Name,
    }
}

record! {
    /// One endpoint, as an actor holds it: what has become of every message and every call. See docs/IPC.md.
    pub struct EndpointRecord {
        /// The slot; the next walk step starts one further.
        pub slot: u32,
        /// What it does with a message for which there is no room.
        pub policy: Policy,
        /// How many messages it keeps.
        pub capacity: u32,
        /// The most that it has ever kept.
        pub high_water: u32,
        /// Sends and calls that passed their checks.
        pub offered: u64,
        /// Messages handed to a receiver.
        pub delivered: u64,
        /// Messages refused at once, for want of room.
        pub rejected: u64,
        /// Messages dropped by the policy.
        pub dropped: u64,
        /// Messages taken back by senders that stopped waiting.
        pub withdrawn: u64,
        /// Messages that were there when the endpoint closed.
        pub discarded: u64,
        /// Messages in the queue.
        pub queued: u64,
        /// Messages with senders that wait for room.
        pub blocked: u64,
        /// Calls that were taken.
        pub calls: u64,
        /// Calls answered.
        pub replied: u64,
        /// Calls whose caller had stopped waiting.
        pub caller_gone: u64,
        /// Calls whose caller was told that no answer would come.
        pub callee_gone: u64,
        /// Calls still to be answered.
        pub outstanding: u64,
    }
}

record! {
    /// One line of the kernel's log.
    pub struct LogEntry {
        /// Its number; lines are numbered from 1 without a gap.
        pub sequence: u64,
        /// When.
        pub time_ns: u64,
        /// The id of the actor that wrote it, 0 for the kernel.
        pub actor: u64,
        /// How important.
        pub level: Level,
        /// On which core.
        pub core: u32,
        /// Who wrote it.
        pub name: Name,
        /// What.
        pub text: Line,
    }
}
