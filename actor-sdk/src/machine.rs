//! The kernel's own objects: log, clock, randomness, console, image, and the machine as a whole.
//!
//! Owns: one thin method a host call, with records decoded.
//! Does not: format anything.

use alloc::vec;
use alloc::vec::Vec;

use core::time::Duration;

use tessera_abi::image::{Entry, EntryKind, ImageHead};
use tessera_abi::inspect::{
    ActorRecord, CapabilityRecord, CoreRecord, EndpointRecord, HolderRecord, LogEntry, MachineRecord,
};
use tessera_abi::{
    AccountRecord, Error, Handle, Level, LimitsRecord, Line, LineageRecord, PowerAction, PulseRecord,
    RevokeReceipt, RevokeScope, Subject, TraceRecord,
};

use crate::capability::{Actor, Capability, Clock, Console, Image, Log, Random, Slot, System};
use crate::sys;

impl Log {
    /// Appends text, cut into lines of at most [`Line::CAPACITY`] bytes.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks the right.
    pub fn write(&self, level: Level, text: &str) -> Result<(), Error> {
        let mut rest = text;
        loop {
            let line: Line = Line::new_truncated(rest);
            sys::log_write(self.handle(), level, line.as_str())?;
            // A line that takes nothing starts with a NUL, which no line can hold.
            let taken_bytes = line.as_str().len().max(usize::from(rest.starts_with('\0')));
            rest = rest.get(taken_bytes..).unwrap_or("");
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// The first line that is still kept and has this sequence number or a later one.
    ///
    /// # Errors
    /// [`Error::NotFound`] past the last line.
    pub fn read(&self, sequence: u64) -> Result<LogEntry, Error> {
        sys::log_read(self.handle(), sequence)
    }
}

impl Clock {
    /// Nanoseconds since boot.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks the right.
    pub fn now_ns(&self) -> Result<u64, Error> {
        sys::clock_now(self.handle())
    }

    /// The deadline that lies `span` ahead.
    ///
    /// # Errors
    /// Those of [`Clock::now_ns`].
    pub fn after(&self, span: Duration) -> Result<u64, Error> {
        let span_ns = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        self.now_ns().map(|now_ns| now_ns.saturating_add(span_ns))
    }

    /// Blocks until the moment.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn sleep_until(&self, deadline_ns: u64) -> Result<(), Error> {
        sys::sleep_until(self.handle(), deadline_ns)
    }

    /// Blocks for at least `span`.
    ///
    /// # Errors
    /// Those of [`Clock::now_ns`] and [`Clock::sleep_until`].
    pub fn sleep(&self, span: Duration) -> Result<(), Error> {
        self.sleep_until(self.after(span)?)
    }
}

impl Random {
    /// Fills the buffer.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks the right.
    pub fn fill(&self, buffer: &mut [u8]) -> Result<(), Error> {
        sys::random_fill(self.handle(), buffer)
    }

    /// A number of which every bit is random.
    ///
    /// # Errors
    /// Those of [`Random::fill`].
    pub fn number(&self) -> Result<u64, Error> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

impl Console {
    /// Writes all bytes.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks the right.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        sys::console_write(self.handle(), bytes)
    }

    /// Waits for input until the deadline and copies what has arrived; returns how many bytes.
    ///
    /// # Errors
    /// [`Error::WouldBlock`] or [`Error::TimedOut`] when there was none.
    pub fn read(&self, buffer: &mut [u8], deadline_ns: u64) -> Result<usize, Error> {
        sys::console_read(self.handle(), buffer, deadline_ns)
    }
}

impl Image {
    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the image ends before.
    pub fn read_exact(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Error> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match sys::image_read(self.handle(), offset + filled as u64, rest)? {
                0 => return Err(Error::NotFound),
                copied => filled += copied,
            }
        }
        Ok(())
    }

    /// The bytes of the entry of this kind and name.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, [`Error::InvalidArgument`] if the image is none.
    pub fn file(&self, kind: EntryKind, name: &str) -> Result<Vec<u8>, Error> {
        let mut head = [0; ImageHead::SIZE];
        self.read_exact(0, &mut head)?;
        let head = ImageHead::decode(&head).map_err(|_| Error::InvalidArgument)?;
        for index in 0..u64::from(head.entry_count) {
            let mut entry = [0; Entry::SIZE];
            self.read_exact(ImageHead::SIZE as u64 + index * Entry::SIZE as u64, &mut entry)?;
            let entry = Entry::decode(&entry).map_err(|_| Error::InvalidArgument)?;
            if entry.kind == kind && entry.name.as_str() == name {
                let mut bytes = vec![0; entry.len_bytes as usize];
                self.read_exact(entry.offset, &mut bytes)?;
                return Ok(bytes);
            }
        }
        Err(Error::NotFound)
    }
}

impl System {
    /// The machine's figures.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks the right.
    pub fn machine(&self) -> Result<MachineRecord, Error> {
        let mut record = [0; MachineRecord::SIZE];
        sys::inspect(self.handle(), Subject::Machine, 0, &mut record)?;
        MachineRecord::decode(&record).map_err(|_| Error::InvalidArgument)
    }

    /// Every core.
    pub fn cores(&self) -> impl Iterator<Item = CoreRecord> {
        self.walk(Subject::Core, 0, CoreRecord::SIZE, |bytes| {
            CoreRecord::decode(bytes).ok().map(|record| (record, u64::from(record.index) + 1))
        })
    }

    /// Every actor that is not forgotten yet.
    pub fn actors(&self) -> impl Iterator<Item = ActorRecord> {
        self.walk(Subject::Actor, 0, ActorRecord::SIZE, |bytes| {
            ActorRecord::decode(bytes).ok().map(|record| (record, u64::from(record.index) + 1))
        })
    }

    /// Every account.
    pub fn accounts(&self) -> impl Iterator<Item = AccountRecord> {
        self.walk(Subject::Account, 0, AccountRecord::SIZE, |bytes| {
            AccountRecord::decode(bytes).ok().map(|record| (record, u64::from(record.index) + 1))
        })
    }

    /// Every living actor's signs of life.
    pub fn pulses(&self) -> impl Iterator<Item = PulseRecord> {
        self.walk(Subject::Pulse, 0, PulseRecord::SIZE, |bytes| {
            PulseRecord::decode(bytes).ok().map(|record| (record, u64::from(record.index) + 1))
        })
    }

    /// Whom an actor stands in for, and how often it was started again.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the actor is forgotten.
    pub fn lineage(&self, actor: &ActorRecord) -> Result<LineageRecord, Error> {
        let mut record = [0; LineageRecord::SIZE];
        sys::inspect(self.handle(), Subject::Lineage, actor.index.into(), &mut record)?;
        let found = LineageRecord::decode(&record).map_err(|_| Error::InvalidArgument)?;
        if found.id == actor.id { Ok(found) } else { Err(Error::NotFound) }
    }

    /// Every capability of an actor.
    pub fn capabilities(&self, actor: &ActorRecord) -> impl Iterator<Item = CapabilityRecord> {
        let owner = u64::from(actor.index) << 32;
        self.walk(Subject::Capability, owner, CapabilityRecord::SIZE, move |bytes| {
            CapabilityRecord::decode(bytes).ok().map(|record| (record, owner | (u64::from(record.slot) + 1)))
        })
    }

    /// What is left of the limits of an actor's capability.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the actor has nothing there or behind any more.
    pub fn limits(&self, actor: &ActorRecord, capability: &CapabilityRecord) -> Result<LimitsRecord, Error> {
        let index = u64::from(actor.index) << 32 | u64::from(capability.slot);
        let mut record = [0; LimitsRecord::SIZE];
        sys::inspect(self.handle(), Subject::Limits, index, &mut record)?;
        LimitsRecord::decode(&record).map_err(|_| Error::InvalidArgument)
    }

    /// The endpoints that an actor holds, each as often as it does, with what has become of what was sent there.
    pub fn endpoints<'a>(&'a self, actor: &ActorRecord) -> impl Iterator<Item = EndpointRecord> + use<'a> {
        let owner = u64::from(actor.index) << 32;
        self.walk(Subject::Endpoint, owner, EndpointRecord::SIZE, move |bytes| {
            EndpointRecord::decode(bytes).ok().map(|record| (record, owner | (u64::from(record.slot) + 1)))
        })
    }

    /// Everybody who can name the object of an actor's capability, with the way it came to each.
    pub fn holders(
        &self,
        actor: &ActorRecord,
        capability: &CapabilityRecord,
    ) -> impl Iterator<Item = HolderRecord> {
        let (actor, capability) = (actor.id, handle_of(capability));
        let mut next = Some(0);
        core::iter::from_fn(move || {
            let record = sys::holders(self.handle(), actor, capability, next?).ok()?;
            next = Some(u64::from(record.place) + 1);
            Some(record)
        })
    }

    /// Takes back what was derived from an actor's capability, and the capability itself if `scope` says so;
    /// or only counts what would go.
    ///
    /// # Errors
    /// [`Error::MissingRight`] without the right to revoke, unless it only counts; [`Error::NotFound`] when
    /// the actor no longer has it; otherwise as [`Capability::revoke`].
    pub fn revoke(
        &self,
        actor: &ActorRecord,
        capability: &CapabilityRecord,
        scope: RevokeScope,
    ) -> Result<RevokeReceipt, Error> {
        sys::slot_revoke(self.handle(), actor.id, handle_of(capability), scope)
    }

    /// Switches the trace on or off; what it has stays.
    ///
    /// # Errors
    /// Those of using the capability.
    pub fn set_trace(&self, on: bool) -> Result<(), Error> {
        sys::trace_set(self.handle(), on)
    }

    /// The events that a core still keeps, the oldest first. While the trace is on there are always more.
    pub fn trace(&self, core: u16) -> impl Iterator<Item = TraceRecord> {
        self.walk(Subject::Trace, TraceRecord::index(core, 0), TraceRecord::SIZE, move |bytes| {
            let record = TraceRecord::decode(bytes).ok()?;
            Some((record, TraceRecord::index(core, record.sequence + 1)))
        })
    }

    /// Asks for one record after the other, until the kernel has no more.
    pub(crate) fn walk<R>(
        &self,
        subject: Subject,
        first: u64,
        record_bytes: usize,
        read: impl Fn(&[u8]) -> Option<(R, u64)>,
    ) -> impl Iterator<Item = R> {
        let mut next = Some(first);
        core::iter::from_fn(move || {
            let mut buffer = vec![0; record_bytes];
            sys::inspect(self.handle(), subject, next?, &mut buffer).ok()?;
            let (record, following) = read(&buffer)?;
            next = Some(following);
            Some(record)
        })
    }

    /// A capability for the actor with this id: to wait and inspect, and to kill if this one allows it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::TableFull`].
    pub fn open(&self, id: u64) -> Result<Actor, Error> {
        sys::actor_open(self.handle(), id).map(|handle| Actor::from_slot(Slot::owned(handle)))
    }

    /// Switches off or restarts. Returns only to say why not.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks the right.
    pub fn power(&self, action: PowerAction) -> Result<(), Error> {
        sys::power(self.handle(), action)
    }
}

/// The handle that a capability's holder has for it.
const fn handle_of(capability: &CapabilityRecord) -> Handle {
    Handle::new(capability.generation, capability.slot)
}
