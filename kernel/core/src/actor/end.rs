//! An actor's end: latched once, told to all who wait, however late.
//!
//! Owns the reason, the waiters and the signals to give. Invariants: the reason, once set, never changes;
//! whoever waits before is woken, whoever comes after gets it at once; whoever sees the end finds those that end with it
//! told to, if they were linked before it began. The detail has room of its own, since
//! most ends need none and every actor would keep it; without memory for it an end is told without its detail.
//! Lock: its own, rank `END`.

use super::Actor;
use crate::cap::{Capability, Object, Pass, Tree};
use crate::fallible;
use crate::ipc::Notification;
use crate::ipc::waiter::{Room, Waiter};
use crate::ranks;
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use khal::sync::Mutex;
use khal::sync::atomic::{AtomicBool, Ordering};
use khal::time::Instant;
use tessera_abi::{EndReason, EndRecord, Error, Line};

/// The most signals that one end gives.
pub const SIGNALS_MAX: u32 = 256;

/// What to do at an end: signal a notification, or end another actor. By a capability of the end's own, derived
/// from that of whoever asked for it, so that taking that back takes this along.
#[derive(Debug)]
pub struct EndSignal(Box<Signal>);

#[derive(Debug)]
struct Signal {
    capability: Capability,
    bits: u64,
    /// Who asked for it, if it goes with him.
    by: Option<Arc<Actor>>,
    /// The next one of the same end: most ends have one signal or none, and no room for more.
    next: Option<EndSignal>,
}

impl EndSignal {
    /// The signal `bits` through `capability`, which names a notification; or, if it names an actor, the end of
    /// that one, should this one fail. It is not owed any more once `by` has ended, or the actor to be ended.
    ///
    /// # Errors
    /// `NoMemory`.
    pub fn new(capability: Capability, bits: u64, by: Option<Arc<Actor>>) -> Result<Self, Error> {
        fallible::own(Signal { capability, bits, by, next: None }).map(EndSignal)
    }

    /// The leave to give it, if somebody may still want it. Being registered was the use of the capability, so
    /// its limits are not asked again.
    fn owed(&self) -> Option<Pass> {
        let Signal { capability, by, .. } = &*self.0;
        let over = match capability.object() {
            Object::Actor(other) => other.end().has_come(),
            _ => by.as_ref().is_some_and(|by| by.end().has_come()),
        };
        if over { None } else { capability.check().ok() }
    }

    /// What [`give`](Self::give) would signal, to be signalled outside the lock and as often as wanted.
    fn told(&self) -> Option<(Arc<Notification>, Pass, u64)> {
        let pass = self.owed()?;
        match self.0.capability.object() {
            Object::Notification(notification) => Some((notification.clone(), pass, self.0.bits)),
            _ => None,
        }
    }

    /// Whether it ends an actor, rather than tells one.
    fn is_link(&self) -> bool {
        matches!(self.0.capability.object(), Object::Actor(_))
    }

    fn give(self, reason: EndReason) {
        let Some(pass) = self.owed() else { return };
        let Signal { capability, bits, .. } = *self.0;
        match capability.object() {
            Object::Notification(notification) => {
                let _taken_back = notification.signal(&pass, bits);
            }
            Object::Actor(other) if reason != EndReason::Exited(0) => other.kill_for(EndReason::Orphaned),
            _ => {}
        }
    }
}

/// The signals of one end.
#[derive(Debug)]
struct Signals(Option<EndSignal>);

impl Signals {
    fn push(&mut self, mut signal: EndSignal) {
        signal.0.next = self.0.take();
        self.0 = Some(signal);
    }

    fn pop(&mut self) -> Option<EndSignal> {
        let mut first = self.0.take()?;
        self.0 = first.0.next.take();
        Some(first)
    }

    /// Takes those out that end other actors.
    fn take_links(&mut self) -> Signals {
        let (mut links, mut others) = (Signals(None), Signals(None));
        while let Some(signal) = self.pop() {
            let list = if signal.is_link() { &mut links } else { &mut others };
            list.push(signal);
        }
        *self = others;
        links
    }

    fn give(mut self, reason: EndReason) {
        while let Some(signal) = self.pop() {
            signal.give(reason);
        }
    }

    /// Takes those out that are owed no more; how many are left, and what was taken out, to be dropped outside
    /// the lock.
    fn sort_out(&mut self) -> (u32, Signals) {
        let (mut good, mut dead, mut count) = (Signals(None), Signals(None), 0);
        while let Some(signal) = self.pop() {
            if signal.owed().is_some() {
                count += 1;
                good.push(signal);
            } else {
                dead.push(signal);
            }
        }
        *self = good;
        (count, dead)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // One after the other: a long list is not to be dropped by recursion.
        while self.pop().is_some() {}
    }
}

/// An [`EndRecord`] in less room.
#[derive(Debug)]
struct Record {
    reason: EndReason,
    time_ns: u64,
    detail: Option<Box<Line>>,
}

impl Record {
    fn unpacked(&self) -> EndRecord {
        let detail = self.detail.as_ref().map_or(Line::EMPTY, |detail| **detail);
        EndRecord { reason: self.reason, reserved: 0, time_ns: self.time_ns, detail }
    }
}

#[derive(Debug)]
struct State {
    record: Option<Record>,
    waiters: Vec<Waiter>,
    signals: Signals,
    /// What the actor wants to be given when it is asked to end.
    asked: Option<EndSignal>,
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
    /// Not ended; when it does, `signal` is given.
    pub fn new(signal: Option<EndSignal>) -> Self {
        let state = State { record: None, waiters: Vec::new(), signals: Signals(signal), asked: None };
        End { state: Mutex::new(ranks::END, state), come: AtomicBool::new(false) }
    }

    /// Whether the end has come.
    pub fn has_come(&self) -> bool {
        // Acquire, with the store in `latch`: who sees the end sees what was given back before it.
        self.come.load(Ordering::Acquire)
    }

    /// The end, if it has come.
    pub fn record(&self) -> Option<EndRecord> {
        self.state.lock().record.as_ref().map(Record::unpacked)
    }

    /// Sets the reason, unless one is set, and wakes whoever waits.
    pub(crate) fn latch(&self, reason: EndReason, detail: Line) {
        // First, or a supervisor might start this one again while what it had started still serves. Who is told, though,
        // is to find the reason there.
        let links = self.state.lock().signals.take_links();
        links.give(reason);
        let detail = if detail.as_str().is_empty() { None } else { fallible::own(detail).ok() };
        let (waiters, signals, _unasked) = {
            let mut state = self.state.lock();
            if state.record.is_some() {
                return;
            }
            let time_ns = khal::time::now().as_nanos();
            state.record = Some(Record { reason, time_ns, detail });
            self.come.store(true, Ordering::Release);
            let signals = core::mem::replace(&mut state.signals, Signals(None));
            (core::mem::take(&mut state.waiters), signals, state.asked.take())
        };
        signals.give(reason);
        for waiter in waiters {
            let _stopped_waiting = waiter.hand(None, Cause::Delivered, Place::Home);
        }
    }

    /// Gives `signal` when the end comes, by leave of a capability in `tree`; at once if it has come.
    ///
    /// # Errors
    /// `Revoked`; `Full` when so many are to be given already.
    pub fn monitor(&self, through: (&Tree, &Pass), signal: EndSignal) -> Result<(), Error> {
        let mut refused = None;
        let (told, dead) = {
            let mut state = self.state.lock();
            let (count, dead) = state.signals.sort_out();
            let told = match through.0.holds(through.1) {
                Ok(()) if state.record.is_some() => {
                    state.record.as_ref().map(|record| (signal, record.reason))
                }
                Ok(()) if count < SIGNALS_MAX => {
                    state.signals.push(signal);
                    None
                }
                held => {
                    refused = Some((held.err().unwrap_or(Error::Full), signal));
                    None
                }
            };
            (told, dead)
        };
        drop(dead);
        if let Some((signal, reason)) = told {
            signal.give(reason);
        }
        refused.map_or(Ok(()), |(error, _dropped_here)| Err(error))
    }

    /// Keeps what is to be given when the actor is asked to end, instead of what was; nothing once it has ended.
    /// What is not kept comes back, to be dropped outside any lock.
    pub(super) fn keep_asked(&self, signal: Option<EndSignal>) -> Option<EndSignal> {
        let mut state = self.state.lock();
        if state.record.is_some() { signal } else { core::mem::replace(&mut state.asked, signal) }
    }

    /// Who is to be told that the actor is asked to end: the notification, the leave to signal it, and the bits.
    pub(super) fn asked(&self) -> Option<(Arc<Notification>, Pass, u64)> {
        self.state.lock().asked.as_ref()?.told()
    }

    /// Waits for the end, by leave of a capability in `tree`.
    ///
    /// # Errors
    /// `WouldBlock` at deadline 0, `TimedOut`, `Cancelled` when the waiter is to stop, `Revoked`, `NoMemory`.
    pub fn wait(
        &self,
        waiter: &Arc<Actor>,
        through: (&Tree, &Pass),
        deadline: Instant,
    ) -> Result<EndRecord, Error> {
        let ticket = {
            let mut state = self.state.lock();
            through.0.holds(through.1)?;
            if let Some(record) = &state.record {
                return Ok(record.unpacked());
            }
            if deadline == Instant::ZERO {
                return Err(Error::WouldBlock);
            }
            state.waiters.try_reserve(1).map_err(|_| Error::NoMemory)?;
            let ticket = waiter.gate().arm();
            state.waiters.push(Waiter { actor: waiter.clone(), ticket, room: Room::WakeOnly });
            ticket
        };
        let error = match waiter.block(ticket, deadline, Some(through)) {
            // Between the end and this it may have been taken back: then it is not told.
            Ok(Cause::Delivered) if through.0.holds(through.1).is_err() => Error::Revoked,
            Ok(Cause::Delivered) => return self.record().ok_or(Error::Cancelled),
            Ok(Cause::TimedOut) => Error::TimedOut,
            Ok(Cause::Revoked) => Error::Revoked,
            Ok(_) => Error::Cancelled,
            Err(error) => error,
        };
        self.forget(waiter, ticket);
        Err(error)
    }

    /// Adds somebody who waits for other things too. False when the end has come: it is there to be looked at.
    ///
    /// # Errors
    /// `NoMemory`.
    pub(crate) fn watch(&self, waiter: Waiter) -> Result<bool, Error> {
        let mut state = self.state.lock();
        if state.record.is_some() {
            return Ok(false);
        }
        state.waiters.try_reserve(1).map_err(|_| Error::NoMemory)?;
        state.waiters.push(waiter);
        Ok(true)
    }

    /// Takes a waiter away that gives up.
    pub(crate) fn forget(&self, waiter: &Arc<Actor>, ticket: Ticket) {
        self.state.lock().waiters.retain(|one| !one.is(waiter, ticket));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stays_with_its_detail() {
        let end = End::new(None);
        assert!(!end.has_come() && end.record().is_none());
        end.latch(EndReason::Exited(7), Line::new_truncated("first"));
        end.latch(EndReason::Killed, Line::new_truncated("second"));
        let record = end.record().unwrap();
        assert_eq!((record.reason, record.detail.as_str()), (EndReason::Exited(7), "first"));
        assert!(end.has_come());
    }

    #[test]
    fn an_end_keeps_no_room_for_a_detail_it_may_never_have() {
        assert!(size_of::<End>() <= 128, "{}", size_of::<End>());
        let end = End::new(None);
        end.latch(EndReason::Killed, Line::EMPTY);
        assert_eq!(end.record().unwrap().detail.as_str(), "");
    }
}
