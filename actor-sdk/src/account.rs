//! Accounts: what actors live of, split and resized.
//!
//! Owns: the methods of an account capability. An actor is started in one with [`Plan::account`](crate::Plan::account).
//! Invariant: an account goes, and what it had returns to the one that it was split from, when its last
//! capability, actor and part are gone: dropping one here ends nobody.
//! Does not: charge anything; the kernel does.
//!
//! An account that gets fuel when it is split is *metered*, and so are those split from it: its actors are billed in
//! instructions, and wait when their fuel is used up. Fuel is not given back, so who wants them to go on makes
//! the limit [`grow`](Account::grow) by what they are to have.
//!
//! ```
//! use actor_sdk::{Account, Amounts, Capability, Error, abi::Resource, fake};
//!
//! let mut kernel = fake::Kernel::new();
//! let own = kernel.grant::<Account>("account");
//! let amounts = Amounts { memory: 1 << 20, slots: 200, mailbox: 4096, actors: 3, ..Amounts::NONE };
//! let guests = own.split("guests", &amounts)?;
//! assert_eq!(own.info()?.given.memory, 1 << 20);
//!
//! // Three actors are too many after all; of everything else it keeps what it has.
//! let two = Amounts::UNCHANGED.with(Resource::Actors, 2);
//! guests.shrink(&two)?;
//! assert_eq!(guests.info()?.limit.actors, 2);
//! // More has to come from somewhere.
//! assert_eq!(guests.shrink(&amounts), Err(Error::MissingRight));
//! guests.grow(&own, &amounts)?;
//!
//! // A million instructions, and then a million more.
//! let billed = own.split("billed", &amounts.with(Resource::Fuel, 1_000_000))?;
//! let refilled = billed.info()?.limit.fuel + 1_000_000;
//! billed.grow(&own, &Amounts::UNCHANGED.with(Resource::Fuel, refilled))?;
//! assert_eq!(billed.info()?.free.fuel, 2_000_000);
//! // Who was not billed from the beginning is never.
//! assert_eq!(guests.grow(&own, &Amounts::UNCHANGED.with(Resource::Fuel, 1)), Err(Error::InvalidArgument));
//! # Ok::<(), Error>(())
//! ```

use tessera_abi::{AccountRecord, Amounts, Error, Handle};

use crate::capability::{Account, Capability, Slot};
use crate::sys;

impl Account {
    /// Makes an account called `name` with `amounts`, out of what is free in this one; metered if there is fuel among
    /// them, or this one is.
    ///
    /// # Errors
    /// [`Error::OverQuota`] when so much is not free, [`Error::Full`] when accounts would be more than 16 deep,
    /// [`Error::TooLong`] for the name; those of a handle that does not resolve or lacks
    /// [`Rights::CREATE`](crate::Rights::CREATE).
    pub fn split(&self, name: &str, amounts: &Amounts) -> Result<Self, Error> {
        sys::account_split(self.handle(), name, amounts).map(|handle| Self::from_slot(Slot::owned(handle)))
    }

    /// Lowers its limits to `limits`; [`Amounts::UNCHANGED`] keeps one. What is free of the difference goes back at
    /// once to the account that it was split from, the rest as it comes back. Nobody is ended. Fuel that has been used
    /// or given stays in the limit.
    ///
    /// # Errors
    /// [`Error::MissingRight`] for a limit that would grow, and without
    /// [`Rights::REVOKE`](crate::Rights::REVOKE); [`Error::InvalidArgument`] for fuel in an account that is not
    /// metered; those of a handle that does not resolve.
    pub fn shrink(&self, limits: &Amounts) -> Result<(), Error> {
        sys::account_resize(self.handle(), Handle::NONE, limits)
    }

    /// As [`shrink`](Self::shrink), and more comes out of what is free in `parent`, the account that it was split
    /// from. All limits change or none.
    ///
    /// # Errors
    /// [`Error::OverQuota`] when so much is not free, [`Error::InvalidArgument`] when it was split from another, and
    /// for fuel where it is not metered;
    /// those of handles that do not resolve, or lack [`Rights::REVOKE`](crate::Rights::REVOKE), or
    /// [`Rights::CREATE`](crate::Rights::CREATE) for the parent.
    pub fn grow(&self, parent: &Self, limits: &Amounts) -> Result<(), Error> {
        sys::account_resize(self.handle(), parent.handle(), limits)
    }

    /// What it has, uses and owes.
    ///
    /// # Errors
    /// Those of a handle that does not resolve or lacks [`Rights::INSPECT`](crate::Rights::INSPECT).
    pub fn info(&self) -> Result<AccountRecord, Error> {
        sys::account_info(self.handle())
    }
}
