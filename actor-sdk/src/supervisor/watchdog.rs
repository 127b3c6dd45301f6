//! Who has given no sign of life for too long: decisions, and nothing else.
//!
//! Owns: each child's limit, when to look next, and who has been told of already.
//! Invariants: a child at rest is not watched; one that is too long silent is told of once, until it is started again.
//! Does not: read anybody's pulse, or end anybody.

use alloc::vec::Vec;

use tessera_abi::{NEVER, PulseRecord, Spell};

/// How often a child is looked at in the time of its limit: that it is over is noticed a quarter of it later at the most.
const LOOKS: u64 = 4;

#[derive(Clone, Copy, Debug)]
struct Limit {
    /// The longest silence, in nanoseconds; 0 for a child that is not watched.
    silence_ns: u64,
    told: bool,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Watchdog {
    limits: Vec<Limit>,
    look_ns: u64,
}

impl Watchdog {
    /// Of children with these limits, in nanoseconds; 0 for one that is not watched.
    #[must_use]
    pub fn new(limits_ns: impl IntoIterator<Item = u64>) -> Self {
        let limit = |silence_ns| Limit { silence_ns, told: false };
        let limits: Vec<Limit> = limits_ns.into_iter().map(limit).collect();
        let look_ns = if limits.iter().all(|limit| limit.silence_ns == 0) { NEVER } else { 0 };
        Self { limits, look_ns }
    }

    /// When to look next; [`NEVER`] when nobody is watched.
    #[must_use]
    pub const fn wake_ns(&self) -> u64 {
        self.look_ns
    }

    /// Whom to look at now; nobody before it is time.
    pub fn due(&mut self, now_ns: u64) -> Vec<usize> {
        let watched = || self.limits.iter().enumerate().filter(|(_, limit)| limit.silence_ns > 0);
        if now_ns < self.look_ns || self.look_ns == NEVER {
            return Vec::new();
        }
        let shortest_ns = watched().map(|(_, limit)| limit.silence_ns).min().unwrap_or(NEVER);
        let due = watched().map(|(index, _)| index).collect();
        self.look_ns = now_ns.saturating_add((shortest_ns / LOOKS).max(1));
        due
    }

    /// A child has been started.
    pub fn started(&mut self, index: usize) {
        if let Some(limit) = self.limits.get_mut(index) {
            limit.told = false;
        }
    }

    /// For how long a child has been silent, if that is too long and was not told of yet.
    pub fn is_silent(&mut self, index: usize, pulse: &PulseRecord) -> Option<u64> {
        let limit = self.limits.get_mut(index).filter(|limit| limit.silence_ns > 0 && !limit.told)?;
        let silent = pulse.spell != Spell::AtRest && pulse.silent_ns > limit.silence_ns;
        limit.told = silent;
        silent.then_some(pulse.silent_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn pulse(spell: Spell, silent_ns: u64) -> PulseRecord {
        PulseRecord { index: 0, spell, reserved: [0; 3], id: 1, spell_ns: 0, silent_ns }
    }

    #[test]
    fn nobody_is_looked_at_who_is_not_watched() {
        let mut none = Watchdog::new([0, 0]);
        assert_eq!((none.wake_ns(), none.due(5 * MS)), (NEVER, Vec::new()));
        let mut one = Watchdog::new([0, 8 * MS]);
        assert_eq!(one.due(MS), [1]);
        assert_eq!((one.wake_ns(), one.due(2 * MS)), (3 * MS, Vec::new()), "a quarter of its limit later");
        assert_eq!(one.is_silent(0, &pulse(Spell::Working, NEVER)), None);
    }

    #[test]
    fn silence_is_told_of_once_and_only_within_an_activation() {
        let mut dog = Watchdog::new([8 * MS]);
        for spell in [Spell::Working, Spell::Waiting] {
            assert_eq!(dog.is_silent(0, &pulse(spell, 8 * MS)), None);
            assert_eq!(dog.is_silent(0, &pulse(spell, 8 * MS + 1)), Some(8 * MS + 1));
            assert_eq!(dog.is_silent(0, &pulse(spell, 20 * MS)), None, "it has been told of");
            dog.started(0);
        }
        assert_eq!(dog.is_silent(0, &pulse(Spell::AtRest, 20 * MS)), None);
    }
}
