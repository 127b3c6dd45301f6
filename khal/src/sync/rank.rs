//! The order of locks, and its check.
//!
//! Each core keeps the ranks it holds in a small stack. That is enough, and needs no thread's own
//! record: a lock holds preemption off, so a core's locks are all its current thread's. The check
//! exists in debug builds only.

use core::cell::Cell;
use core::ops::Deref;

/// A place in the order of locks, and what is guarded there. Written once, as a constant.
#[derive(PartialEq, Eq, Debug)]
pub struct Order {
    /// Place in the order, 0 to `Rank::LIMIT - 1`, lowest taken first.
    pub order: u8,
    /// What the lock guards, for messages and statistics.
    pub name: &'static str,
}

/// A lock's place in the order. Locks are taken in rising `order`; two of one order never together. One
/// word, as every lock carries one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rank(&'static Order);

impl Rank {
    /// Number of orders.
    pub const LIMIT: u8 = 64;

    /// The rank at that place; an `order` of `Rank::LIMIT` or above does not compile in a constant.
    pub const fn of(place: &'static Order) -> Rank {
        assert!(place.order < Rank::LIMIT, "a lock's rank is below Rank::LIMIT");
        Rank(place)
    }
}

impl Deref for Rank {
    type Target = Order;

    fn deref(&self) -> &Order {
        self.0
    }
}

/// Deepest nesting of locks that is checked.
const DEPTH: usize = 12;

/// What locks and guards keep per core (host: per OS thread). Touched under a preemption guard only.
pub(crate) struct CoreLocal {
    /// When the outermost guard was taken, in cycles; 0 while that is not measured, or has been as a hold.
    pub(crate) guarded_since: Cell<u64>,
    held: [Cell<Option<Rank>>; DEPTH],
}

impl CoreLocal {
    pub(crate) const fn new() -> CoreLocal {
        CoreLocal { guarded_since: Cell::new(0), held: [const { Cell::new(None) }; DEPTH] }
    }

    /// Panics, naming both, if a lock of `rank` may not be waited for now.
    pub(crate) fn check_order(&self, rank: Rank) {
        let worst = self.held.iter().filter_map(Cell::get).max_by_key(|held| held.order);
        if let Some(held) = worst.filter(|held| held.order >= rank.order) {
            self.violation(held, rank);
        }
    }

    /// Notes that a lock of `rank` is held. Deeper than `DEPTH` it goes unnoted, hence unchecked.
    pub(crate) fn note_held(&self, rank: Rank) {
        if let Some(free) = self.held.iter().find(|slot| slot.get().is_none()) {
            free.set(Some(rank));
        }
    }

    /// Notes that one lock of `rank` was released, in any order.
    pub(crate) fn note_released(&self, rank: Rank) {
        if let Some(slot) = self.held.iter().rfind(|slot| slot.get() == Some(rank)) {
            slot.set(None);
        }
    }

    #[cold]
    #[expect(clippy::panic, reason = "a lock taken out of order is a kernel bug, and it must be named")]
    fn violation(&self, held: Rank, wanted: Rank) -> ! {
        panic!(
            "lock order: {} (rank {}) is wanted while {} (rank {}) is held",
            wanted.name, wanted.order, held.name, held.order
        )
    }
}
