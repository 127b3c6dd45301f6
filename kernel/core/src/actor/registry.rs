//! The list of all actors that have not ended.
//!
//! Owns one reference to each. Invariant: an id is a place and how often that place has been used,
//! so an id is never given twice; it has no more than `inherit::ID_BITS` bits. Lock: its own, rank `REGISTRY`; actors
//! are dropped outside it.

use super::{Actor, ActorId};
use crate::ranks;
use crate::sched::inherit::ID_BITS;
use alloc::sync::Arc;
use alloc::vec::Vec;
use khal::sync::Mutex;
use tessera_abi::Error;

#[derive(Debug)]
struct Seat {
    uses: u32,
    actor: Option<Arc<Actor>>,
}

#[derive(Debug, Default)]
struct State {
    seats: Vec<Seat>,
    free: Vec<u32>,
    living: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Registry {
    state: Mutex<State>,
    most: usize,
}

impl Registry {
    /// An empty list for at most `most` actors.
    pub fn new(most: usize) -> Self {
        Registry { state: Mutex::new(ranks::REGISTRY, State::default()), most }
    }

    /// Makes an actor by its id and lists it.
    ///
    /// # Errors
    /// `Full` at the most, `NoMemory`, or what `make` refuses with; nothing is listed then.
    pub(crate) fn add<T>(
        &self,
        make: impl FnOnce(ActorId) -> Result<(Arc<Actor>, T), Error>,
    ) -> Result<(Arc<Actor>, T), Error> {
        let id = self.take_seat()?;
        match make(id) {
            Ok((actor, with)) => {
                let mut state = self.state.lock();
                if let Some(seat) = state.seats.get_mut(id.index() as usize) {
                    seat.actor = Some(actor.clone());
                }
                Ok((actor, with))
            }
            Err(error) => {
                self.leave_seat(id);
                Err(error)
            }
        }
    }

    fn take_seat(&self) -> Result<ActorId, Error> {
        let mut state = self.state.lock();
        if state.living >= self.most {
            return Err(Error::Full);
        }
        if state.free.is_empty() {
            let State { seats, free, .. } = &mut *state;
            seats.try_reserve(1).map_err(|_| Error::NoMemory)?;
            // So that leaving a seat never allocates.
            free.try_reserve(seats.len() + 1).map_err(|_| Error::NoMemory)?;
            free.push(seats.len() as u32);
            seats.push(Seat { uses: 0, actor: None });
        }
        let index = state.free.pop().ok_or(Error::Full)?;
        let seat = state.seats.get_mut(index as usize).ok_or(Error::Full)?;
        seat.uses += 1;
        let id = ActorId(u64::from(seat.uses) << 32 | u64::from(index));
        state.living += 1;
        Ok(id)
    }

    fn leave_seat(&self, id: ActorId) -> Option<Arc<Actor>> {
        let mut state = self.state.lock();
        let seat = state.seats.get_mut(id.index() as usize)?;
        if u64::from(seat.uses) != id.bits() >> 32 {
            return None;
        }
        let actor = seat.actor.take();
        // A seat whose uses are used up is not offered again: ids stay unique.
        let reusable = seat.uses < u32::MAX >> (u64::BITS - ID_BITS);
        state.living -= 1;
        if reusable {
            state.free.push(id.index());
        }
        actor
    }

    /// Strikes an actor off the list.
    pub(crate) fn remove(&self, id: ActorId) {
        drop(self.leave_seat(id));
    }

    /// The living actor with this id.
    pub fn get(&self, id: ActorId) -> Option<Arc<Actor>> {
        let state = self.state.lock();
        let actor = state.seats.get(id.index() as usize)?.actor.as_ref()?;
        (actor.id() == id).then(|| actor.clone())
    }

    /// The first living actor at or after place `index`, with its place.
    pub fn next_from(&self, index: u32) -> Option<(u32, Arc<Actor>)> {
        let state = self.state.lock();
        let seats = state.seats.iter().enumerate().skip(index as usize);
        seats.into_iter().find_map(|(place, seat)| Some((place as u32, seat.actor.clone()?)))
    }

    /// How many actors live.
    pub fn living(&self) -> usize {
        self.state.lock().living
    }
}
