//! The actors that the shell has started and not waited for.
//!
//! Invariant: at most [`STARTED_MAX`] are kept, the latest ones: a capability for an ended actor keeps its
//! end readable, and the slots are few.
//! Does not: end anything; an actor that is forgotten runs on.

use alloc::collections::VecDeque;
use alloc::string::String;

use actor_sdk::Actor;

/// How many are kept.
pub const STARTED_MAX: usize = 16;

/// The actors with their names, oldest first.
#[derive(Debug, Default)]
pub struct Started {
    actors: VecDeque<(String, Actor)>,
}

impl Started {
    /// Keeps an actor; the oldest is forgotten when there are too many.
    pub fn keep(&mut self, name: &str, actor: Actor) {
        if self.actors.len() == STARTED_MAX {
            self.actors.pop_front();
        }
        self.actors.push_back((name.into(), actor));
    }

    /// The latest actor with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Actor> {
        self.actors.iter().rev().find(|(known, _)| known == name).map(|(_, actor)| actor)
    }

    /// Forgets the latest actor with this name.
    pub fn forget(&mut self, name: &str) {
        if let Some(index) = self.actors.iter().rposition(|(known, _)| known == name) {
            self.actors.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use actor_sdk::fake::Kernel;
    use actor_sdk::{Capability, Plan, Spawner};
    use std::format;

    #[test]
    fn the_latest_are_kept_and_forgotten_ones_give_their_slots_back() {
        let mut kernel = Kernel::new();
        let spawner = kernel.grant::<Spawner>("spawner");
        let before = kernel.slots_used();
        let mut started = Started::default();
        for number in 0..=STARTED_MAX {
            started.keep(&format!("a{number}"), spawner.spawn(&Plan::new("a", "a")).unwrap());
        }
        assert!(started.find("a0").is_none() && started.find("a1").is_some());
        assert_eq!(kernel.slots_used(), before + STARTED_MAX);
        started.forget("a1");
        assert!(started.find("a1").is_none());
        assert_eq!(kernel.slots_used(), before + STARTED_MAX - 1);
    }

    #[test]
    fn of_two_with_one_name_the_later_is_meant() {
        let mut kernel = Kernel::new();
        let spawner = kernel.grant::<Spawner>("spawner");
        let mut started = Started::default();
        let [first, second] = [(), ()].map(|()| spawner.spawn(&Plan::new("a", "a")).unwrap());
        let handles = (first.handle(), second.handle());
        started.keep("a", first);
        started.keep("a", second);
        assert_eq!(started.find("a").map(Capability::handle), Some(handles.1));
        started.forget("a");
        assert_eq!(started.find("a").map(Capability::handle), Some(handles.0));
    }
}
