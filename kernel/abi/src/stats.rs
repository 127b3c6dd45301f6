//! What is measured while statistics are kept: how long messages and calls take, and where an actor's time goes.
//!
//! Owns: the records, and the histogram that they are made of: how a time becomes a bucket and buckets a quantile.
//! Invariants: a bucket's bounds never change; four buckets to a power of two, so whatever is told of a time by its
//! bucket alone is at most a quarter too high and never too low, but for times above a minute, which have one bucket
//! together; counts stop at their largest value.
//! Does not: measure (kernel/core does) or format anything.

use crate::wire::record;

/// Buckets of a [`Histogram`].
pub const BUCKETS: usize = 2 + (TOP_BITS - BOTTOM_BITS) as usize * PER_POWER;

/// Times below 2 to this power, in ns, are in the first bucket: 256 ns.
const BOTTOM_BITS: u32 = 8;
/// Times from 2 to this power on, in ns, are in the last bucket: 68.7 s.
const TOP_BITS: u32 = 36;
const PER_POWER_BITS: u32 = 2;
const PER_POWER: usize = 1 << PER_POWER_BITS;

record! {
    /// How often something took how long, in buckets that grow with the time.
    pub struct Histogram {
        /// How many times fell into each bucket.
        pub counts: [u32; BUCKETS],
        /// The longest time, exactly.
        pub longest_ns: u64,
        /// All times together.
        pub sum_ns: u64,
    }
}

impl Histogram {
    /// Of nothing.
    pub const EMPTY: Self = Self { counts: [0; BUCKETS], longest_ns: 0, sum_ns: 0 };

    /// The bucket that a time belongs to.
    #[must_use]
    pub const fn bucket(ns: u64) -> usize {
        if ns < 1 << BOTTOM_BITS {
            return 0;
        }
        let power = ns.ilog2();
        if power >= TOP_BITS {
            return BUCKETS - 1;
        }
        let quarter = (ns >> (power - PER_POWER_BITS)) as usize % PER_POWER;
        1 + (power - BOTTOM_BITS) as usize * PER_POWER + quarter
    }

    /// The shortest time of a bucket, in ns.
    #[must_use]
    pub const fn floor_ns(bucket: usize) -> u64 {
        if bucket == 0 {
            return 0;
        }
        let (power, quarter) = ((bucket - 1) / PER_POWER, (bucket - 1) % PER_POWER);
        ((PER_POWER + quarter) as u64) << (power as u32 + BOTTOM_BITS - PER_POWER_BITS)
    }

    /// Counts a time.
    pub fn note(&mut self, ns: u64) {
        if let Some(count) = self.counts.get_mut(Self::bucket(ns)) {
            *count = count.saturating_add(1);
        }
        self.longest_ns = self.longest_ns.max(ns);
        self.sum_ns = self.sum_ns.saturating_add(ns);
    }

    /// How many times were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// The mean, in ns; 0 of nothing.
    #[must_use]
    pub fn mean_ns(&self) -> u64 {
        self.sum_ns.checked_div(self.total()).unwrap_or(0)
    }

    /// A time, in ns, that so many in a thousand did not exceed: the end of the bucket in which the last of them
    /// lies, or the longest time where that is shorter. 0 of nothing.
    #[must_use]
    pub fn quantile_ns(&self, per_mille: u32) -> u64 {
        // The rank is at least 1, so that no quantile lies before the shortest time.
        let rank = (self.total() * u64::from(per_mille)).div_ceil(1000).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank && bucket + 1 < BUCKETS {
                return (Self::floor_ns(bucket + 1) - 1).min(self.longest_ns);
            }
        }
        self.longest_ns
    }
}

record! {
    /// Whether statistics are kept. They begin anew each time they are switched on.
    #[derive(Default)]
    pub struct StatsRecord {
        /// Since when, in ns since boot.
        pub began_ns: u64,
        /// Until when: `u64::MAX` while they are kept; not after `began_ns` if they never were.
        pub until_ns: u64,
        /// How often there was no memory to measure somebody or something, since boot.
        pub missed: u64,
    }
}

impl StatsRecord {
    /// Whether they are kept now.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.until_ns == u64::MAX
    }
}

record! {
    /// How long messages waited at an endpoint and calls took, since statistics were switched on.
    pub struct LatencyRecord {
        /// The slot; the next walk step starts one further.
        pub slot: u32,
        /// Which endpoint: the same in all records of one, by whoever's slot; 0 for one that was never measured.
        pub endpoint: u32,
        /// Of each message that was delivered: the time from its offer to that, in line for room and in the queue. One
        /// that was handed to a receiver who waited took none.
        pub waits: Histogram,
        /// Of each call that was answered: the time from the call to its answer, as the caller saw it.
        pub answers: Histogram,
    }
}

record! {
    /// Where an actor's time went and what it sent, since statistics were switched on or it was spawned. The times add
    /// up to that.
    #[derive(Default)]
    pub struct ActivityRecord {
        /// Its place among the actors; the next walk step starts one further.
        pub index: u32,
        /// Set to zero.
        pub reserved: u32,
        /// Its id.
        pub id: u64,
        /// Time ready, waiting for a core.
        pub ready_ns: u64,
        /// Time on a core.
        pub running_ns: u64,
        /// Time waiting for something, holding its stack.
        pub blocked_ns: u64,
        /// Time without a message, as a handler.
        pub idle_ns: u64,
        /// Time that it could have run in, had it not been suspended or a draft.
        pub suspended_ns: u64,
        /// Bytes of the messages that it received.
        pub bytes_in: u64,
        /// Bytes of the messages that it sent, calls and answers included.
        pub bytes_out: u64,
        /// Times that it was switched to, since it was spawned.
        pub turns: u64,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// Times of all sizes below the last bucket's, repeatable (xorshift64, cut to a random length).
    fn times(seed: u64, count: usize) -> Vec<u64> {
        let mut state = seed;
        let mut roll = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        (0..count).map(|_| roll() >> (64 - TOP_BITS as u64 + roll() % TOP_BITS as u64)).collect()
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        assert_eq!([255, 256, 319, 320, 511, 512].map(Histogram::bucket), [0, 1, 1, 2, 4, 5]);
        for bucket in 1..BUCKETS {
            let floor_ns = Histogram::floor_ns(bucket);
            assert_eq!(Histogram::bucket(floor_ns), bucket);
            assert_eq!(Histogram::bucket(floor_ns - 1), bucket - 1);
        }
        assert_eq!(Histogram::floor_ns(BUCKETS - 1), 1 << TOP_BITS);
        assert_eq!(Histogram::bucket(u64::MAX), BUCKETS - 1);
        assert!(Histogram::floor_ns(BUCKETS - 1) > 60_000_000_000, "a minute has a bucket of its size");
    }

    #[test]
    fn a_quantile_is_never_too_low_and_at_most_a_quarter_too_high() {
        for seed in 1..200 {
            let mut sorted = times(seed, 1 + seed as usize * 7);
            let mut histogram = Histogram::EMPTY;
            sorted.iter().for_each(|ns| histogram.note(*ns));
            sorted.sort_unstable();
            for per_mille in [0, 1, 500, 950, 990, 999, 1000] {
                let rank = (sorted.len() * per_mille).div_ceil(1000).max(1);
                let (exact, told) = (sorted[rank - 1], histogram.quantile_ns(per_mille as u32));
                let bound = exact.saturating_add(exact / 4).max((1 << BOTTOM_BITS) - 1);
                assert!((exact..=bound).contains(&told), "seed {seed}, {per_mille}: {told} for {exact}");
            }
            assert_eq!(histogram.quantile_ns(1000), histogram.longest_ns);
            assert_eq!(
                (histogram.total(), histogram.longest_ns),
                (sorted.len() as u64, *sorted.last().unwrap())
            );
            assert_eq!(histogram.mean_ns(), sorted.iter().sum::<u64>() / sorted.len() as u64);
        }
    }

    #[test]
    fn nothing_has_quantiles_of_nothing_and_counts_stay_at_their_largest() {
        assert_eq!((Histogram::EMPTY.quantile_ns(500), Histogram::EMPTY.mean_ns()), (0, 0));
        let mut full = Histogram::EMPTY;
        full.counts[3] = u32::MAX;
        full.sum_ns = u64::MAX;
        full.note(Histogram::floor_ns(3));
        assert_eq!((full.counts[3], full.sum_ns), (u32::MAX, u64::MAX));
    }
}
