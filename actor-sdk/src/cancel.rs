//! Cancellation: a tree of tokens, in which cancelling one cancels all below it and nothing else.
//!
//! Owns: nothing but a capability. A token is a notification that nobody ever signals; a child is derived from it,
//! and to cancel is to take the token back with all that was derived from it. So the kernel's derivation tree is
//! the tree of tokens, across actors: what is derived cannot cancel what it came from, whoever waits through a
//! cancelled token is woken at once, and it costs what a revocation costs.
//! Invariant: dropping a token cancels nothing; its children then belong to its parent.
//! Does not: interrupt a wait that does not go through the token. A task waits by [`Select`](crate::Select) with
//! its token in the list, or asks [`Token::check`] between two steps.

use tessera_abi::{Error, RevokeScope, Rights};

use crate::capability::{Capability, Factory, Notification};

/// Says whether what somebody is at is still wanted.
///
/// ```
/// use actor_sdk::{Error, Factory, NEVER, Select, Token, fake};
///
/// let mut kernel = fake::Kernel::new();
/// let factory = kernel.grant::<Factory>("factory");
/// let request = Token::new(&factory).unwrap();
/// let part = request.child().unwrap();
/// assert_eq!(part.check(), Ok(()));
/// request.cancel().unwrap();
/// assert_eq!(part.check(), Err(Error::Cancelled));
/// assert_eq!(Select::new().cancelled_by(&part).wait(NEVER).err().map(Error::from), Some(Error::Cancelled));
/// ```
#[derive(Debug)]
pub struct Token(Notification);

impl Token {
    /// A token that depends on no other.
    ///
    /// # Errors
    /// [`Error::TableFull`], [`Error::NoMemory`].
    pub fn new(factory: &Factory) -> Result<Self, Error> {
        factory.notification().map(Self)
    }

    /// The token that arrived as this capability: a child of the sender's.
    #[must_use]
    pub const fn from_capability(capability: Notification) -> Self {
        Self(capability)
    }

    /// The capability to share with an actor that is to have a child of this token, with
    /// [`Token::RIGHTS`].
    #[must_use]
    pub const fn capability(&self) -> &Notification {
        &self.0
    }

    /// What a child may do: wait, and have children of its own. Nobody may signal.
    pub const RIGHTS: Rights = Rights::WAIT.union(Rights::GRANT);

    /// A token that is cancelled with this one, and can be by itself.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when this one has been, [`Error::TableFull`], [`Error::NoMemory`], [`Error::Full`] for
    /// chains of more than 64.
    pub fn child(&self) -> Result<Self, Error> {
        self.0.narrowed(Self::RIGHTS).map(Self).map_err(as_cancelled)
    }

    /// Cancels it and all below it. Doing so again changes nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] while it is being cancelled by somebody else.
    pub fn cancel(&self) -> Result<(), Error> {
        match self.0.revoke(RevokeScope::Whole) {
            Err(Error::Revoked) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when it, or one above it, has been cancelled.
    pub fn check(&self) -> Result<(), Error> {
        self.0.rights().map(|_| ()).map_err(as_cancelled)
    }

    /// Sleeps until the moment.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when it is cancelled before.
    pub fn sleep_until(&self, deadline_ns: u64) -> Result<(), Error> {
        match self.0.wait(deadline_ns) {
            Err(Error::TimedOut | Error::WouldBlock) | Ok(_) => Ok(()),
            Err(error) => Err(as_cancelled(error)),
        }
    }
}

/// What a token was taken back for.
pub fn as_cancelled(error: Error) -> Error {
    if error == Error::Revoked { Error::Cancelled } else { error }
}
