//! Regions: memory that is handed from actor to actor without being copied.
//!
//! Owns: typed reading and writing by copy, and parts.
//! Invariant: a region is shared by whoever has a capability for it or a part of it. What one reads and another writes
//! in one go of at most 4096 bytes is never seen half written; a longer copy goes in pieces of so many bytes, counted
//! from its beginning, and others may come in between. Tell each other by messages or notifications when something
//! is there.
//! Does not: map a region into the actor's memory; there is no such call.
//!
//! ```
//! use actor_sdk::{Capability, Error, Factory, Region, Rights, fake};
//!
//! let mut kernel = fake::Kernel::new();
//! let region = kernel.grant::<Factory>("factory").region(8192)?;
//! region.write(4000, b"a block")?;
//! region.put(0, &4000_u64)?;
//!
//! // Who gets this sees the block alone, and cannot change it.
//! let block = region.part(region.get(0)?, 7, Rights::READ)?;
//! let mut bytes = [0; 7];
//! block.read(0, &mut bytes)?;
//! assert_eq!((&bytes, block.len_bytes()), (b"a block", Ok(7)));
//! assert_eq!(block.read(1, &mut bytes), Err(Error::InvalidArgument));
//! assert_eq!(block.write(0, b"A"), Err(Error::MissingRight));
//! # Ok::<(), Error>(())
//! ```

use alloc::vec;

use tessera_abi::wire::{Field, Reader, Writer};
use tessera_abi::{Error, Rights};

use crate::capability::{Capability, Factory, Region, Slot};
use crate::sys;

impl Factory {
    /// Makes a region of at least `len_bytes` bytes, in whole frames of 4096, all zero.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for none, [`Error::TableFull`], [`Error::OverQuota`], [`Error::NoMemory`].
    pub fn region(&self, len_bytes: u64) -> Result<Region, Error> {
        sys::region_create(self.handle(), len_bytes).map(|handle| Region::from_slot(Slot::owned(handle)))
    }
}

impl Region {
    /// How long it is.
    ///
    /// # Errors
    /// Those of a handle that does not resolve.
    pub fn len_bytes(&self) -> Result<u64, Error> {
        sys::region_len(self.handle())
    }

    /// Fills `buffer` with what is there from `offset` on.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when some of it lies outside the region, and nothing was copied then;
    /// those of a handle that does not resolve or lacks [`Rights::READ`]. With [`Error::Revoked`] some may
    /// have been copied.
    pub fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Error> {
        sys::region_read(self.handle(), offset, buffer)
    }

    /// Puts `bytes` there from `offset` on.
    ///
    /// # Errors
    /// As [`Region::read`], with [`Rights::WRITE`].
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        sys::region_write(self.handle(), offset, bytes)
    }

    /// The value that lies at `offset`, little-endian and without gaps: a number, an array of them, or one of the
    /// ABI's records.
    ///
    /// # Errors
    /// As [`Region::read`]; [`Error::InvalidArgument`] also for bytes that are no such value.
    pub fn get<T: Field>(&self, offset: u64) -> Result<T, Error> {
        let mut bytes = vec![0; T::SIZE];
        self.read(offset, &mut bytes)?;
        Reader::new(&bytes).field().map_err(|_| Error::InvalidArgument)
    }

    /// Puts a value at `offset`, as [`Region::get`] reads it.
    ///
    /// # Errors
    /// As [`Region::write`].
    pub fn put<T: Field>(&self, offset: u64, value: &T) -> Result<(), Error> {
        let mut bytes = vec![0; T::SIZE];
        value.put(&mut Writer::new(&mut bytes));
        self.write(offset, &bytes)
    }

    /// A region that is `len_bytes` of this one, from `offset` on, with at most `rights` of this one's. Both lead
    /// to the same bytes; the part goes when this one is revoked, and stays when it is only dropped.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for no bytes, or some outside; [`Error::TableFull`].
    pub fn part(&self, offset: u64, len_bytes: u64, rights: Rights) -> Result<Self, Error> {
        let part = sys::region_part(self.handle(), offset, len_bytes, rights);
        part.map(|handle| Self::from_slot(Slot::owned(handle)))
    }

    /// Two regions in place of this one: the bytes before `offset`, and the others.
    ///
    /// # Errors
    /// As [`Region::part`], with this one, whole.
    pub fn split_at(self, offset: u64) -> Result<(Self, Self), (Error, Self)> {
        let parts = || {
            let rest = self.len_bytes()?.saturating_sub(offset);
            Ok((self.part(0, offset, Rights::ALL)?, self.part(offset, rest, Rights::ALL)?))
        };
        parts().map_err(|error| (error, self))
    }
}
