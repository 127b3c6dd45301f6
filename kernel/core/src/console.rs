//! Who waits for console input.
//!
//! Owns at most one waiter: input belongs to one reader at a time, a second is told so. The device's
//! interrupt only fills khal's ring and kicks the boot core, whose loop calls [`Console::look`].
//! Lock: its own, rank `CONSOLE`.

use crate::actor::Actor;
use crate::cap::{Pass, Tree};
use crate::ipc::waiter::{Room, Waiter};
use crate::ranks;
use crate::sched::core::Place;
use crate::sched::gate::Cause;
use alloc::sync::Arc;
use khal::sync::Mutex;
use khal::time::Instant;
use tessera_abi::Error;

/// See the module.
#[derive(Debug)]
pub struct Console {
    waiter: Mutex<Option<Waiter>>,
}

impl Console {
    /// Nobody waits.
    pub fn new() -> Self {
        Console { waiter: Mutex::new(ranks::CONSOLE, None) }
    }

    /// Wakes the reader if there is input. Called by the boot core's loop.
    pub fn look(&self) {
        if !khal::console::has_input() {
            return;
        }
        let waiter = self.waiter.lock().take();
        if let Some(waiter) = waiter {
            let _stopped_waiting = waiter.hand(None, Cause::Delivered, Place::Home);
        }
    }

    /// Waits until there is input and takes at most `into.len()` bytes of it; at least one.
    ///
    /// # Errors
    /// `WouldBlock` at deadline 0, `TimedOut`, `Busy` when somebody else waits, `Cancelled` when the
    /// actor is to stop, `Revoked`, `NoMemory`.
    pub fn read(
        &self,
        actor: &Arc<Actor>,
        through: (&Tree, &Pass),
        into: &mut [u8],
        deadline: Instant,
    ) -> Result<usize, Error> {
        loop {
            through.0.holds(through.1)?;
            let read = khal::console::read(into);
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            if deadline == Instant::ZERO {
                return Err(Error::WouldBlock);
            }
            let ticket = {
                let mut waiter = self.waiter.lock();
                if waiter.is_some() {
                    return Err(Error::Busy);
                }
                let ticket = actor.gate().arm();
                *waiter = Some(Waiter { actor: actor.clone(), ticket, room: Room::WakeOnly });
                ticket
            };
            // What came between the read above and the registration has no kick left to be seen by.
            self.look();
            let ended = actor.block(ticket, deadline, Some(through));
            let mut waiter = self.waiter.lock();
            if waiter.as_ref().is_some_and(|one| one.is(actor, ticket)) {
                *waiter = None;
            }
            drop(waiter);
            match ended? {
                Cause::Delivered => {}
                Cause::TimedOut => return Err(Error::TimedOut),
                Cause::Revoked => return Err(Error::Revoked),
                Cause::PeerDied | Cause::Stopped => return Err(Error::Cancelled),
            }
        }
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}
