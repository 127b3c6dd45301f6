//! What a derived capability may be used for at the most: until when, how often, how fast.
//!
//! Owns: the records of `cap_derive` and `cap_limits`.
//! Invariants: a record's all-ones deadline and count mean "no such limit"; a rate of no uses means "no rate".
//! Does not: count anything (kernel/core does).

use crate::arg::NEVER;
use crate::capability::Rights;
use crate::inspect::GrantState;
use crate::wire::record;

/// In place of a number of uses: as many as one likes.
pub const UNLIMITED: u64 = u64::MAX;

record! {
    /// What `cap_derive` is to make.
    pub struct Derivation {
        /// What the new capability may allow; rights that the old one lacks fall away.
        pub rights: Rights,
        /// Uses in each period; 0 for no rate of its own, and then the period and the burst are 0 too.
        pub rate_uses: u32,
        /// The badge, 0 to keep the one that there is.
        pub badge: u64,
        /// The moment from which it is expired, in nanoseconds since boot; [`NEVER`] for none of its own.
        pub expires_at_ns: u64,
        /// How often it can be used, at least 1; [`UNLIMITED`] for no limit of its own.
        pub uses: u64,
        /// That period in nanoseconds, at least 1.
        pub rate_period_ns: u64,
        /// How many uses may come at once, at least 1.
        pub rate_burst: u32,
        /// Set to zero.
        pub reserved: u32,
    }
}

impl Derivation {
    /// A plain copy with at most these rights.
    #[must_use]
    pub const fn copy(rights: Rights) -> Self {
        Self {
            rights,
            rate_uses: 0,
            badge: 0,
            expires_at_ns: NEVER,
            uses: UNLIMITED,
            rate_period_ns: 0,
            rate_burst: 0,
            reserved: 0,
        }
    }
}

record! {
    /// What is left of a capability's limits.
    pub struct LimitsRecord {
        /// The moment from which it is expired, in nanoseconds since boot; [`NEVER`] for none.
        pub expires_at_ns: u64,
        /// How often it can still be used, together with all that shares its count; [`UNLIMITED`] for any number.
        pub uses_left: u64,
        /// Uses in each period, 0 for no rate.
        pub rate_uses: u32,
        /// How many uses may come at once, 0 for no rate.
        pub rate_burst: u32,
        /// That period in nanoseconds, 0 for no rate.
        pub rate_period_ns: u64,
        /// Whether it can still be used.
        pub state: GrantState,
        /// Set to zero.
        pub reserved: [u8; 7],
    }
}

impl LimitsRecord {
    /// No limit at all.
    pub const NONE: Self = Self {
        expires_at_ns: NEVER,
        uses_left: UNLIMITED,
        rate_uses: 0,
        rate_burst: 0,
        rate_period_ns: 0,
        state: GrantState::Usable,
        reserved: [0; 7],
    };
}
