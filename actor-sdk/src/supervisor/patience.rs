//! Who has been asked to end and has not: decisions, and nothing else.
//!
//! Owns: how long each child is given to end, and when that is over for those who have been asked.
//! Invariants: a child that is given no time is not asked; one whose time is over is told of once.
//! Does not: ask or end anybody, or know the time.

use alloc::vec::Vec;

use tessera_abi::NEVER;

#[derive(Clone, Copy, Debug)]
struct Grace {
    /// How long it is given, in nanoseconds; 0 for one that is not asked.
    time_ns: u64,
    /// When it is over; [`NEVER`] for one that has not been asked.
    until_ns: u64,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Patience {
    children: Vec<Grace>,
}

impl Patience {
    /// With children that are given so long, in nanoseconds: 0 for one that is to be ended at once, [`NEVER`] for as long
    /// as it takes.
    #[must_use]
    pub fn new(times_ns: impl IntoIterator<Item = u64>) -> Self {
        let grace = |time_ns| Grace { time_ns, until_ns: NEVER };
        Self { children: times_ns.into_iter().map(grace).collect() }
    }

    /// A child is to end: whether it is to be asked. From now on it has its time.
    #[must_use]
    pub fn asks(&mut self, index: usize, now_ns: u64) -> bool {
        let Some(child) = self.children.get_mut(index).filter(|child| child.time_ns > 0) else {
            return false;
        };
        child.until_ns = now_ns.saturating_add(child.time_ns);
        true
    }

    /// A child has ended.
    pub fn ended(&mut self, index: usize) {
        if let Some(child) = self.children.get_mut(index) {
            child.until_ns = NEVER;
        }
    }

    /// A child whose time is over, and how long that was, in nanoseconds; to be asked until there is none.
    pub fn over(&mut self, now_ns: u64) -> Option<(usize, u64)> {
        let is_over = |child: &Grace| child.until_ns != NEVER && child.until_ns <= now_ns;
        let index = self.children.iter().position(is_over)?;
        self.ended(index);
        Some((index, self.time_ns(index)))
    }

    /// When the next one's time is over; [`NEVER`] when nobody has been asked.
    #[must_use]
    pub fn wake_ns(&self) -> u64 {
        self.children.iter().map(|child| child.until_ns).min().unwrap_or(NEVER)
    }

    /// How long a child is given, in nanoseconds.
    #[must_use]
    pub fn time_ns(&self, index: usize) -> u64 {
        self.children.get(index).map_or(0, |child| child.time_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_asked_has_his_time_and_is_told_of_once_when_it_is_over() {
        let mut patience = Patience::new([5, 9]);
        assert_eq!((patience.wake_ns(), patience.over(NEVER)), (NEVER, None), "nobody has been asked");
        assert!(patience.asks(1, 100) && patience.asks(0, 101));
        assert_eq!((patience.over(105), patience.wake_ns()), (None, 106));
        assert_eq!(
            (patience.over(200), patience.over(200), patience.over(200)),
            (Some((0, 5)), Some((1, 9)), None)
        );
        assert_eq!(patience.wake_ns(), NEVER);
    }

    #[test]
    fn who_ends_in_time_is_not_told_of() {
        let mut patience = Patience::new([5]);
        assert!(patience.asks(0, 100));
        patience.ended(0);
        assert_eq!((patience.over(200), patience.wake_ns()), (None, NEVER));
    }

    #[test]
    fn who_has_no_time_is_not_asked_and_who_has_all_of_it_is_waited_for() {
        let mut patience = Patience::new([0, NEVER]);
        assert!(!patience.asks(0, 100) && !patience.asks(7, 100));
        assert!(patience.asks(1, 100));
        assert_eq!((patience.wake_ns(), patience.over(NEVER)), (NEVER, None));
    }
}
