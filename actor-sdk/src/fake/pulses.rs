//! What a test says and sees of signs of life.
//!
//! Does not: let time pass for them; a silence is as long as the test has said.

use tessera_abi::{PulseRecord, Spell};

use super::{Kernel, STATE};

impl Kernel {
    /// How often the actor has said that it gets on.
    #[must_use]
    pub fn heartbeats(&self) -> u64 {
        STATE.with_borrow(|state| state.heartbeats)
    }

    /// Lets the spawned actor called `name`, in an activation, have given its last sign of life so long ago.
    pub fn silence(&mut self, name: &str, silent_ns: u64) {
        STATE.with_borrow_mut(|state| {
            for actor in state.actors.iter_mut().filter(|actor| actor.name == name) {
                actor.pulse = PulseRecord { spell: Spell::Working, silent_ns, ..actor.pulse };
            }
        });
    }

    /// Adds an actor to what `inspect` says of signs of life, in the order of indices.
    pub fn add_pulse(&mut self, record: PulseRecord) {
        STATE.with_borrow_mut(|state| state.pulse_records.push(record));
    }
}
