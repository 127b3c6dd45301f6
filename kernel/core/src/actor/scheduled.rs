//! What the scheduler asks of an actor: its links and its place in a queue, its level, its deadline's place.
//!
//! Owns nothing of its own. An actor's level is its own priority, or that of the most urgent who waits for it in a
//! call: [`crate::sched::inherit`].

use super::{Actor, ActorId};
use crate::sched::fifo::{Linked, Links};
use crate::sched::inherit::{Party, Standing};
use crate::sched::levels::Ready;
use crate::sched::spot::Spot;
use crate::sched::timers::Timed;
use alloc::sync::Arc;
use khal::sync::atomic::{AtomicU32, Ordering};
use tessera_abi::Priority;

impl Party for Actor {
    fn id(&self) -> u64 {
        self.id.bits()
    }

    fn own_priority(&self) -> Priority {
        self.profile.priority
    }

    fn standing(&self) -> &Standing {
        &self.standing
    }

    fn find(&self, id: u64) -> Option<Arc<Self>> {
        self.kernel.registry().get(ActorId(id))
    }

    fn settle(this: &Arc<Self>) {
        this.kernel.scheduler().settle(this);
    }
}

impl Linked for Actor {
    fn links(&self) -> &Links<Self> {
        &self.links
    }
}

impl Ready for Actor {
    fn priority(&self) -> Priority {
        self.standing.level(self.profile.priority)
    }

    fn spot(&self) -> &Spot {
        &self.spot
    }

    fn may_move(&self) -> bool {
        // Relaxed: set and cleared by the core that runs it, before it is published in a queue.
        !self.settled.load(Ordering::Relaxed)
    }
}

impl Timed for Actor {
    fn place(&self) -> &AtomicU32 {
        &self.timer_place
    }
}
