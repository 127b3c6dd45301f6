//! The border between an actor and the kernel: one safe function a host call.
//!
//! Owns: how slices, records and answers become arguments and results. `wasm` is the real border and the
//! SDK's only `unsafe`; `host` leads to the fake kernel, through the same table and the same bytes.
//! Invariant: memory is lent to the kernel only for the time of one call.
//! Does not: give capabilities types (see [`crate::capability`]).

mod actors;
#[cfg(not(target_family = "wasm"))]
#[path = "host.rs"]
#[expect(clippy::too_many_arguments, reason = "a stub is as wide as its row of the table")]
mod border;
#[cfg(target_family = "wasm")]
#[path = "wasm.rs"]
#[expect(clippy::too_many_arguments, reason = "a stub is as wide as its row of the table")]
mod border;
mod export;
mod machine;
mod regions;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use border::{lend, lend_mut};
use tessera_abi::inspect::{CapabilityInfo, LogEntry};
use tessera_abi::{
    Derivation, Error, Handle, Level, LimitsRecord, Message, Policy, PulseRecord, RevokeReceipt, RevokeScope,
    Rights, WaitItem, result,
};

pub(crate) use border::Alone;
#[cfg(not(target_family = "wasm"))]
pub(crate) use border::Memory;

pub use actors::*;
pub use machine::*;
pub use regions::{region_create, region_len, region_part, region_read, region_write};

/// Whether an answer was one at all.
type Answer<T = ()> = Result<T, Error>;

fn done(answer: i64) -> Answer {
    result(answer).map(|_| ())
}

fn handle(answer: i64) -> Answer<Handle> {
    result(answer).map(Handle::from_bits)
}

pub fn exit(code: i32) -> ! {
    border::exit(code.cast_unsigned());
    border::never()
}

pub fn yield_now() {
    border::yield_now();
}

pub fn panic(text: &str) -> ! {
    lend(text.as_bytes(), |text| border::panic(text, text.len_bytes()));
    border::never()
}

pub fn args() -> String {
    let mut buffer = vec![0; tessera_abi::actor::ARGS_MAX_BYTES];
    let answer = lend_mut(&mut buffer, |buffer| border::args_read(buffer, buffer.len_bytes()));
    buffer.truncate(result(answer).unwrap_or(0) as usize);
    String::from_utf8(buffer).unwrap_or_default()
}

pub fn heartbeat() {
    border::heartbeat();
}

pub fn actor_pulse(of: Handle) -> Answer<PulseRecord> {
    let mut record = [0; PulseRecord::SIZE];
    done(lend_mut(&mut record, |record| border::actor_pulse(of.bits(), record)))?;
    PulseRecord::decode(&record).map_err(|_| Error::InvalidArgument)
}

pub fn actor_self() -> Answer<Handle> {
    handle(border::actor_self())
}

pub fn cap_copy(from: Handle, rights: Rights, badge: u64) -> Answer<Handle> {
    handle(border::cap_copy(from.bits(), rights.bits(), badge))
}

pub fn cap_derive(from: Handle, wanted: &Derivation) -> Answer<Handle> {
    handle(lend(&wanted.encode(), |wanted| border::cap_derive(from.bits(), wanted)))
}

pub fn cap_limits(of: Handle) -> Answer<LimitsRecord> {
    let mut record = [0; LimitsRecord::SIZE];
    done(lend_mut(&mut record, |record| border::cap_limits(of.bits(), record)))?;
    LimitsRecord::decode(&record).map_err(|_| Error::InvalidArgument)
}

pub fn cap_drop(dropped: Handle) -> Answer {
    done(border::cap_drop(dropped.bits()))
}

pub fn cap_info(of: Handle) -> Answer<CapabilityInfo> {
    let mut record = [0; CapabilityInfo::SIZE];
    done(lend_mut(&mut record, |record| border::cap_info(of.bits(), record)))?;
    CapabilityInfo::decode(&record).map_err(|_| Error::InvalidArgument)
}

pub fn cap_find(name: &str) -> Answer<Handle> {
    handle(lend(name.as_bytes(), |name| border::cap_find(name, name.len_bytes())))
}

pub fn cap_revoke(of: Handle, scope: RevokeScope) -> Answer<RevokeReceipt> {
    receipt(|record| border::cap_revoke(of.bits(), scope.number(), record))
}

fn receipt(call: impl FnOnce(border::Lent) -> i64) -> Answer<RevokeReceipt> {
    let mut record = [0; RevokeReceipt::SIZE];
    done(lend_mut(&mut record, call))?;
    RevokeReceipt::decode(&record).map_err(|_| Error::InvalidArgument)
}

pub fn log_write(log: Handle, level: Level, text: &str) -> Answer {
    done(lend(text.as_bytes(), |text| border::log_write(log.bits(), level.number(), text, text.len_bytes())))
}

pub fn log_read(log: Handle, sequence: u64) -> Answer<LogEntry> {
    let mut record = [0; LogEntry::SIZE];
    done(lend_mut(&mut record, |record| border::log_read(log.bits(), sequence, record)))?;
    LogEntry::decode(&record).map_err(|_| Error::InvalidArgument)
}

pub fn clock_now(clock: Handle) -> Answer<u64> {
    result(border::clock_now(clock.bits()))
}

pub fn sleep_until(clock: Handle, deadline_ns: u64) -> Answer {
    done(border::sleep_until(clock.bits(), deadline_ns))
}

pub fn random_fill(random: Handle, buffer: &mut [u8]) -> Answer {
    done(lend_mut(buffer, |buffer| border::random_fill(random.bits(), buffer, buffer.len_bytes())))
}

pub fn endpoint_create(factory: Handle, capacity: u32, policy: Policy) -> Answer<Handle> {
    handle(border::endpoint_create(factory.bits(), capacity, policy.number()))
}

pub fn send(endpoint: Handle, message: Message, bytes: &[u8], deadline_ns: u64) -> Answer {
    with_bytes(message, bytes, |record| border::send(endpoint.bits(), record, deadline_ns))
}

pub fn reply(to: Handle, message: Message, bytes: &[u8]) -> Answer {
    with_bytes(message, bytes, |record| border::reply(to.bits(), record))
}

pub fn forward(to_answer: Handle, to: Handle, message: Message, bytes: &[u8], deadline_ns: u64) -> Answer {
    with_bytes(message, bytes, |record| border::forward(to_answer.bits(), to.bits(), record, deadline_ns))
}

fn with_bytes(mut message: Message, bytes: &[u8], call: impl FnOnce(border::Lent) -> i64) -> Answer {
    done(lend(bytes, |bytes| {
        message.bytes_address = bytes.address();
        message.bytes_len = bytes.len_bytes();
        lend(&message.encode(), call)
    }))
}

/// Receives into `buffer`. The error comes with how many bytes the message has, for `too-long`.
pub fn recv(endpoint: Handle, buffer: &mut [u8], deadline_ns: u64) -> Result<Message, (Error, u32)> {
    exchange(Message::EMPTY, buffer, |record| border::recv(endpoint.bits(), record, deadline_ns))
}

/// Calls with the first `message.bytes_len` bytes of `buffer`, and receives the answer's bytes there.
pub fn call(
    endpoint: Handle,
    message: Message,
    buffer: &mut [u8],
    deadline_ns: u64,
) -> Result<Message, (Error, u32)> {
    exchange(message, buffer, |record| border::call(endpoint.bits(), record, deadline_ns))
}

/// As [`call`], and lends so much fuel with it.
pub fn call_funded(
    endpoint: Handle,
    message: Message,
    buffer: &mut [u8],
    (deadline_ns, fuel): (u64, u64),
) -> Result<Message, (Error, u32)> {
    exchange(message, buffer, |record| border::call_funded(endpoint.bits(), record, deadline_ns, fuel))
}

fn exchange(
    mut message: Message,
    buffer: &mut [u8],
    call: impl FnOnce(border::Lent) -> i64,
) -> Result<Message, (Error, u32)> {
    let mut record = [0; Message::SIZE];
    let answer = lend_mut(buffer, |bytes| {
        message.bytes_address = bytes.address();
        message.bytes_capacity = bytes.len_bytes();
        record = message.encode();
        lend_mut(&mut record, call)
    });
    let received = Message::decode(&record).map_err(|_| (Error::InvalidArgument, 0))?;
    done(answer).map_err(|error| (error, received.bytes_len))?;
    Ok(received)
}

pub fn endpoint_close(endpoint: Handle) -> Answer {
    done(border::endpoint_close(endpoint.bits()))
}

pub fn notification_create(factory: Handle) -> Answer<Handle> {
    handle(border::notification_create(factory.bits()))
}

pub fn notification_signal(notification: Handle, bits: u64) -> Answer {
    done(border::notification_signal(notification.bits(), bits))
}

pub fn notification_wait(notification: Handle, deadline_ns: u64) -> Answer<u64> {
    let mut bits = [0; 8];
    done(lend_mut(&mut bits, |bits| border::notification_wait(notification.bits(), bits, deadline_ns)))?;
    Ok(u64::from_le_bytes(bits))
}

/// Waits for one of the items, whose written fields are brought up to date, and receives into `buffer` if it was a
/// message. The error comes with how many bytes the message has, for `too-long`.
pub fn wait_any(
    items: &mut [WaitItem],
    first: u32,
    buffer: &mut [u8],
    deadline_ns: u64,
) -> Result<(usize, Message), (Error, u32)> {
    let mut list: Vec<u8> = items.iter().flat_map(|item| WaitItem::new(item.handle).encode()).collect();
    let mut place = 0;
    let received = lend_mut(&mut list, |list| {
        exchange(Message::EMPTY, buffer, |record| {
            place = border::wait_any(list, items.len() as u32, first, record, deadline_ns);
            place
        })
    });
    for (item, bytes) in items.iter_mut().zip(list.chunks_exact(WaitItem::SIZE)) {
        *item = WaitItem::decode(bytes).unwrap_or(*item);
    }
    received.map(|record| (place as usize, record))
}

pub fn image_read(image: Handle, offset: u64, buffer: &mut [u8]) -> Answer<usize> {
    let answer =
        lend_mut(buffer, |buffer| border::image_read(image.bits(), offset, buffer, buffer.len_bytes()));
    result(answer).map(|len| len as usize)
}

pub fn console_write(console: Handle, bytes: &[u8]) -> Answer {
    done(lend(bytes, |bytes| border::console_write(console.bits(), bytes, bytes.len_bytes())))
}

pub fn console_read(console: Handle, buffer: &mut [u8], deadline_ns: u64) -> Answer<usize> {
    let answer = lend_mut(buffer, |buffer| {
        border::console_read(console.bits(), buffer, buffer.len_bytes(), deadline_ns)
    });
    result(answer).map(|len| len as usize)
}

pub fn port_write(port: Handle, bytes: &[u8]) -> Answer<usize> {
    let answer = lend(bytes, |bytes| border::port_write(port.bits(), bytes, bytes.len_bytes()));
    result(answer).map(|len| len as usize)
}
