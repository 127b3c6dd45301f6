//! Capabilities that run out: by time, by uses, by rate.
//!
//! Owns: the builder of a derivation.
//! Invariant: limits only shrink; whatever is not set here is as with the capability that is derived from, and
//! where that is limited the two share what is left.
//! Does not: count anything (the kernel does).

use core::time::Duration;

use tessera_abi::{Derivation, Error, Rights};

use crate::capability::{Capability, Slot};
use crate::sys;

/// A second capability in the making.
///
/// ```
/// use actor_sdk::{Capability, Endpoint, Error, NEVER, Outgoing, Rights, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let server = kernel.grant::<Endpoint>("server");
/// kernel.answer("server", |_request| Ok(fake::Parcel::new(0)));
/// let thrice = server.derive().rights(Rights::SEND).uses(3).get()?;
/// for _ in 0..3 {
///     thrice.call(&Outgoing::new(1), NEVER)?;
/// }
/// assert_eq!(thrice.call(&Outgoing::new(1), NEVER).err(), Some(Error::Expired));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is derived before `get`"]
pub struct Derive<'a, C> {
    from: &'a C,
    wanted: Derivation,
}

impl<'a, C: Capability> Derive<'a, C> {
    pub(crate) const fn new(from: &'a C) -> Self {
        Self { from, wanted: Derivation::copy(Rights::ALL) }
    }

    /// Leaves only these rights, of those that there are.
    pub const fn rights(mut self, rights: Rights) -> Self {
        self.wanted.rights = rights;
        self
    }

    /// Marks it, if it is a capability of an endpoint and not yet marked.
    pub const fn badge(mut self, badge: u64) -> Self {
        self.wanted.badge = badge;
        self
    }

    /// Lets it expire at a moment, in nanoseconds since boot. A wait by it ends then too.
    pub const fn expires_at(mut self, deadline_ns: u64) -> Self {
        self.wanted.expires_at_ns = deadline_ns;
        self
    }

    /// Lets it be used so often, at least once. Of a limited capability they are taken away.
    pub const fn uses(mut self, count: u64) -> Self {
        self.wanted.uses = count;
        self
    }

    /// Lets it be used so often in each period, of which `burst` times at once, at least once each. What comes
    /// sooner is refused with [`Error::Busy`].
    pub fn rate(mut self, uses: u32, period: Duration, burst: u32) -> Self {
        self.wanted.rate_uses = uses;
        self.wanted.rate_period_ns = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        self.wanted.rate_burst = burst;
        self
    }

    /// The capability.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a count, a period or a burst of zero, and for a reply capability;
    /// [`Error::MissingRight`] for more uses than are left, a rate below another, or another badge;
    /// [`Error::Expired`], [`Error::TableFull`].
    pub fn get(self) -> Result<C, Error> {
        sys::cap_derive(self.from.handle(), &self.wanted).map(|handle| C::from_slot(Slot::owned(handle)))
    }
}
