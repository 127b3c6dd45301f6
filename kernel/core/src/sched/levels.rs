//! Which ready thing runs next: four priorities, and a bound on how long one is passed over.
//!
//! Owns the ready things of one core, a list a level, and no lock: [`super::queue`] puts one
//! around it. Each thing's [`Spot`] says where it is. A bitmap gives the highest level that has something in O(1). A level that has been
//! passed over [`AGEING_BOUND`] times in a row is served next whatever stands above it (the lowest
//! such level first), so a thing at the head of its list waits at most `3 * AGEING_BOUND + 3` picks.
//! What was handed over ([`Levels::push_first`]) is next on this core, whose running actor is about to
//! wait for it: thieves leave it, or a caller and its server would end up on two cores, each call a kick. It is
//! the scheduler that hands over within one slice only, so that equals are not passed over for ever.

use super::fifo::{Fifo, Linked};
use super::spot::Spot;
use alloc::sync::Arc;
use tessera_abi::Priority;

/// The number of levels, one for each [`Priority`].
pub const LEVELS: usize = 4;

/// How often in a row a level with something ready may be passed over.
pub const AGEING_BOUND: u32 = 32;

/// What can be scheduled.
pub trait Ready: Linked {
    /// The level it runs at now.
    fn priority(&self) -> Priority;
    /// Where it is noted on which queue, and at which level, it is.
    fn spot(&self) -> &Spot;
    /// Whether a core other than the one it last ran on may take it.
    fn may_move(&self) -> bool;
}

/// See the module.
#[derive(Debug)]
pub struct Levels<T: Ready> {
    lists: [Fifo<T>; LEVELS],
    passed_over: [u32; LEVELS],
    /// How many at the head of each list were handed over since it was last picked from.
    handed: [u32; LEVELS],
    occupied: u8,
    /// The core whose ready things these are.
    core: u8,
}

/// A level's place: 0 is served first.
pub fn index(priority: Priority) -> usize {
    match priority {
        Priority::Critical => 0,
        Priority::High => 1,
        Priority::Normal => 2,
        Priority::Low => 3,
    }
}

impl<T: Ready> Levels<T> {
    /// Nothing ready on the core with this number.
    pub const fn new(core: u8) -> Self {
        let lists = [const { Fifo::new() }; LEVELS];
        Levels { lists, passed_over: [0; LEVELS], handed: [0; LEVELS], occupied: 0, core }
    }

    /// How many things are ready.
    pub fn len(&self) -> usize {
        self.lists.iter().map(Fifo::len).sum()
    }

    /// Whether nothing is ready.
    pub fn is_empty(&self) -> bool {
        self.occupied == 0
    }

    /// Makes `thing` ready behind its equals; at which level.
    pub fn push(&mut self, thing: Arc<T>) -> usize {
        let level = self.level_for(&thing);
        if let Some(list) = self.lists.get_mut(level) {
            list.push_back(thing);
        }
        self.occupied |= 1 << level;
        level
    }

    /// Makes `thing` ready before its equals, and not to be stolen before the next pick: it was handed over
    /// to. At which level. Where somebody more urgent is ready it will not be next, and goes behind its equals: or
    /// two that hand over to each other would be before them each time that ageing gives their level a turn.
    pub fn push_first(&mut self, thing: Arc<T>) -> usize {
        let level = self.level_for(&thing);
        if self.highest().is_some_and(|highest| highest < level) {
            if let Some(list) = self.lists.get_mut(level) {
                list.push_back(thing);
            }
            self.occupied |= 1 << level;
            return level;
        }
        if let Some(handed) = self.handed.get_mut(level) {
            *handed += 1;
        }
        self.put_back(level, thing);
        level
    }

    /// Moves `thing` behind its equals at the level that is its priority now, if it is here and at another one;
    /// to which. One that was handed over and moves leaves its protection from thieves to who comes behind it.
    pub fn settle(&mut self, thing: &Arc<T>) -> Option<usize> {
        let from = thing.spot().level_on(self.core)?;
        if from == index(thing.priority()) {
            return None;
        }
        self.lists.get_mut(from)?.remove(thing);
        self.note_taken(from);
        Some(self.push(thing.clone()))
    }

    /// The level of what is about to be pushed.
    fn level_for(&self, thing: &Arc<T>) -> usize {
        // First that it is here, then how urgent it is: whoever changes that finds it here, or we see the change.
        thing.spot().enter(self.core);
        let level = index(thing.priority());
        thing.spot().note(self.core, level);
        level
    }

    /// Takes what is to run next.
    pub fn pop(&mut self) -> Option<Arc<T>> {
        let level = self.overdue().or_else(|| self.highest())?;
        self.note_pick(level);
        // Whoever handed something over has paused: what is not next now waits like any other.
        self.handed = [0; LEVELS];
        self.take_from(level).inspect(|thing| thing.spot().leave())
    }

    /// Takes up to `most` things that may move and were not just handed over, best first, and hands each to
    /// `take`. Looks at no more than `4 * most`, so that the lock around it is held briefly.
    pub fn steal(&mut self, most: usize, mut take: impl FnMut(Arc<T>)) -> usize {
        let mut left = most;
        let mut looks = most.saturating_mul(4);
        for level in 0..LEVELS {
            let passed_over = self.passed_over.get(level).copied().unwrap_or(0);
            let mut kept = Fifo::new();
            let mut handed = self.handed.get(level).copied().unwrap_or(0);
            while left > 0 && looks > 0 {
                let Some(thing) = self.take_from(level) else { break };
                looks -= 1;
                let own = handed > 0;
                handed = handed.saturating_sub(1);
                if !own && thing.may_move() {
                    left -= 1;
                    thing.spot().leave();
                    take(thing);
                } else {
                    kept.push_front(thing);
                }
            }
            while let Some(thing) = kept.pop_front() {
                self.put_back(level, thing);
                // Who only was looked at has not been served.
                if let Some(count) = self.passed_over.get_mut(level) {
                    *count = passed_over;
                }
            }
        }
        most - left
    }

    fn put_back(&mut self, level: usize, thing: Arc<T>) {
        if let Some(list) = self.lists.get_mut(level) {
            list.push_front(thing);
            self.occupied |= 1 << level;
        }
    }

    fn take_from(&mut self, level: usize) -> Option<Arc<T>> {
        let thing = self.lists.get_mut(level)?.pop_front();
        self.note_taken(level);
        thing
    }

    /// Something may have been the last of this level.
    fn note_taken(&mut self, level: usize) {
        if self.lists.get(level).is_some_and(Fifo::is_empty) {
            self.occupied &= !(1 << level);
            if let Some(count) = self.passed_over.get_mut(level) {
                *count = 0;
            }
        }
    }

    /// The highest level that has something.
    pub fn highest(&self) -> Option<usize> {
        (self.occupied != 0).then(|| self.occupied.trailing_zeros() as usize)
    }

    fn overdue(&self) -> Option<usize> {
        (0..LEVELS).rev().find(|&level| {
            self.occupied & 1 << level != 0
                && self.passed_over.get(level).is_some_and(|&count| count >= AGEING_BOUND)
        })
    }

    fn note_pick(&mut self, picked: usize) {
        for (level, count) in self.passed_over.iter_mut().enumerate() {
            if level == picked {
                *count = 0;
            } else if self.occupied & 1 << level != 0 && level > picked {
                *count += 1;
            }
        }
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use crate::sched::fifo::Links;
    use alloc::vec::Vec;
    use core::cell::Cell;

    struct Item {
        name: u32,
        priority: Cell<Priority>,
        pinned: bool,
        links: Links<Item>,
        spot: Spot,
    }
    impl Linked for Item {
        fn links(&self) -> &Links<Item> {
            &self.links
        }
    }
    impl Ready for Item {
        fn priority(&self) -> Priority {
            self.priority.get()
        }
        fn spot(&self) -> &Spot {
            &self.spot
        }
        fn may_move(&self) -> bool {
            !self.pinned
        }
    }
    #[expect(clippy::arc_with_non_send_sync, reason = "the queue takes nothing else, and one thread is here")]
    fn item(name: u32, priority: Priority, pinned: bool) -> Arc<Item> {
        let priority = Cell::new(priority);
        Arc::new(Item { name, priority, pinned, links: Links::new(), spot: Spot::nowhere() })
    }

    #[test]
    fn who_is_handed_over_to_below_somebody_more_urgent_waits_behind_its_equals() {
        let mut levels = Levels::new(0);
        for (name, priority) in [(1, Priority::High), (2, Priority::Normal)] {
            levels.push(item(name, priority, false));
        }
        levels.push_first(item(3, Priority::Normal, false));
        levels.push_first(item(4, Priority::High, false));
        let order: Vec<u32> = core::iter::from_fn(|| levels.pop()).map(|item| item.name).collect();
        assert_eq!(order, [4, 1, 2, 3]);
    }

    #[test]
    fn higher_levels_first_and_fifo_within_one() {
        let mut levels = Levels::new(0);
        for (name, priority) in [
            (1, Priority::Low),
            (2, Priority::Normal),
            (3, Priority::Critical),
            (4, Priority::Normal),
            (5, Priority::High),
        ] {
            levels.push(item(name, priority, false));
        }
        let order: Vec<u32> = core::iter::from_fn(|| levels.pop()).map(|item| item.name).collect();
        assert_eq!(order, [3, 5, 2, 4, 1]);
        assert!(levels.is_empty());
    }

    #[test]
    fn every_level_is_served_within_the_ageing_bound() {
        for starved in [Priority::High, Priority::Normal, Priority::Low] {
            let mut levels = Levels::new(0);
            for other in [Priority::Critical, Priority::High, Priority::Normal, Priority::Low] {
                levels.push(item(other as u32, other, false));
            }
            let mut picks = 0;
            loop {
                let next = levels.pop().unwrap();
                picks += 1;
                if next.priority.get() == starved {
                    break;
                }
                levels.push(next);
            }
            assert!(picks <= 3 * AGEING_BOUND + 3, "{starved:?} waited {picks} picks");
            assert!(picks > AGEING_BOUND, "{starved:?} did not respect those above it");
        }
    }

    #[test]
    fn a_thief_leaves_what_may_not_move_in_its_order() {
        let mut levels = Levels::new(0);
        for name in 0..8 {
            levels.push(item(name, Priority::Normal, name % 2 == 0));
        }
        let mut stolen = Vec::new();
        assert_eq!(levels.steal(3, |item| stolen.push(item.name)), 3);
        assert_eq!(stolen, [1, 3, 5]);
        let rest: Vec<u32> = core::iter::from_fn(|| levels.pop()).map(|item| item.name).collect();
        assert_eq!(rest, [0, 2, 4, 6, 7]);
    }

    #[test]
    fn a_thief_that_takes_nothing_does_not_set_back_the_ageing() {
        let mut levels = Levels::new(0);
        levels.push(item(1, Priority::Low, true));
        for _ in 0..AGEING_BOUND {
            levels.push(item(0, Priority::Normal, true));
            assert_eq!(levels.pop().unwrap().name, 0);
            assert_eq!(levels.steal(2, |_| ()), 0);
        }
        levels.push(item(0, Priority::Normal, true));
        assert_eq!(levels.pop().unwrap().name, 1);
    }

    #[test]
    fn a_thief_leaves_what_was_handed_over_until_the_next_pick() {
        let mut levels = Levels::new(0);
        for name in [1, 2] {
            levels.push(item(name, Priority::Normal, false));
        }
        for name in [3, 4] {
            levels.push_first(item(name, Priority::Normal, false));
        }
        let mut stolen = Vec::new();
        assert_eq!(levels.steal(1, |item| stolen.push(item.name)), 1);
        assert_eq!(stolen, [1]);
        assert_eq!(levels.pop().unwrap().name, 4);
        assert_eq!(levels.steal(1, |item| stolen.push(item.name)), 1);
        assert_eq!(stolen, [1, 3], "it was passed over once and is like any other now");
        assert_eq!(levels.pop().unwrap().name, 2);
    }

    #[test]
    fn what_becomes_more_or_less_urgent_moves_behind_its_new_equals() {
        let mut levels = Levels::new(3);
        let items: Vec<_> = (0..4).map(|name| item(name, Priority::Normal, false)).collect();
        for item in &items {
            levels.push(item.clone());
        }
        items[1].priority.set(Priority::High);
        items[3].priority.set(Priority::Low);
        assert_eq!(levels.settle(&items[0]), None, "it is where it belongs");
        assert_eq!(levels.settle(&items[1]), Some(index(Priority::High)));
        assert_eq!(levels.settle(&items[3]), Some(index(Priority::Low)));
        let order: Vec<u32> = core::iter::from_fn(|| levels.pop()).map(|item| item.name).collect();
        assert_eq!(order, [1, 0, 2, 3]);
        items[0].priority.set(Priority::High);
        assert_eq!(levels.settle(&items[0]), None, "it is not here any more");
        assert!(levels.is_empty());
    }

    #[test]
    fn what_moves_away_and_back_leaves_no_empty_level_behind() {
        let mut levels = Levels::new(0);
        let only = item(1, Priority::Low, false);
        levels.push(only.clone());
        for priority in [Priority::Critical, Priority::Low, Priority::Normal] {
            only.priority.set(priority);
            assert_eq!(levels.settle(&only), Some(index(priority)));
        }
        assert_eq!(levels.pop().map(|item| item.name), Some(1));
        assert!(levels.pop().is_none() && levels.is_empty());
    }
}
