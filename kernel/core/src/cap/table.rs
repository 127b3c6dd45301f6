//! An actor's capability table: slots with generations, and the one way from a handle to an object.
//!
//! Owns the capabilities in it. Invariants: a slot's generation rises each time it is emptied, so a
//! handle that outlives its capability is stale and never somebody else's; `used + reserved <= limit`,
//! and there is a free slot for every reservation, so filling a reserved slot neither fails nor
//! allocates; a slot whose generations are used up is retired.
//! The table has no lock (the actor puts `TABLE` around it) and drops no capability: what leaves it
//! is handed to the caller, who drops it outside that lock.

use super::capability::Capability;
use super::nodes::NodeId;
use super::tree::{Pass, Tree};
use crate::ipc::Reply;
use alloc::vec::Vec;
use core::ptr;
use tessera_abi::{Error, Handle, ObjectKind, Rights, SlotName};

/// Slots that a table may have unless its spawner says otherwise.
pub const DEFAULT_LIMIT: u32 = 64;

/// The most slots that a table may be given.
pub const MAX_LIMIT: u32 = 65_536;

#[derive(Debug)]
enum Content {
    Free { next: Option<u32> },
    Used { capability: Capability, name: SlotName },
    Retired,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    content: Content,
}

/// Free slots put by, to be filled later without fail. Give what is left back by
/// [`Table::release`].
#[derive(Debug)]
#[must_use = "reserved slots stay reserved until they are filled or released"]
pub struct Reservation {
    slots: u32,
}

/// See the module.
#[derive(Debug)]
pub struct Table {
    slots: Vec<Slot>,
    /// Free slots are used in the order in which they became free, so a slot rests as long as can be
    /// before its next generation, and a new table fills from slot 0.
    first_free: Option<u32>,
    last_free: Option<u32>,
    used: u32,
    reserved: u32,
    retired: u32,
    limit: u32,
    /// The id of the actor whose table it is; 0 before it has one.
    owner: u64,
}

impl Table {
    /// An empty table for at most `limit` capabilities (at most [`MAX_LIMIT`]).
    pub fn new(limit: u32) -> Self {
        Table {
            slots: Vec::new(),
            first_free: None,
            last_free: None,
            used: 0,
            reserved: 0,
            retired: 0,
            limit: limit.min(MAX_LIMIT),
            owner: 0,
        }
    }

    /// Notes whose table it is, also in the trees of what it holds.
    pub fn set_owner(&mut self, owner: u64) {
        self.owner = owner;
        for slot in &self.slots {
            if let Content::Used { capability, .. } = &slot.content {
                capability.set_holder(owner);
            }
        }
    }

    /// Capabilities in the table.
    pub fn used(&self) -> u32 {
        self.used
    }

    /// Puts `count` free slots by.
    ///
    /// # Errors
    /// `TableFull` past the limit, `NoMemory` when the table cannot grow; nothing has changed then.
    pub fn reserve(&mut self, count: u32) -> Result<Reservation, Error> {
        let wanted = self.used.saturating_add(self.reserved).saturating_add(count);
        if wanted > self.limit {
            return Err(Error::TableFull);
        }
        let needed = wanted.saturating_add(self.retired) as usize;
        if self.slots.is_empty() {
            // What an actor is handed is all that most idle handlers ever hold.
            self.slots.try_reserve_exact(needed).map_err(|_| Error::NoMemory)?;
        }
        while self.slots.len() < needed {
            self.slots.try_reserve(1).map_err(|_| Error::NoMemory)?;
            let content = Content::Free { next: None };
            self.slots.push(Slot { generation: Handle::FIRST_GENERATION, content });
            self.queue_free(self.slots.len() as u32 - 1);
        }
        self.reserved += count;
        Ok(Reservation { slots: count })
    }

    /// Gives back what a reservation has left.
    pub fn release(&mut self, reservation: Reservation) {
        self.reserved = self.reserved.saturating_sub(reservation.slots);
    }

    /// Fills a reserved slot. With an empty reservation the capability comes back.
    ///
    /// # Errors
    /// The capability, when `reservation` has no slot left.
    pub fn fill(
        &mut self,
        reservation: &mut Reservation,
        capability: Capability,
        name: SlotName,
    ) -> Result<Handle, Capability> {
        let (true, Some(index)) = (reservation.slots > 0, self.first_free) else {
            return Err(capability);
        };
        let Some(slot) = self.slots.get_mut(index as usize) else { return Err(capability) };
        if let Content::Free { next } = slot.content {
            self.first_free = next;
            if next.is_none() {
                self.last_free = None;
            }
        }
        capability.set_holder(self.owner);
        slot.content = Content::Used { capability, name };
        reservation.slots -= 1;
        self.reserved -= 1;
        self.used += 1;
        Ok(Handle::new(slot.generation, index))
    }

    /// Empties the slot of `handle`.
    ///
    /// # Errors
    /// `BadHandle`, `StaleHandle`.
    pub fn remove(&mut self, handle: Handle) -> Result<Capability, Error> {
        self.get(handle)?;
        let slot = self.slots.get_mut(handle.index() as usize).ok_or(Error::BadHandle)?;
        let content = core::mem::replace(&mut slot.content, Content::Retired);
        slot.generation = slot.generation.saturating_add(1);
        if slot.generation <= Handle::LAST_GENERATION {
            slot.content = Content::Free { next: None };
            self.queue_free(handle.index());
        } else {
            self.retired += 1;
        }
        self.used -= 1;
        match content {
            Content::Used { capability, .. } => Ok(capability),
            Content::Free { .. } | Content::Retired => Err(Error::StaleHandle),
        }
    }

    /// Puts the free slot `index` at the end of the free ones.
    fn queue_free(&mut self, index: u32) {
        match self.last_free.replace(index) {
            None => self.first_free = Some(index),
            Some(last) => {
                if let Some(Slot { content: Content::Free { next }, .. }) = self.slots.get_mut(last as usize)
                {
                    *next = Some(index);
                }
            }
        }
    }

    /// The capability that `handle` names now, whatever it is.
    ///
    /// # Errors
    /// `BadHandle` for a slot or a generation that never was; `StaleHandle` for one that is over.
    pub fn get(&self, handle: Handle) -> Result<&Capability, Error> {
        let slot = self.slots.get(handle.index() as usize).ok_or(Error::BadHandle)?;
        if handle.generation() < Handle::FIRST_GENERATION || handle.generation() > slot.generation {
            return Err(Error::BadHandle);
        }
        match &slot.content {
            Content::Used { capability, .. } if handle.generation() == slot.generation => Ok(capability),
            // A free slot's generation has been counted up already: nobody was ever given it.
            Content::Free { .. } | Content::Retired if handle.generation() == slot.generation => {
                Err(Error::BadHandle)
            }
            _ => Err(Error::StaleHandle),
        }
    }

    /// The one lookup: from a handle to a usable capability of `kind` with all of `rights`, and the leave
    /// that it gives for one operation. That counts as a use; a refusal counts as none.
    ///
    /// # Errors
    /// `BadHandle`, `StaleHandle`, `Revoked`, `WrongKind`, `MissingRight`, `Expired`, `Busy`, in this order.
    pub fn find(
        &self,
        handle: Handle,
        kind: ObjectKind,
        rights: Rights,
    ) -> Result<(&Capability, Pass), Error> {
        let (capability, pass) = self.see(handle, kind, rights)?;
        Ok((capability, capability.used_by(pass)?))
    }

    /// As [`find`](Self::find) up to where the use is counted, for who has something to do before that.
    ///
    /// # Errors
    /// `BadHandle`, `StaleHandle`, `Revoked`, `WrongKind`, `MissingRight`, in this order.
    pub fn look(&self, handle: Handle, kind: ObjectKind, rights: Rights) -> Result<&Capability, Error> {
        self.see(handle, kind, rights).map(|(capability, _)| capability)
    }

    fn see(&self, handle: Handle, kind: ObjectKind, rights: Rights) -> Result<(&Capability, Pass), Error> {
        let capability = self.get(handle)?;
        let pass = capability.check()?;
        if capability.object().kind() != kind {
            return Err(Error::WrongKind);
        }
        if !capability.rights().contains(rights) {
            return Err(Error::MissingRight);
        }
        Ok((capability, pass))
    }

    /// Takes the reply out of its slot, which stays its own until [`take_back_reply`](Self::take_back_reply) or
    /// [`remove`](Self::remove).
    ///
    /// # Errors
    /// Those of [`get`](Self::get); `WrongKind` where there is no reply.
    pub fn lend_reply(&mut self, handle: Handle) -> Result<Reply, Error> {
        self.get_mut(handle)?.take_reply().ok_or(Error::WrongKind)
    }

    /// Puts a reply back that was lent.
    pub fn take_back_reply(&mut self, handle: Handle, reply: Reply) {
        // The slot was only lent from, and its owner has been in this one call since: it is there.
        if let Ok(capability) = self.get_mut(handle) {
            capability.put_reply(reply);
        }
    }

    fn get_mut(&mut self, handle: Handle) -> Result<&mut Capability, Error> {
        self.get(handle)?;
        match self.slots.get_mut(handle.index() as usize) {
            Some(Slot { content: Content::Used { capability, .. }, .. }) => Ok(capability),
            _ => Err(Error::StaleHandle),
        }
    }

    /// The first used slot at or after `from`: its handle, name and capability.
    pub fn next_used(&self, from: u32) -> Option<(Handle, SlotName, &Capability)> {
        let slots = self.slots.iter().enumerate().skip(from as usize);
        slots.into_iter().find_map(|(index, slot)| match &slot.content {
            Content::Used { capability, name } => {
                Some((Handle::new(slot.generation, index as u32), *name, capability))
            }
            Content::Free { .. } | Content::Retired => None,
        })
    }

    /// The capability that stands for a node of `tree`, if it is here. Walks all slots: for listings.
    pub fn of_node(&self, tree: &Tree, node: NodeId) -> Option<&Capability> {
        let mut used = self.slots.iter().filter_map(|slot| match &slot.content {
            Content::Used { capability, .. } => Some(capability),
            Content::Free { .. } | Content::Retired => None,
        });
        used.find(|one| one.node() == Some(node) && one.object().tree().is_some_and(|own| ptr::eq(own, tree)))
    }

    /// The handle under which a capability was given to the actor at its start.
    pub fn named(&self, wanted: &str) -> Option<Handle> {
        let mut from = 0;
        while let Some((handle, name, _)) = self.next_used(from) {
            if name == *wanted {
                return Some(handle);
            }
            from = handle.index().checked_add(1)?;
        }
        None
    }

    /// Takes everything out, for the actor's end; to be dropped outside the lock.
    pub fn take_all(&mut self) -> Table {
        let limit = self.limit;
        core::mem::replace(self, Table::new(limit))
    }
}

#[cfg(test)]
#[cfg(not(loom))]
#[path = "table_tests.rs"]
mod tests;
