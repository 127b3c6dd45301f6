//! What a test does to actors: it ends those that were spawned, and asks the one under test to end.
//!
//! Does not: run anything. Whoever was to be told of it finds it told.

use tessera_abi::EndReason;

use super::spawned::Spawned;
use super::{Kernel, STATE};

impl Kernel {
    /// Ends the spawned actor called `name`, with those that are linked to it if it failed, and signals whoever
    /// wanted to be told.
    pub fn end_actor(&mut self, name: &str, reason: EndReason, detail: &str) {
        STATE.with_borrow_mut(|state| {
            let named = |(place, actor): (usize, &Spawned)| (actor.name == name).then_some(place);
            let places: Vec<usize> = state.actors.iter().enumerate().filter_map(named).collect();
            places.into_iter().for_each(|place| state.end(place, reason, detail));
        });
    }

    /// Asks the actor under test to end, as whoever may kill it would. False when it has named no notification
    /// for that, or what it named was taken back, so that a kernel would kill it.
    #[must_use]
    pub fn terminate(&mut self) -> bool {
        STATE.with_borrow_mut(|state| {
            let Some((_, index, bits)) = state.asked else { return false };
            state.notifications.get_mut(index).is_some_and(|word| {
                *word |= bits;
                true
            })
        })
    }
}
