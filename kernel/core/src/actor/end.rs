//! An actor's end: latched once, told to all who wait, however late.
//!
//! Owns the reason and the waiters. Invariant: the reason, once set, never changes; whoever waits
//! before is woken, whoever comes after gets it at once. Lock: its own, rank `END`.

use super::Actor;
use crate::ipc::Notification;
use crate::ipc::waiter::{Room, Waiter};
use crate::ranks;
use crate::sched::core::Place;
use crate::sched::gate::Cause;
use alloc::sync::Arc;
use alloc::vec::Vec;
use khal::sync::Mutex;
use khal::sync::atomic::{AtomicBool, Ordering};
use khal::time::Instant;
use tessera_abi::{EndReason, EndRecord, Error, Line};

#[derive(Debug)]
struct State {
    record: Option<EndRecord>,
    waiters: Vec<Waiter>,
    signal: Option<(Arc<Notification>, u64)>,
}

/// See the module.
#[derive(Debug)]
pub struct End {
    state: Mutex<State>,
    /// Whether `record` is set: for the core loop, which must not mistake an actor that is over for a
    /// handler that rests.
    come: AtomicBool,
}

impl End {
    /// Not ended; when it does, `signal`'s bits are set.
    pub fn new(signal: Option<(Arc<Notification>, u64)>) -> Self {
        let state = State { record: None, waiters: Vec::new(), signal };
        End { state: Mutex::new(ranks::END, state), come: AtomicBool::new(false) }
    }

    /// Whether the end has come.
    pub fn has_come(&self) -> bool {
        // Acquire, with the store in `latch`: who sees the end sees what was given back before it.
        self.come.load(Ordering::Acquire)
    }

    /// The end, if it has come.
    pub fn record(&self) -> Option<EndRecord> {
        self.state.lock().record
    }

    /// Sets the reason, unless one is set, and wakes whoever waits.
    pub(crate) fn latch(&self, reason: EndReason, detail: Line) {
        let (waiters, signal) = {
            let mut state = self.state.lock();
            if state.record.is_some() {
                return;
            }
            let time_ns = khal::time::now().as_nanos();
            state.record = Some(EndRecord { reason, reserved: 0, time_ns, detail });
            self.come.store(true, Ordering::Release);
            (core::mem::take(&mut state.waiters), state.signal.take())
        };
        if let Some((notification, bits)) = signal {
            notification.signal(bits);
        }
        for waiter in waiters {
            let _stopped_waiting = waiter.hand(None, Cause::Delivered, Place::Home);
        }
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// `WouldBlock` at deadline 0, `TimedOut`, `Cancelled` when the waiter is to stop, `NoMemory`.
    pub fn wait(&self, waiter: &Arc<Actor>, deadline: Instant) -> Result<EndRecord, Error> {
        let ticket = {
            let mut state = self.state.lock();
            if let Some(record) = state.record {
                return Ok(record);
            }
            if deadline == Instant::ZERO {
                return Err(Error::WouldBlock);
            }
            state.waiters.try_reserve(1).map_err(|_| Error::NoMemory)?;
            let ticket = waiter.gate().arm();
            state.waiters.push(Waiter { actor: waiter.clone(), ticket, room: Room::WakeOnly });
            ticket
        };
        let error = match waiter.block(ticket, deadline) {
            Ok(Cause::Delivered) => return self.record().ok_or(Error::Cancelled),
            Ok(Cause::TimedOut) => Error::TimedOut,
            Ok(_) => Error::Cancelled,
            Err(error) => error,
        };
        self.state.lock().waiters.retain(|one| !one.is(waiter, ticket));
        Err(error)
    }
}
