//! What an account holds, and how much of each: resources, amounts, the record that listings show.
//!
//! Owns: the numbers of the resources and the layouts.
//! Invariant: what an account has is told in the same words everywhere, one [`Amounts`] for each figure.
//! Does not: count anything (kernel/core does).

use crate::actor::Shape;
use crate::text::Name;
use crate::wire::{numbered, record};

numbered! {
    /// What an account holds.
    pub enum Resource: u8 {
        Memory = 0, "memory",
            "Bytes: an actor's linear memory and all else that its engine allocates, a main actor's kernel stack, and what the kernel keeps because of it: its record, argument text, endpoints, notifications, accounts.";
        Slots = 1, "slots", "Slots of capability tables, each with its node in a derivation tree; an actor takes as many as its table may have.";
        Mailbox = 2, "mailbox", "Bytes of messages under way, from when the kernel has copied them until they are received or dropped; the sender pays.";
        Actors = 3, "actors", "Living actors.";
        Fuel = 4, "fuel", "Instructions, as the engine counts them, of the actors in a metered account: taken before they run, and what is used never comes back.";
    }
}

/// The memory that an account is to have for an actor to begin in it, besides that actor's linear memory, in bytes: for a
/// main actor's kernel stack 256 KiB, which the hosted kernel takes (the machine takes 48), and 128 KiB for its record, its
/// argument text and the engine. No exact figure, but one with a margin: a small handler takes 5 KiB of those, and the
/// shell 72 with its linear memory. What large tables, or stacks as they grow, take more is not in it.
#[must_use]
pub const fn overhead_bytes(shape: Shape) -> u64 {
    match shape {
        Shape::Main => (256 + 128) << 10,
        Shape::Handler => 128 << 10,
    }
}

/// The most that there can be of a resource.
pub const AMOUNT_MOST: u64 = i64::MAX as u64;

/// In place of a limit for `account_resize`: as it is.
pub const UNCHANGED: u64 = u64::MAX;

/// The fuel of an account that is not metered, as its limit and as what is free: there is no limit. So limits that were
/// read can be written back.
pub const UNMETERED: u64 = UNCHANGED;

record! {
    /// So much of each resource.
    pub struct Amounts {
        /// Bytes of memory.
        pub memory: u64,
        /// Slots.
        pub slots: u64,
        /// Bytes under way.
        pub mailbox: u64,
        /// Actors.
        pub actors: u64,
        /// Instructions. An account for which this is 0 when it is split is not metered, unless the one that it is
        /// split from is.
        pub fuel: u64,
        /// Set to zero: room for resources to come.
        pub reserved: [u64; 3],
    }
}

impl Amounts {
    /// Nothing of anything.
    pub const NONE: Self = Self::all(0);

    /// The most of everything.
    pub const MOST: Self = Self::all(AMOUNT_MOST);

    /// Every limit as it is.
    pub const UNCHANGED: Self = Self::all(UNCHANGED);

    const fn all(amount: u64) -> Self {
        Self {
            memory: amount,
            slots: amount,
            mailbox: amount,
            actors: amount,
            fuel: amount,
            reserved: [0; 3],
        }
    }

    /// How much of `resource`.
    #[must_use]
    pub const fn of(&self, resource: Resource) -> u64 {
        match resource {
            Resource::Memory => self.memory,
            Resource::Slots => self.slots,
            Resource::Mailbox => self.mailbox,
            Resource::Actors => self.actors,
            Resource::Fuel => self.fuel,
        }
    }

    /// The same with `amount` of `resource`.
    #[must_use]
    pub const fn with(mut self, resource: Resource, amount: u64) -> Self {
        match resource {
            Resource::Memory => self.memory = amount,
            Resource::Slots => self.slots = amount,
            Resource::Mailbox => self.mailbox = amount,
            Resource::Actors => self.actors = amount,
            Resource::Fuel => self.fuel = amount,
        }
        self
    }
}

record! {
    /// An account as listings show it. Of each resource, at one moment,
    /// `limit + owed = free + used + given`.
    pub struct AccountRecord {
        /// The account's place; a walk goes on one further.
        pub index: u32,
        /// The place of the account that it was split from; [`AccountRecord::NO_PARENT`] for the machine's.
        pub parent: u32,
        /// What it is called; need not be unique.
        pub name: Name,
        /// What it may use and give to accounts split from it.
        pub limit: Amounts,
        /// What is in use. Of fuel, what has ever been used.
        pub used: Amounts,
        /// What accounts that were split from it hold.
        pub given: Amounts,
        /// What it could still use.
        pub free: Amounts,
        /// What is in use over its limit since the limit was lowered, and goes to its parent as it comes back.
        pub owed: Amounts,
    }
}

impl AccountRecord {
    /// In place of a parent.
    pub const NO_PARENT: u32 = u32::MAX;

    /// Whether the actors in it are billed in instructions.
    #[must_use]
    pub const fn is_metered(&self) -> bool {
        self.limit.fuel != UNMETERED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_has_an_amount_of_its_own() {
        for resource in Resource::ALL.iter().copied() {
            let amounts = Amounts::NONE.with(resource, 7);
            assert_eq!(amounts.of(resource), 7);
            let others = Resource::ALL.iter().filter(|other| **other != resource);
            assert!(others.into_iter().all(|other| amounts.of(*other) == 0));
        }
    }
}
