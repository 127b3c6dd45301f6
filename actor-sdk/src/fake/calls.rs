//! The fake kernel's answers, one method a host call, dispatched from the one table.
//!
//! Owns: what each call does to the [`State`]. A call without a method does not compile.
//! Invariants: refusals come before changes, and are those of the table; time is virtual: a wait with a
//! deadline that nothing can end moves the clock there, and one without stops the test.
//! Does not: run peers. What another actor would do is what the test has scripted.

use tessera_abi::arg::{self, Argument};
use tessera_abi::inspect::{CapabilityInfo, LogEntry};
use tessera_abi::{
    EndReason, Error, Handle, HostCall, Level, Line, MESSAGE_BYTES_MAX, Message, NEVER, NOW, Name, Needs,
    ObjectKind, PowerAction, Rights, SpawnRequest, Subject, Transfer, TransferMode, for_each_host_call,
};

use super::parcel::Parcel;
use super::state::{FakeEndpoint, Held, Object, Spawned, State};
use super::{Refused, Stop};
use crate::sys::Memory;

/// A host call's two sides: the actor's memory and the kernel's state.
pub struct Calls<'a> {
    pub state: &'a mut State,
    pub memory: &'a mut Memory,
}

type Outcome = Result<u64, Refused>;

macro_rules! declare_dispatch {
    ($($number:literal $variant:ident $name:ident($($arg:ident: $meaning:ident),*) needs $needs:ident [$($right:ident)*]
        gives $gives:literal refuses [$($error:ident)*] $prose:literal;)*) => {
        impl Calls<'_> {
            /// Answers a call, or says how it ends the actor.
            pub fn dispatch(&mut self, call: HostCall, arguments: &[u64]) -> Outcome {
                if let Some(error) = self.state.injected(call) {
                    return Err(error.into());
                }
                if call.row().needs != Needs::Nothing {
                    let handle = Handle::from_bits(arguments.first().copied().unwrap_or(0));
                    self.state.resolve(call, handle)?;
                }
                let mut rest = arguments.iter().copied();
                match call {
                    $(HostCall::$variant => {
                        $(let $arg = <arg::$meaning as Argument>::from_bits(rest.next().unwrap_or(0));)*
                        self.$name($($arg),*)
                    })*
                }
            }
        }
    };
}
for_each_host_call!(declare_dispatch);

/// The actor itself and its table.
impl Calls<'_> {
    fn exit(&mut self, code: u32) -> Outcome {
        Err(Stop::Ended(EndReason::Exited(code.cast_signed()), String::new()).into())
    }

    fn yield_now(&mut self) -> Outcome {
        Ok(0)
    }

    fn panic(&mut self, text: u32, len: u32) -> Outcome {
        let text = self.text(text, len)?;
        Err(Stop::Ended(EndReason::Fault(tessera_abi::FaultKind::ActorPanic), text).into())
    }

    fn args_read(&mut self, buffer: u32, capacity: u32) -> Outcome {
        let args = self.state.args.clone();
        self.put_some(buffer, capacity, args.as_bytes())?;
        Ok(args.len() as u64)
    }

    fn cap_copy(&mut self, handle: u64, rights: u32, badge: u64) -> Outcome {
        let held = self.state.lookup(Handle::from_bits(handle))?.clone();
        let rights = Rights::from_bits(rights).ok_or(Error::InvalidArgument)?;
        let marks = badge != 0;
        if held.object.kind() == ObjectKind::Reply
            || marks && (held.object.kind() != ObjectKind::Endpoint || held.badge != 0)
        {
            return Err(Error::InvalidArgument.into());
        }
        if !held.rights.contains(rights) {
            return Err(Error::MissingRight.into());
        }
        let badge = if marks { badge } else { held.badge };
        Ok(self.state.install(Held { rights, badge, name: String::new(), ..held })?.bits())
    }

    fn cap_drop(&mut self, handle: u64) -> Outcome {
        self.state.remove(Handle::from_bits(handle))?;
        Ok(0)
    }

    fn cap_info(&mut self, handle: u64, info: u32) -> Outcome {
        let held = self.state.lookup(Handle::from_bits(handle))?;
        let (kind, rights, badge) = (held.object.kind(), held.rights, held.badge);
        self.memory.write(info, &CapabilityInfo { kind, reserved: [0; 3], rights, badge }.encode())?;
        Ok(0)
    }

    fn cap_find(&mut self, name: u32, len: u32) -> Outcome {
        let name = self.text(name, len)?;
        self.state.find(&name).map(|(handle, _)| handle.bits()).ok_or(Error::NotFound.into())
    }
}

/// Log, time, randomness, image, console.
impl Calls<'_> {
    fn log_write(&mut self, _log: u64, level: u32, text: u32, len: u32) -> Outcome {
        let level = Level::from_number(level).ok_or(Error::InvalidArgument)?;
        let text = Line::new(&self.text(text, len)?).ok_or(Error::TooLong)?;
        let sequence = self.state.log.len() as u64 + 1;
        let (time_ns, name) = (self.state.now_ns, Name::new_truncated("test"));
        self.state.log.push(LogEntry { sequence, time_ns, actor: 1, level, core: 0, name, text });
        Ok(0)
    }

    fn log_read(&mut self, _log: u64, sequence: u64, entry: u32) -> Outcome {
        let found = self.state.log.iter().find(|entry| entry.sequence >= sequence).ok_or(Error::NotFound)?;
        self.memory.write(entry, &found.encode())?;
        Ok(0)
    }

    fn clock_now(&mut self, _clock: u64) -> Outcome {
        Ok(self.state.now_ns)
    }

    fn sleep_until(&mut self, _clock: u64, deadline: u64) -> Outcome {
        if deadline == NEVER {
            return Err(Stop::WaitsForEver(HostCall::SleepUntil).into());
        }
        self.state.now_ns = self.state.now_ns.max(deadline);
        Ok(0)
    }

    fn random_fill(&mut self, _random: u64, buffer: u32, len: u32) -> Outcome {
        let mut bytes = vec![0; len as usize];
        for byte in &mut bytes {
            // A linear congruential step: repeatable, which is what a test wants of chance.
            self.state.random = self.state.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (self.state.random >> 56) as u8;
        }
        self.memory.write(buffer, &bytes)?;
        Ok(0)
    }

    fn image_read(&mut self, _image: u64, offset: u64, buffer: u32, capacity: u32) -> Outcome {
        let rest = self.state.image.get(offset as usize..).unwrap_or_default().to_vec();
        self.put_some(buffer, capacity, &rest)
    }

    fn console_write(&mut self, _console: u64, bytes: u32, len: u32) -> Outcome {
        self.state.console_out.extend_from_slice(self.memory.read(bytes, len)?);
        Ok(0)
    }

    fn console_read(&mut self, _console: u64, buffer: u32, capacity: u32, deadline: u64) -> Outcome {
        if capacity == 0 {
            return Err(Error::InvalidArgument.into());
        }
        if self.state.console_in.is_empty() {
            return Err(self.wait(HostCall::ConsoleRead, deadline));
        }
        let len = self.state.console_in.len().min(capacity as usize);
        let bytes: Vec<u8> = self.state.console_in.drain(..len).collect();
        self.put_some(buffer, capacity, &bytes)
    }
}

/// Endpoints and notifications.
impl Calls<'_> {
    fn endpoint_create(&mut self, _factory: u64, capacity: u32, policy: u32) -> Outcome {
        if policy != 0 {
            return Err(Error::Unsupported.into());
        }
        if !(1..=1024).contains(&capacity) {
            return Err(Error::InvalidArgument.into());
        }
        let endpoint = FakeEndpoint { capacity: capacity as usize, ..FakeEndpoint::default() };
        self.state.endpoints.push(endpoint);
        self.install_new(Object::Endpoint(self.state.endpoints.len() - 1))
    }

    fn send(&mut self, endpoint: u64, message: u32, deadline: u64) -> Outcome {
        let (index, badge) = self.endpoint(endpoint)?;
        let parcel = self.outgoing(message, badge)?;
        let queue = self.state.endpoints.get_mut(index).ok_or(Error::Closed)?;
        if queue.queue.len() >= queue.capacity {
            let refused = self.wait(HostCall::Send, deadline);
            return Err(if deadline == NOW { Error::QueueFull.into() } else { refused });
        }
        queue.queue.push_back(parcel);
        self.moved_away(message)?;
        Ok(0)
    }

    fn recv(&mut self, endpoint: u64, message: u32, deadline: u64) -> Outcome {
        let (index, _) = self.endpoint(endpoint)?;
        let queue = self.state.endpoints.get_mut(index).ok_or(Error::Closed)?;
        let Some(parcel) = queue.queue.pop_front() else {
            return Err(self.wait(HostCall::Recv, deadline));
        };
        let received = self.incoming(message, &parcel);
        if received.is_err()
            && let Some(queue) = self.state.endpoints.get_mut(index)
        {
            queue.queue.push_front(parcel);
        }
        received
    }

    fn call(&mut self, endpoint: u64, message: u32, deadline: u64) -> Outcome {
        let (index, badge) = self.endpoint(endpoint)?;
        let parcel = self.outgoing(message, badge)?;
        let queue = self.state.endpoints.get_mut(index).ok_or(Error::Closed)?;
        let Some(mut answer) = queue.answer.take() else {
            return Err(self.wait(HostCall::Call, deadline));
        };
        let answered = answer(&parcel);
        if let Some(queue) = self.state.endpoints.get_mut(index) {
            queue.answer = Some(answer);
        }
        self.moved_away(message)?;
        self.incoming(message, &answered?)
    }

    fn reply(&mut self, reply: u64, message: u32) -> Outcome {
        let Object::Reply(call) = self.state.lookup(Handle::from_bits(reply))?.object else {
            return Err(Error::WrongKind.into());
        };
        let parcel = self.outgoing(message, 0)?;
        if let Some(place) = self.state.replies.get_mut(call) {
            *place = Some(parcel);
        }
        self.moved_away(message)?;
        self.state.remove(Handle::from_bits(reply))?;
        Ok(0)
    }

    fn notification_create(&mut self, _factory: u64) -> Outcome {
        self.state.notifications.push(0);
        self.install_new(Object::Notification(self.state.notifications.len() - 1))
    }

    fn notification_signal(&mut self, notification: u64, bits: u64) -> Outcome {
        *self.notification(notification)? |= bits;
        Ok(0)
    }

    fn notification_wait(&mut self, notification: u64, bits: u32, deadline: u64) -> Outcome {
        let word = *self.notification(notification)?;
        if word == 0 {
            return Err(self.wait(HostCall::NotificationWait, deadline));
        }
        self.memory.write(bits, &word.to_le_bytes())?;
        *self.notification(notification)? = 0;
        Ok(0)
    }
}

/// Actors and the machine.
impl Calls<'_> {
    fn spawn(&mut self, _spawner: u64, request: u32, len: u32) -> Outcome {
        let bytes = self.memory.read(request, len)?.to_vec();
        let request = SpawnRequest::decode(&bytes).map_err(|_| Error::InvalidArgument)?;
        let mut caps = Vec::new();
        for cap in request.caps() {
            let held = self.granted(cap.handle, cap.rights)?;
            caps.push((cap.name.as_str().to_owned(), held.object.kind(), cap.rights));
        }
        let end_signal = match request.head.end_notification {
            Handle::NONE => None,
            handle => Some(self.end_signal(handle, request.head.end_bits)?),
        };
        self.state.actors.push(Spawned {
            name: request.head.name.as_str().to_owned(),
            module: request.head.module.as_str().to_owned(),
            args: request.args.to_owned(),
            caps,
            killed: false,
            id: self.state.actors.len() as u64 + 2,
            end: None,
            end_signal,
        });
        self.install_new(Object::Actor(self.state.actors.len() - 1))
    }

    fn actor_kill(&mut self, actor: u64) -> Outcome {
        self.actor(actor)?.killed = true;
        Ok(0)
    }

    fn actor_wait(&mut self, actor: u64, end: u32, deadline: u64) -> Outcome {
        match self.actor(actor)?.end {
            Some(record) => self.memory.write(end, &record.encode()).map(|()| 0).map_err(Refused::from),
            None => Err(self.wait(HostCall::ActorWait, deadline)),
        }
    }

    fn actor_open(&mut self, _system: u64, id: u64) -> Outcome {
        let index = self.state.actors.iter().position(|actor| actor.id == id).ok_or(Error::NotFound)?;
        self.install_new(Object::Actor(index))
    }

    #[expect(clippy::too_many_arguments, reason = "a row of the table, as wide as it is there")]
    fn inspect(&mut self, _system: u64, subject: u32, index: u64, buffer: u32, capacity: u32) -> Outcome {
        let (high, low) = ((index >> 32) as u32, index as u32);
        let state = &*self.state;
        let record = match Subject::from_number(subject).ok_or(Error::InvalidArgument)? {
            Subject::Machine => state.machine.filter(|_| index == 0).map(|record| record.encode().to_vec()),
            Subject::Core => state
                .cores
                .iter()
                .find(|core| u64::from(core.index) == index)
                .map(|record| record.encode().to_vec()),
            Subject::Actor => {
                let mut later = state.actor_records.iter().filter(|actor| u64::from(actor.index) >= index);
                later.next().map(|record| record.encode().to_vec())
            }
            Subject::Capability => {
                let mut later = state
                    .capability_records
                    .iter()
                    .filter(|(owner, record)| *owner == high && record.slot >= low);
                later.next().map(|(_, record)| record.encode().to_vec())
            }
        };
        let record = record.ok_or(Error::NotFound)?;
        if record.len() > capacity as usize {
            return Err(Error::TooLong.into());
        }
        self.put_some(buffer, capacity, &record)
    }

    fn power(&mut self, _system: u64, action: u32) -> Outcome {
        Err(Stop::Power(PowerAction::from_number(action).ok_or(Error::InvalidArgument)?).into())
    }
}

/// What several calls need.
impl Calls<'_> {
    /// How a wait ends that nothing in a test can end: by its deadline, or by stopping the test.
    fn wait(&mut self, call: HostCall, deadline: u64) -> Refused {
        match deadline {
            NOW => Error::WouldBlock.into(),
            NEVER => Stop::WaitsForEver(call).into(),
            moment => {
                self.state.now_ns = self.state.now_ns.max(moment);
                Error::TimedOut.into()
            }
        }
    }

    fn text(&self, address: u32, len: u32) -> Result<String, Error> {
        let bytes = self.memory.read(address, len)?;
        str::from_utf8(bytes).map(str::to_owned).map_err(|_| Error::InvalidArgument)
    }

    fn put_some(&mut self, buffer: u32, capacity: u32, bytes: &[u8]) -> Outcome {
        let some = bytes.get(..capacity as usize).unwrap_or(bytes);
        self.memory.write(buffer, some)?;
        Ok(some.len() as u64)
    }

    fn install_new(&mut self, object: Object) -> Outcome {
        let rights = Rights::of(object.kind());
        Ok(self.state.install(Held { object, rights, badge: 0, name: String::new() })?.bits())
    }

    fn endpoint(&self, handle: u64) -> Result<(usize, u64), Error> {
        match self.state.lookup(Handle::from_bits(handle))? {
            Held { object: Object::Endpoint(index), badge, .. } => Ok((*index, *badge)),
            _ => Err(Error::WrongKind),
        }
    }

    fn notification(&mut self, handle: u64) -> Result<&mut u64, Error> {
        match self.state.lookup(Handle::from_bits(handle))?.object {
            Object::Notification(index) => self.state.notifications.get_mut(index).ok_or(Error::WrongKind),
            _ => Err(Error::WrongKind),
        }
    }

    fn actor(&mut self, handle: u64) -> Result<&mut Spawned, Error> {
        match self.state.lookup(Handle::from_bits(handle))?.object {
            Object::Actor(index) => self.state.actors.get_mut(index).ok_or(Error::WrongKind),
            _ => Err(Error::WrongKind),
        }
    }

    fn end_signal(&self, handle: Handle, bits: u64) -> Result<(usize, u64), Error> {
        match self.state.resolve(HostCall::NotificationSignal, handle)?.object {
            Object::Notification(index) => Ok((index, bits)),
            _ => Err(Error::WrongKind),
        }
    }

    /// The capability as its receiver would get it.
    fn granted(&self, handle: Handle, rights: Rights) -> Result<Held, Error> {
        let held = self.state.lookup(handle)?;
        if held.rights.contains(rights.union(Rights::GRANT)) {
            Ok(Held { rights, name: String::new(), ..held.clone() })
        } else {
            Err(Error::MissingRight)
        }
    }

    fn outgoing(&self, address: u32, badge: u64) -> Result<Parcel, Error> {
        let record = self.record(address)?;
        if record.bytes_len as usize > MESSAGE_BYTES_MAX {
            return Err(Error::TooLong);
        }
        let bytes = self.memory.read(record.bytes_address, record.bytes_len)?.to_vec();
        let sent = record.caps.iter().filter(|cap| !cap.handle.is_none());
        let caps = sent.map(|cap| self.granted(cap.handle, cap.rights)).collect::<Result<_, _>>()?;
        Ok(Parcel { label: record.label, words: record.words, badge, bytes, caps, call: None })
    }

    /// Empties the sender's slots of what it handed over.
    fn moved_away(&mut self, address: u32) -> Result<(), Error> {
        for cap in self.record(address)?.caps.iter().filter(|cap| !cap.handle.is_none()) {
            if cap.mode == TransferMode::Move {
                self.state.remove(cap.handle)?;
            }
        }
        Ok(())
    }

    fn incoming(&mut self, address: u32, parcel: &Parcel) -> Outcome {
        let mut record = self.record(address)?;
        record.bytes_len = parcel.bytes.len() as u32;
        if record.bytes_len > record.bytes_capacity {
            self.memory.write(address, &record.encode())?;
            return Err(Error::TooLong.into());
        }
        if parcel.caps.len() + usize::from(parcel.call.is_some()) > self.state.slots_free() {
            return Err(Error::TableFull.into());
        }
        self.memory.write(record.bytes_address, &parcel.bytes)?;
        (record.label, record.words, record.badge) = (parcel.label, parcel.words, parcel.badge);
        record.caps = Default::default();
        for (place, held) in record.caps.iter_mut().zip(&parcel.caps) {
            let handle = self.state.install(held.clone())?;
            *place = Transfer { handle, rights: held.rights, mode: TransferMode::Copy };
        }
        record.reply = match parcel.call {
            Some(call) => Handle::from_bits(self.install_new(Object::Reply(call))?),
            None => Handle::NONE,
        };
        self.memory.write(address, &record.encode())?;
        Ok(0)
    }

    fn record(&self, address: u32) -> Result<Message, Error> {
        Message::decode(self.memory.read(address, Message::SIZE as u32)?).map_err(|_| Error::InvalidArgument)
    }
}
