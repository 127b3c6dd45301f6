//! What a call is carried out for: the actor, and its program, whose memory is accessed by copy and never by reference.
//!
//! Owns the helpers that every group decodes with. Invariants: an address is checked before anything
//! changes; no lock is held while memory is copied, but a region's for one small piece; whoever copies much looks at
//! the stop flag every [`PIECE_BYTES`].

use alloc::sync::Arc;
use alloc::vec::Vec;
use khal::time::Instant;
use tessera_abi::{Error, Handle, ObjectKind, Rights, SlotName};
use tessera_core::account::Account;
use tessera_core::actor::Actor;
use tessera_core::cap::{Authority, Capability, Object, Pass, Table};
use tessera_core::engine::{Guest, OutOfBounds, Stop};
use tessera_core::ipc::{Endpoint, Notification};
use tessera_core::region::Region;

/// Bytes that are moved between two looks at the stop flag.
pub const PIECE_BYTES: usize = 64 * 1024;

/// Why a call did not do what it was asked.
#[derive(Debug)]
pub enum Refusal {
    /// The actor gets the error's number and goes on.
    Error(Error),
    /// The actor ends here.
    Stop(Stop),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Error(error)
    }
}

impl From<OutOfBounds> for Refusal {
    fn from(_: OutOfBounds) -> Self {
        Refusal::Error(Error::BadAddress)
    }
}

/// See the module.
pub struct Context<'a> {
    /// Who calls.
    pub actor: &'a Arc<Actor>,
    /// Its program: memory, and what is left of its quantum.
    pub guest: &'a mut dyn Guest,
}

/// An endpoint as a handle leads to it.
pub struct Door {
    /// What it names.
    pub endpoint: Arc<Endpoint>,
    /// The badge of the capability.
    pub badge: u64,
    /// The leave that it gives.
    pub pass: Pass,
}

impl Context<'_> {
    /// Checks that `len` bytes at `address` are in memory, so that writing them later cannot fail: a
    /// memory never shrinks.
    ///
    /// # Errors
    /// `BadAddress`.
    pub fn check(&self, address: u32, len: usize) -> Result<(), Refusal> {
        let end = u64::from(address) + len as u64;
        if end <= self.guest.len_bytes() { Ok(()) } else { Err(Error::BadAddress.into()) }
    }

    /// Copies bytes in.
    ///
    /// # Errors
    /// `BadAddress`, `NoMemory`.
    pub fn bytes(&self, address: u32, len: usize) -> Result<Vec<u8>, Refusal> {
        self.check(address, len)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| Error::NoMemory)?;
        bytes.resize(len, 0);
        self.guest.read(address, &mut bytes)?;
        Ok(bytes)
    }

    /// Copies text of at most `N` bytes in.
    ///
    /// # Errors
    /// `TooLong`, `BadAddress`; `InvalidArgument` for bytes that are not UTF-8.
    pub fn text<const N: usize>(&self, address: u32, len: u32) -> Result<tessera_abi::Text<N>, Refusal> {
        let mut bytes = [0u8; N];
        let bytes = bytes.get_mut(..len as usize).ok_or(Error::TooLong)?;
        self.guest.read(address, bytes)?;
        let text = core::str::from_utf8(bytes).map_err(|_| Error::InvalidArgument)?;
        Ok(tessera_abi::Text::new_truncated(text))
    }

    /// Copies bytes out.
    ///
    /// # Errors
    /// `BadAddress`.
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Refusal> {
        Ok(self.guest.write(address, bytes)?)
    }

    /// Copies `bytes` out as far as `capacity` goes, in pieces; how many that were.
    ///
    /// # Errors
    /// `BadAddress`, before anything is written. Stops early when the actor is to stop.
    pub fn write_some(&mut self, address: u32, capacity: u32, bytes: &[u8]) -> Result<u64, Refusal> {
        let len = bytes.len().min(capacity as usize);
        self.check(address, len)?;
        let mut at = address;
        for piece in bytes.get(..len).unwrap_or_default().chunks(PIECE_BYTES) {
            if self.actor.must_stop() {
                break;
            }
            self.write(at, piece)?;
            at = at.saturating_add(piece.len() as u32);
        }
        Ok(len as u64)
    }

    /// Checks that a handle names a capability of `kind` with `rights`, for authorities of the kernel.
    ///
    /// # Errors
    /// Those of the table's lookup.
    pub fn may(&self, handle: u64, kind: ObjectKind, rights: Rights) -> Result<Rights, Refusal> {
        let table = self.actor.table().lock();
        Ok(table.find(Handle::from_bits(handle), kind, rights)?.0.rights())
    }

    /// As [`may`](Self::may), for what blocks: the authority, and the leave to wait by it.
    ///
    /// # Errors
    /// Those of the table's lookup.
    pub fn authority(
        &self,
        handle: u64,
        kind: ObjectKind,
        rights: Rights,
    ) -> Result<(Arc<Authority>, Pass), Refusal> {
        let table = self.actor.table().lock();
        let (found, pass) = table.find(Handle::from_bits(handle), kind, rights)?;
        match found.object() {
            Object::Authority(authority) => Ok((authority.clone(), pass)),
            _ => Err(Error::WrongKind.into()),
        }
    }

    /// The endpoint of a handle, the badge of its capability, and its leave. `also` takes what else the call
    /// needs of the table, in the same hold of its lock.
    ///
    /// # Errors
    /// Those of the table's lookup, and those of `also`.
    pub fn endpoint<R>(
        &self,
        handle: u64,
        rights: Rights,
        also: impl FnOnce(&mut Table) -> Result<R, Error>,
    ) -> Result<(Door, R), Refusal> {
        let mut table = self.actor.table().lock();
        let (found, pass) = table.find(Handle::from_bits(handle), ObjectKind::Endpoint, rights)?;
        let Object::Endpoint(endpoint) = found.object() else { return Err(Error::WrongKind.into()) };
        let door = Door { endpoint: endpoint.clone(), badge: found.badge(), pass };
        Ok((door, also(&mut table)?))
    }

    /// The notification of a handle, and the capability's leave.
    ///
    /// # Errors
    /// Those of the table's lookup.
    pub fn notification(&self, handle: u64, rights: Rights) -> Result<(Arc<Notification>, Pass), Refusal> {
        let table = self.actor.table().lock();
        let (found, pass) = table.find(Handle::from_bits(handle), ObjectKind::Notification, rights)?;
        match found.object() {
            Object::Notification(notification) => Ok((notification.clone(), pass)),
            _ => Err(Error::WrongKind.into()),
        }
    }

    /// The account of a handle.
    ///
    /// # Errors
    /// Those of the table's lookup.
    pub fn account(&self, handle: u64, rights: Rights) -> Result<Arc<Account>, Refusal> {
        let table = self.actor.table().lock();
        let (found, _) = table.find(Handle::from_bits(handle), ObjectKind::Account, rights)?;
        match found.object() {
            Object::Account(account) => Ok(account.clone()),
            _ => Err(Error::WrongKind.into()),
        }
    }

    /// The region of a handle, and the capability's leave.
    ///
    /// # Errors
    /// Those of the table's lookup.
    pub fn region(&self, handle: u64, rights: Rights) -> Result<(Arc<Region>, Pass), Refusal> {
        let table = self.actor.table().lock();
        let (found, pass) = table.find(Handle::from_bits(handle), ObjectKind::Region, rights)?;
        match found.object() {
            Object::Region(region) => Ok((region.clone(), pass)),
            _ => Err(Error::WrongKind.into()),
        }
    }

    /// The actor of a handle, and the capability's leave.
    ///
    /// # Errors
    /// Those of the table's lookup.
    pub fn target(&self, handle: u64, rights: Rights) -> Result<(Arc<Actor>, Pass), Refusal> {
        let table = self.actor.table().lock();
        let (found, pass) = table.find(Handle::from_bits(handle), ObjectKind::Actor, rights)?;
        match found.object() {
            Object::Actor(actor) => Ok((actor.clone(), pass)),
            _ => Err(Error::WrongKind.into()),
        }
    }

    /// Puts a new capability into the caller's table. `make` runs with the slot reserved.
    ///
    /// # Errors
    /// `TableFull`, `NoMemory`, or those of `make`; then no slot is taken.
    pub fn give(&self, make: impl FnOnce() -> Result<Capability, Error>) -> Result<u64, Refusal> {
        let mut slot = self.actor.table().lock().reserve(1)?;
        let made = make();
        let mut table = self.actor.table().lock();
        let filled = made.map(|capability| table.fill(&mut slot, capability, SlotName::EMPTY));
        table.release(slot);
        drop(table);
        match filled? {
            Ok(handle) => Ok(handle.bits()),
            Err(_homeless) => Err(Error::TableFull.into()),
        }
    }
}

/// The moment that an argument means.
pub fn deadline(bits: u64) -> Instant {
    Instant::from_nanos(bits)
}
