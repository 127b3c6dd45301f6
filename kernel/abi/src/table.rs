//! The table: every host call, one row each. This is the ABI.
//!
//! Owns: numbers, names, arguments, what a call needs, how it refuses, and a line of prose. The enum in
//! [`crate::call`], the dispatcher in kernel/hostcall, the SDK's stubs, its fake kernel and docs/ABI.md
//! are all made by handing a macro of theirs to [`for_each_host_call`](crate::for_each_host_call).
//! Invariants: a number is never given to another call; a call's arguments never change (a new call gets
//! a new number); tests/golden.txt freezes both.
//! Does not: do anything.
//!
//! A row reads
//! `number Variant name(argument: Type, …) needs Kind [RIGHT …] gives "…" refuses [Error …] "prose";`
//! where the types are the aliases in [`crate::arg`], the first argument of a call that needs a kind is
//! the handle, and the errors that follow from the arguments (a handle that does not resolve, an address
//! outside memory) go without saying: see [`crate::call::Row::refuses_with`].

/// Hands the whole table to the macro that is named: `callback! { row; row; … }`.
#[macro_export]
macro_rules! for_each_host_call {
    ($($callback:ident)::+) => {
        $($callback)::+! {
            // The caller itself.
            0 Exit exit(code: Number) needs Nothing [] gives "does not return" refuses []
                "Ends the calling actor. A main actor that returns from its entry point exits with 0.";
            1 YieldNow yield_now() needs Nothing [] gives "0" refuses []
                "Lets others of the same priority run first.";
            2 Panic panic(text: Address, len: Length) needs Nothing [] gives "does not return" refuses []
                "Ends the calling actor with the fault actor-panic; the text (message and place) is kept with it, cut at 192 bytes.";
            3 ArgsRead args_read(buffer: Address, capacity: Length) needs Nothing [] gives "the argument text's length in bytes" refuses []
                "Copies as much of the actor's argument text as fits.";
            4 Heartbeat heartbeat() needs Nothing [] gives "0" refuses []
                "Notes that the caller gets on, for whoever watches it.";
            5 ActorSelf actor_self() needs Nothing [] gives "a handle to the caller" refuses [TableFull NoMemory]
                "Gives a capability for the caller itself, to wait for and to hand on: whoever has it can be told of the caller's end, or be linked to it. It allows nothing else.";
            6 ActorPulse actor_pulse(actor: Handle, pulse: Address) needs Actor [INSPECT] gives "0" refuses [NotFound]
                "Writes a PulseRecord: what the actor is at, since when, and how long ago its last heartbeat was.";

            // Its own capability table.
            8 CapCopy cap_copy(handle: Handle, rights: RightBits, badge: Word) needs Any [] gives "the new handle" refuses [MissingRight TableFull InvalidArgument Full Busy NoMemory]
                "Derives a second capability with those of its rights that are among these, which goes when this one is revoked. Chains of derivations are at most 64 long. A badge other than 0 marks a copy of an unbadged endpoint capability for good. Reply capabilities cannot be copied.";
            9 CapDrop cap_drop(handle: Handle) needs Any [] gives "0" refuses []
                "Empties the slot. Dropping a reply capability tells its caller that nobody will answer; dropping the last capability that can receive closes an endpoint.";
            10 CapInfo cap_info(handle: Handle, info: Address) needs Any [] gives "0" refuses []
                "Writes a CapabilityInfo.";
            11 CapFind cap_find(name: Address, len: Length) needs Nothing [] gives "the handle" refuses [NotFound InvalidArgument]
                "Finds the capability that the spawner handed over under this name.";
            12 CapRevoke cap_revoke(handle: Handle, scope: Number, receipt: Address) needs Any [] gives "0" refuses [Busy Cancelled InvalidArgument]
                "Takes back what was derived from the capability, in whatever table, queue or blocked sender's message it is, and the capability itself if the scope says so; writes a RevokeReceipt. From one moment on all of it answers revoked, and whoever was blocked through it is woken with that.";

            13 CapDerive cap_derive(handle: Handle, derivation: Address) needs Any [] gives "the new handle" refuses [MissingRight TableFull InvalidArgument Full Busy NoMemory]
                "As cap_copy, with limits as the Derivation says. They only shrink: the new one expires no later than the old one, uses of its own are taken out of the old one's, and a rate is set once. What sets none shares the old one's.";
            14 CapLimits cap_limits(handle: Handle, limits: Address) needs Any [] gives "0" refuses []
                "Writes a LimitsRecord, also of a capability that has expired.";

            // Log, time, randomness.
            16 LogWrite log_write(log: Handle, level: Number, text: Address, len: Length) needs Log [WRITE] gives "0" refuses [TooLong InvalidArgument]
                "Appends one line of UTF-8, at most 192 bytes, with the caller's name and the time.";
            17 LogRead log_read(log: Handle, sequence: Word, entry: Address) needs Log [READ] gives "0" refuses [NotFound]
                "Writes the first LogEntry that is still kept and has this sequence number or a later one.";
            18 ClockNow clock_now(clock: Handle) needs Clock [READ] gives "nanoseconds since boot" refuses []
                "Reads the monotonic clock.";
            19 SleepUntil sleep_until(clock: Handle, deadline: Deadline) needs Clock [WAIT] gives "0" refuses [Cancelled NoMemory]
                "Blocks until the moment; one that has passed returns at once.";
            20 RandomFill random_fill(random: Handle, buffer: Address, len: Length) needs Random [READ] gives "0" refuses []
                "Fills the buffer with unpredictable bytes.";

            // Endpoints.
            32 EndpointCreate endpoint_create(factory: Handle, capacity: Number, policy: Number) needs Factory [CREATE] gives "a handle with every right" refuses [TableFull OverQuota NoMemory InvalidArgument]
                "Makes an endpoint that queues up to so many messages, at most 1024, and does with more as the Policy says. With capacity 0 a message is only handed to a receiver that has come for one; drop-oldest needs at least 1, conflate exactly 1.";
            33 Send send(endpoint: Handle, message: Address, deadline: Deadline) needs Endpoint [SEND] gives "0" refuses [QueueFull TimedOut Cancelled Closed OverQuota NoMemory TooLong InvalidArgument TableFull Full Busy]
                "Puts the message into the queue, waiting for room until the deadline where the endpoint's policy is to. Capabilities in it are handed on, all or none; the right to receive from an endpoint stays behind, as it is only given at spawn.";
            34 Recv recv(endpoint: Handle, message: Address, deadline: Deadline) needs Endpoint [RECEIVE] gives "0" refuses [WouldBlock TimedOut Cancelled Closed TooLong TableFull NoMemory InvalidArgument]
                "Takes the oldest message, waiting for one until the deadline. One that is too long for the buffer, or whose capabilities find no room, stays first in the queue.";
            35 Call call(endpoint: Handle, message: Address, deadline: Deadline) needs Endpoint [SEND] gives "0" refuses [QueueFull TimedOut Cancelled Closed PeerDead OverQuota NoMemory TooLong InvalidArgument TableFull Full Busy WouldDeadlock]
                "Sends the message with a one-shot reply capability and blocks for the answer, which replaces the message in the same place. The deadline is for both. Where the endpoint drops the message for want of room, with what it carried, the answer is queue-full.";
            36 Reply reply(reply: Handle, message: Address) needs Reply [SEND] gives "0" refuses [PeerDead OverQuota NoMemory TooLong InvalidArgument TableFull Full Busy]
                "Answers a call. Uses the reply capability up when it succeeds or the caller is gone; never blocks.";
            37 Forward forward(reply: Handle, endpoint: Handle, message: Address, deadline: Deadline) needs Reply [SEND] gives "0" refuses [QueueFull TimedOut Cancelled Closed PeerDead OverQuota NoMemory TooLong InvalidArgument TableFull Full Busy WouldDeadlock]
                "Sends the message to the endpoint, as send does, with the reply capability of a call that is being served: whoever receives it answers the caller. Uses the reply capability up when it succeeds or the caller is gone; otherwise it stays.";
            38 EndpointClose endpoint_close(endpoint: Handle) needs Endpoint [RECEIVE] gives "0" refuses []
                "Closes the endpoint for good: what is queued is dropped and its callers are told peer-dead; blocked senders get their messages back, and they and all who wait there are told closed, as is whoever comes later. Closing again changes nothing.";
            39 CallFunded call_funded(endpoint: Handle, message: Address, deadline: Deadline, fuel: Word) needs Endpoint [SEND] gives "0" refuses [QueueFull TimedOut Cancelled Closed PeerDead OverQuota NoMemory TooLong InvalidArgument TableFull Full Busy WouldDeadlock]
                "As call, and lends so much fuel, at most 2^63 - 1, out of what the caller's account has free: over-quota if that is less. Whoever serves the call uses it before what is his account's. What he has not used comes back when the call is over, whatever came of it. Forwarding the call takes it along.";

            // Notifications.
            48 NotificationCreate notification_create(factory: Handle) needs Factory [CREATE] gives "a handle with every right" refuses [TableFull OverQuota NoMemory]
                "Makes a notification with no bit set.";
            49 NotificationSignal notification_signal(notification: Handle, bits: Word) needs Notification [SIGNAL] gives "0" refuses []
                "Sets the bits and wakes who waits. Never blocks; bits that are set already stay set.";
            50 NotificationWait notification_wait(notification: Handle, bits: Address, deadline: Deadline) needs Notification [WAIT] gives "0" refuses [WouldBlock TimedOut Cancelled NoMemory]
                "Waits until a bit is set, then writes the 64-bit word to memory and clears it. One waiter gets each word.";
            51 WaitAny wait_any(items: Address, count: Number, first: Number, message: Address, deadline: Deadline) needs Nothing [] gives "the place in the list of what has come" refuses [BadHandle StaleHandle WrongKind MissingRight Revoked Expired Busy WouldBlock TimedOut Cancelled Closed TooLong TableFull NoMemory InvalidArgument WouldDeadlock]
                "Waits for one of up to 256 WaitItems: a message (needs the right to receive), bits, an actor's end (the right to wait). Exactly one is taken: a message as by recv, into the message record; bits into their item; an end stays to be read by actor_wait. Of several that are there it is the one that comes first, beginning at place first modulo count. A refusal because of one item is noted in it. No two items may name the same thing.";

            // Actors.
            64 Spawn spawn(spawner: Handle, request: Address, len: Length) needs Spawner [SPAWN] gives "a handle to the actor, with every right" refuses [NotFound MissingRight WrongKind TableFull OverQuota NoMemory TooLong InvalidArgument Full Busy]
                "Starts an actor as the SpawnHead, its SpawnCaps and argument text say. The caller keeps what it hands over. A SpawnCap whose role is account says in which account the actor lives, otherwise it is the caller's; one whose role is predecessor, which actor it stands in for: one that lives is an invalid argument.";
            65 ActorKill actor_kill(actor: Handle) needs Actor [KILL] gives "0" refuses []
                "Tells the actor to end. It does at its next safe point; one that has ended already stays as it ended.";
            66 ActorWait actor_wait(actor: Handle, end: Address, deadline: Deadline) needs Actor [WAIT] gives "0" refuses [WouldBlock TimedOut Cancelled WouldDeadlock NoMemory]
                "Waits until the actor has ended and writes its EndRecord.";
            67 ActorOpen actor_open(system: Handle, id: Word) needs System [INSPECT] gives "a handle to the actor" refuses [NotFound TableFull NoMemory]
                "Gives a capability for the actor with this id: to wait and inspect, and to kill and to suspend if the system capability has those rights.";
            68 ActorSuspend actor_suspend(actor: Handle) needs Actor [SUSPEND] gives "0" refuses []
                "Holds the actor back from its next safe point on, between two quanta or host calls. It keeps all it has; messages to it queue, and a wait that ends meanwhile is told when it goes on. Once more changes nothing; killing it works.";
            69 ActorResume actor_resume(actor: Handle) needs Actor [SUSPEND] gives "0" refuses []
                "Lets a suspended actor go on, or a draft begin. Of one that is neither, or has ended, nothing changes.";
            70 ActorMonitor actor_monitor(actor: Handle, notification: Handle, bits: Word) needs Actor [WAIT] gives "0" refuses [Full NoMemory]
                "Sets bits in a notification, which needs the right to signal, when the actor ends, or at once if it has. Taking the notification's capability back calls it off, and so does the end of who asked. An actor has up to 256 monitors.";
            71 SpawnDraft spawn_draft(spawner: Handle, request: Address, len: Length) needs Spawner [SPAWN] gives "a handle to the actor, with every right" refuses [NotFound MissingRight WrongKind TableFull OverQuota NoMemory TooLong InvalidArgument Full Busy]
                "As spawn, but the actor does not run before actor_resume. It ends, killed, when nobody can name it any more.";
            72 ActorLink actor_link(actor: Handle, other: Handle) needs Actor [WAIT] gives "0" refuses [Full NoMemory]
                "Ends the other actor, which needs the right to kill, as orphaned, when this one ends otherwise than by returning or exiting with 0, or at once if it has. Taking the other's capability back calls it off. Links count as monitors.";
            73 SpawnBytes spawn_bytes(spawner: Handle, request: Address, len: Length, module: Address, module_len: Length, draft: Number) needs Spawner [SPAWN] gives "a handle to the actor, with every right" refuses [MissingRight WrongKind TableFull OverQuota NoMemory TooLong InvalidArgument Full Busy]
                "As spawn (with draft 0) or spawn_draft (with 1), of a module that lies in the caller's memory, at most 16 MiB long: the request's module means nothing. The kernel keeps a copy, charged to the caller's account, until the actor has begun. One that is no good ends the actor as one of the image's does; parsing it is charged to the actor.";
            74 SpawnRegion spawn_region(spawner: Handle, request: Address, len: Length, region: Handle, module_len: Length, draft: Number) needs Spawner [SPAWN] gives "a handle to the actor, with every right" refuses [MissingRight WrongKind TableFull OverQuota NoMemory TooLong InvalidArgument Full Busy]
                "As spawn_bytes, of a module that lies at the beginning of a region, which needs the right to read. What is written there later changes nothing.";
            76 ActorTerminate actor_terminate(actor: Handle) needs Actor [KILL] gives "0" refuses []
                "Asks the actor to end: sets the bits that it has named with terminate_notify. One that has named none, or whose notification has been taken back, is told to end as by actor_kill.";
            77 TerminateNotify terminate_notify(notification: Handle, bits: Word) needs Notification [SIGNAL] gives "0" refuses [NoMemory Full Busy]
                "From now on actor_terminate of the caller sets these bits in the notification instead of ending it; what was named before holds no more. Bits 0 take back what was named.";
            78 ActorGrant actor_grant(actor: Handle, grant: Address) needs Actor [SUSPEND] gives "0" refuses [MissingRight TableFull InvalidArgument Full Busy NoMemory]
                "Hands one more capability to a draft, as the SpawnCap says. Of an actor that has begun it is refused: invalid-argument.";
            79 ActorKillFor actor_kill_for(actor: Handle, reason: Number) needs Actor [KILL] gives "0" refuses [InvalidArgument]
                "As actor_kill, for a reason that the actor's end then tells: killed (2), over-quota (4) or silent (6); any other is an invalid argument. Of several that are given the first counts.";

            // Image and console.
            80 ImageRead image_read(image: Handle, offset: Word, buffer: Address, capacity: Length) needs Image [READ] gives "bytes copied, 0 at the end" refuses []
                "Copies from the packed image, from the offset on.";
            81 ConsoleWrite console_write(console: Handle, bytes: Address, len: Length) needs Console [WRITE] gives "0" refuses []
                "Writes all of the bytes to the serial console.";
            82 ConsoleRead console_read(console: Handle, buffer: Address, capacity: Length, deadline: Deadline) needs Console [READ] gives "bytes copied, at least 1" refuses [WouldBlock TimedOut Cancelled Busy NoMemory InvalidArgument]
                "Waits until there is input, then copies what has arrived. One reader at a time: a second is told busy.";

            // Regions.
            84 RegionCreate region_create(factory: Handle, len_bytes: Word) needs Factory [CREATE] gives "a handle with every right" refuses [TableFull OverQuota NoMemory InvalidArgument]
                "Makes a region of so many bytes, at least 1, rounded up to whole frames of 4096, all zero. Its memory comes back when no capability names any of it.";
            85 RegionRead region_read(region: Handle, offset: Word, buffer: Address, len: Length) needs Region [READ] gives "0" refuses [InvalidArgument]
                "Copies from the region into memory. Bytes that lie outside the region are an invalid argument, and nothing is copied. Of a long copy each piece of 4096 bytes is one moment's; one that is revoked in between has copied some.";
            86 RegionWrite region_write(region: Handle, offset: Word, buffer: Address, len: Length) needs Region [WRITE] gives "0" refuses [InvalidArgument]
                "Copies from memory into the region; otherwise as region_read.";
            87 RegionPart region_part(region: Handle, offset: Word, len_bytes: Word, rights: RightBits) needs Any [] gives "the new handle" refuses [WrongKind TableFull InvalidArgument Full Busy NoMemory]
                "Derives a capability, as cap_copy does, for a part of the region: at least 1 byte, none outside. To whoever has it that part is all there is. Both lead to the same bytes, and the part goes when this one is revoked.";
            88 RegionLen region_len(region: Handle) needs Any [] gives "the region's length in bytes" refuses [WrongKind]
                "Tells how long the region is.";

            // The machine.
            96 Inspect inspect(system: Handle, subject: Number, index: Word, buffer: Address, capacity: Length) needs System [INSPECT] gives "the record's length in bytes" refuses [NotFound InvalidArgument TooLong]
                "Writes one record about the machine: see Subject for what there is and what the index means.";
            97 Power power(system: Handle, action: Number) needs System [POWER] gives "does not return" refuses [InvalidArgument]
                "Switches the machine off or restarts it.";
            98 Holders holders(system: Handle, actor: Word, capability: Word, place: Word, buffer: Address, capacity: Length) needs System [INSPECT] gives "the record's length in bytes" refuses [NotFound InvalidArgument TooLong]
                "Writes one HolderRecord: of everybody who can name the object of a capability of the actor with this id (by the handle that the actor has for it), the first at or after the place.";
            99 SlotRevoke slot_revoke(system: Handle, actor: Word, capability: Word, scope: Number, receipt: Address) needs System [INSPECT] gives "0" refuses [NotFound Busy Cancelled InvalidArgument]
                "As cap_revoke, for a capability of some actor (named as for holders). Only counting needs no more; taking back needs the right to revoke.";
            100 TraceSet trace_set(system: Handle, on: Number) needs System [INSPECT] gives "0" refuses [InvalidArgument]
                "Switches the trace on (1) or off (0). What it has stays, to be read by inspect.";
            101 StatsSet stats_set(system: Handle, on: Number) needs System [INSPECT] gives "0" refuses [InvalidArgument]
                "Begins to keep statistics anew (1) or stops (0). What was measured stays until they begin again, to be read by inspect.";
            102 PortWrite port_write(port: Handle, bytes: Address, len: Length) needs Port [WRITE] gives "bytes taken, 0 while the device is busy" refuses [NotFound]
                "Gives the second serial port as many of the bytes, from the first on, as it takes now; never waits for the device. Not-found where there is no such port.";

            // Accounts.
            110 AccountSplit account_split(account: Handle, name: Address, len: Length, amounts: Address) needs Account [CREATE] gives "a handle with every right" refuses [TableFull OverQuota NoMemory Full TooLong InvalidArgument]
                "Makes an account with the Amounts, out of what is free in this one. Its record is charged here too. It is metered, for ever, if there is fuel among them or this one is. Accounts are split at most 16 deep.";
            111 AccountResize account_resize(account: Handle, parent: Handle, limits: Address) needs Account [REVOKE] gives "0" refuses [OverQuota InvalidArgument]
                "Gives the account other limits: those of the Amounts that are not 2^64 - 1, all of them or none. More comes out of what is free in the account that it was split from: then the parent is to be named, with the right to create, and otherwise it may be the all-zero handle. What is to be less goes there, at once as far as it is free, the rest as it comes back; nobody is ended. Fuel that has been used or given stays in the limit; an account that is not metered gets none.";
            112 AccountInfo account_info(account: Handle, record: Address) needs Account [INSPECT] gives "0" refuses []
                "Writes an AccountRecord.";
        }
    };
}
