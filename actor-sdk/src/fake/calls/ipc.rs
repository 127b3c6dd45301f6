//! The fake kernel's endpoints, replies and notifications.
//!
//! Invariant: a message goes whole or not at all; one that cannot be received stays first in its queue.
//! Does not: run who is on the other side: a test has scripted the answers, and reads what was sent.

use tessera_abi::account::AMOUNT_MOST;
use tessera_abi::{Error, Handle, HostCall, MESSAGE_BYTES_MAX, Message, NOW, Policy, Transfer, TransferMode};

use super::{Calls, Outcome};
use crate::fake::parcel::Parcel;
use crate::fake::state::{FakeEndpoint, Held, Object};

impl Calls<'_> {
    pub(super) fn endpoint_create(&mut self, _factory: u64, capacity: u32, policy: u32) -> Outcome {
        let policy = Policy::from_number(policy).filter(|policy| policy.allows(capacity));
        let policy = policy.ok_or(Error::InvalidArgument)?;
        self.state.endpoints.push(FakeEndpoint::new(capacity as usize, policy));
        self.install_new(Object::Endpoint(self.state.endpoints.len() - 1))
    }

    pub(super) fn send(&mut self, endpoint: u64, message: u32, deadline: u64) -> Outcome {
        self.put(endpoint, message, None, deadline)
    }

    /// Queues a message, with the call that it is to answer, if any.
    fn put(&mut self, endpoint: u64, message: u32, call: Option<usize>, deadline: u64) -> Outcome {
        let (index, badge) = self.endpoint(endpoint)?;
        let parcel = Parcel { call, ..self.outgoing(message, badge)? };
        let queue = self.open(index)?;
        let waits = deadline != NOW && queue.policy == Policy::Block;
        match queue.offer(parcel) {
            Err(_) if waits => return Err(self.wait(HostCall::Send, deadline)),
            offered => offered?,
        }
        self.moved_away(message)?;
        Ok(0)
    }

    pub(super) fn recv(&mut self, endpoint: u64, message: u32, deadline: u64) -> Outcome {
        let (index, _) = self.endpoint(endpoint)?;
        let queue = self.open(index)?;
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

    pub(super) fn call(&mut self, endpoint: u64, message: u32, deadline: u64) -> Outcome {
        self.ask(HostCall::Call, endpoint, message, (deadline, 0))
    }

    /// Fuel is not counted here: the peer is told how much came with the call.
    pub(super) fn call_funded(&mut self, endpoint: u64, message: u32, deadline: u64, fuel: u64) -> Outcome {
        if fuel > AMOUNT_MOST {
            return Err(Error::InvalidArgument.into());
        }
        self.ask(HostCall::CallFunded, endpoint, message, (deadline, fuel))
    }

    fn ask(&mut self, call: HostCall, endpoint: u64, message: u32, (deadline, fuel): (u64, u64)) -> Outcome {
        let (index, badge) = self.endpoint(endpoint)?;
        let parcel = Parcel { fuel, ..self.outgoing(message, badge)? };
        let queue = self.open(index)?;
        let Some(mut answer) = queue.answer.take() else {
            return Err(self.wait(call, deadline));
        };
        let answered = answer(&parcel);
        if let Some(queue) = self.state.endpoints.get_mut(index) {
            queue.answer = Some(answer);
        }
        self.moved_away(message)?;
        self.incoming(message, &answered?)
    }

    pub(super) fn reply(&mut self, reply: u64, message: u32) -> Outcome {
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

    pub(super) fn endpoint_close(&mut self, endpoint: u64) -> Outcome {
        let (index, _) = self.endpoint(endpoint)?;
        if let Some(endpoint) = self.state.endpoints.get_mut(index) {
            endpoint.closed = true;
            endpoint.queue.clear();
        }
        Ok(0)
    }

    pub(super) fn forward(&mut self, reply: u64, endpoint: u64, message: u32, deadline: u64) -> Outcome {
        let Object::Reply(call) = self.state.lookup(Handle::from_bits(reply))?.object else {
            return Err(Error::WrongKind.into());
        };
        self.state.resolve(HostCall::Send, Handle::from_bits(endpoint))?;
        self.put(endpoint, message, Some(call), deadline)?;
        self.state.remove(Handle::from_bits(reply))?;
        Ok(0)
    }

    pub(super) fn notification_create(&mut self, _factory: u64) -> Outcome {
        self.state.notifications.push(0);
        self.install_new(Object::Notification(self.state.notifications.len() - 1))
    }

    pub(super) fn notification_signal(&mut self, notification: u64, bits: u64) -> Outcome {
        *self.notification(notification)? |= bits;
        Ok(0)
    }

    pub(super) fn notification_wait(&mut self, notification: u64, bits: u32, deadline: u64) -> Outcome {
        let word = *self.notification(notification)?;
        if word == 0 {
            return Err(self.wait(HostCall::NotificationWait, deadline));
        }
        self.memory.write(bits, &word.to_le_bytes())?;
        *self.notification(notification)? = 0;
        Ok(0)
    }
}

/// Taking messages apart and putting them together.
impl Calls<'_> {
    fn endpoint(&self, handle: u64) -> Result<(usize, u64), Error> {
        match self.state.lookup(Handle::from_bits(handle))? {
            Held { object: Object::Endpoint(index), badge, .. } => Ok((*index, *badge)),
            _ => Err(Error::WrongKind),
        }
    }

    fn open(&mut self, index: usize) -> Result<&mut FakeEndpoint, Error> {
        self.state.endpoints.get_mut(index).filter(|endpoint| !endpoint.closed).ok_or(Error::Closed)
    }

    fn notification(&mut self, handle: u64) -> Result<&mut u64, Error> {
        match self.state.lookup(Handle::from_bits(handle))?.object {
            Object::Notification(index) => self.state.notifications.get_mut(index).ok_or(Error::WrongKind),
            _ => Err(Error::WrongKind),
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
        Ok(Parcel { label: record.label, words: record.words, badge, bytes, caps, fuel: 0, call: None })
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
