//! Capabilities as types: what an actor holds, and who gives the slot back.
//!
//! Owns: the [`Capability`] trait, and the slot behind every typed capability.
//! Invariants: a capability that the actor made or received empties its slot when it is dropped; one that
//! it found by name stays, because the spawner wired it for the actor's whole life.
//! Does not: check rights (the kernel does, at every call).

use tessera_abi::{Error, Handle, LimitsRecord, ObjectKind, RevokeReceipt, RevokeScope, Rights};

use crate::derive::Derive;
use crate::sys;

/// A slot of the actor's table, and whether dropping it empties it.
#[derive(Debug)]
pub struct Slot {
    handle: Handle,
    keep: Keep,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    UntilDropped,
    ForLife,
}

impl Slot {
    /// A slot that is emptied when this is dropped.
    #[must_use]
    pub const fn owned(handle: Handle) -> Self {
        Self { handle, keep: Keep::UntilDropped }
    }

    /// A slot that stays.
    #[must_use]
    pub const fn wired(handle: Handle) -> Self {
        Self { handle, keep: Keep::ForLife }
    }

    /// What the kernel knows the slot by.
    #[must_use]
    pub const fn handle(&self) -> Handle {
        self.handle
    }

    /// Gives up the duty to empty the slot, because the kernel already did or is about to.
    pub(crate) const fn into_handle(mut self) -> Handle {
        self.keep = Keep::ForLife;
        let handle = self.handle;
        core::mem::forget(self);
        handle
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.keep == Keep::UntilDropped {
            // A slot that is already empty is as it should be.
            let _already_empty = sys::cap_drop(self.handle);
        }
    }
}

/// A typed capability.
pub trait Capability: Sized {
    /// The kind of object that it names.
    const KIND: ObjectKind;

    /// Takes a slot for a capability of this kind without asking the kernel.
    fn from_slot(slot: Slot) -> Self;

    /// The slot behind it.
    fn slot(&self) -> &Slot;

    /// The slot behind it, for good.
    fn into_slot(self) -> Slot;

    /// What the kernel knows it by.
    fn handle(&self) -> Handle {
        self.slot().handle()
    }

    /// Finds the capability that the spawner handed over under `name`.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, [`Error::WrongKind`] if it names something else.
    fn find(name: &str) -> Result<Self, Error> {
        let handle = sys::cap_find(name)?;
        if sys::cap_info(handle)?.kind == Self::KIND {
            Ok(Self::from_slot(Slot::wired(handle)))
        } else {
            Err(Error::WrongKind)
        }
    }

    /// What the capability allows.
    ///
    /// # Errors
    /// Those of a handle that does not resolve.
    fn rights(&self) -> Result<Rights, Error> {
        sys::cap_info(self.handle()).map(|info| info.rights)
    }

    /// A second capability to the same object, with those of this one's rights that are in `rights`. A right that
    /// this one lacks it does not get, and that is no error.
    ///
    /// # Errors
    /// [`Error::TableFull`]; [`Error::InvalidArgument`] for a reply capability.
    fn narrowed(&self, rights: Rights) -> Result<Self, Error> {
        sys::cap_copy(self.handle(), rights, 0).map(|handle| Self::from_slot(Slot::owned(handle)))
    }

    /// Begins a second capability to the same object, which can be limited; see [`Derive`].
    fn derive(&self) -> Derive<'_, Self> {
        Derive::new(self)
    }

    /// What is left of the capability's limits.
    ///
    /// # Errors
    /// Those of a handle that does not resolve, but [`Error::Expired`]: that is in the record.
    fn limits(&self) -> Result<LimitsRecord, Error> {
        sys::cap_limits(self.handle())
    }

    /// Takes back everything that was derived from this capability, wherever it has got to: copies, what was
    /// handed to spawned actors, what was sent. With [`RevokeScope::Whole`] this one goes too; the two
    /// counting scopes only say what would go. Whoever is blocked by what goes is told [`Error::Revoked`].
    ///
    /// # Errors
    /// [`Error::Revoked`] when it has been taken back itself, [`Error::Busy`] while it is,
    /// [`Error::InvalidArgument`] for a reply capability.
    fn revoke(&self, scope: RevokeScope) -> Result<RevokeReceipt, Error> {
        sys::cap_revoke(self.handle(), scope)
    }
}

macro_rules! capabilities {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name(Slot);

        impl Capability for $name {
            const KIND: ObjectKind = ObjectKind::$name;

            fn from_slot(slot: Slot) -> Self {
                Self(slot)
            }

            fn slot(&self) -> &Slot {
                &self.0
            }

            fn into_slot(self) -> Slot {
                self.0
            }
        }
    )*};
}
capabilities! {
    /// The kernel's log.
    Log;
    /// Time since boot.
    Clock;
    /// Unpredictable bytes.
    Random;
    /// Makes endpoints, notifications and regions.
    Factory;
    /// Starts actors.
    Spawner;
    /// The machine's serial console.
    Console;
    /// The packed image.
    Image;
    /// The whole machine.
    System;
    /// Another actor.
    Actor;
    /// A bounded queue of messages.
    Endpoint;
    /// The one answer to one call. Dropping it tells the caller that none will come.
    Reply;
    /// A word of signal bits.
    Notification;
    /// The machine's second serial port.
    Port;
    /// Memory that is handed on without being copied.
    Region;
    /// So much memory, slots, bytes under way and actors, of which actors live.
    Account;
}

/// A capability of a kind that is not known yet, as it arrives in a message.
#[derive(Debug)]
pub struct Unknown(Slot);

impl Unknown {
    pub(crate) const fn new(handle: Handle) -> Self {
        Self(Slot::owned(handle))
    }

    /// What the kernel knows it by.
    #[must_use]
    pub const fn handle(&self) -> Handle {
        self.0.handle()
    }

    /// The capability as one of kind `C`.
    ///
    /// # Errors
    /// [`Error::WrongKind`] if it names something else; it is dropped then.
    pub fn cast<C: Capability>(self) -> Result<C, Error> {
        if sys::cap_info(self.0.handle())?.kind == C::KIND {
            Ok(C::from_slot(self.0))
        } else {
            Err(Error::WrongKind)
        }
    }
}
