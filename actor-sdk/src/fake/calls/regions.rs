//! The fake kernel's regions.
//!
//! Invariant: parts of a region lead to the same bytes, as in the real kernel.
//! Does not: give memory back; a test is over soon.

use std::ops::Range;

use tessera_abi::{Derivation, Error, Handle, Rights};

use super::{Calls, Outcome};
use crate::fake::state::{Object, Window};

/// Regions are made in whole frames.
const FRAME_BYTES: u64 = 4096;

/// More than a test has any use for: the fake machine has no more.
const REGION_BYTES_MAX: u64 = 256 << 20;

impl Calls<'_> {
    pub(super) fn region_create(&mut self, _factory: u64, len_bytes: u64) -> Outcome {
        if len_bytes == 0 {
            return Err(Error::InvalidArgument.into());
        }
        if len_bytes > REGION_BYTES_MAX {
            return Err(Error::NoMemory.into());
        }
        let len_bytes = len_bytes.next_multiple_of(FRAME_BYTES);
        self.state.memories.push(vec![0; len_bytes as usize]);
        let memory = self.state.memories.len() - 1;
        self.install_new(Object::Region(Window { memory, start: 0, end: len_bytes }))
    }

    pub(super) fn region_read(&mut self, region: u64, offset: u64, buffer: u32, len: u32) -> Outcome {
        let bytes = self.region_bytes(region, offset, u64::from(len))?.to_vec();
        self.memory.write(buffer, &bytes)?;
        Ok(0)
    }

    pub(super) fn region_write(&mut self, region: u64, offset: u64, buffer: u32, len: u32) -> Outcome {
        let (memory, place) = self.place(region, offset, u64::from(len))?;
        let bytes = self.memory.read(buffer, len)?;
        let target = self.state.memories.get_mut(memory).and_then(|memory| memory.get_mut(place));
        target.ok_or(Error::InvalidArgument)?.copy_from_slice(bytes);
        Ok(0)
    }

    pub(super) fn region_part(&mut self, region: u64, offset: u64, len_bytes: u64, rights: u32) -> Outcome {
        let rights = Rights::from_bits(rights).ok_or(Error::InvalidArgument)?;
        let whole = self.window(region)?;
        if len_bytes == 0 {
            return Err(Error::InvalidArgument.into());
        }
        let (_, place) = self.place(region, offset, len_bytes)?;
        let held = self.state.lookup(Handle::from_bits(region))?.rights;
        let part = self.derive(region, &Derivation::copy(held.intersection(rights)))?;
        let window = Window { start: place.start as u64, end: place.end as u64, ..whole };
        self.state.held_mut(Handle::from_bits(part))?.object = Object::Region(window);
        Ok(part)
    }

    pub(super) fn region_len(&mut self, region: u64) -> Outcome {
        self.window(region).map(|window| window.end - window.start).map_err(Into::into)
    }

    /// What lies there.
    pub(super) fn region_bytes(&self, region: u64, offset: u64, len_bytes: u64) -> Result<&[u8], Error> {
        let (memory, place) = self.place(region, offset, len_bytes)?;
        let bytes = self.state.memories.get(memory).and_then(|memory| memory.get(place));
        bytes.ok_or(Error::InvalidArgument)
    }

    /// Which bytes of which memory are meant.
    fn place(&self, region: u64, offset: u64, len_bytes: u64) -> Result<(usize, Range<usize>), Error> {
        let Window { memory, start, end } = self.window(region)?;
        let from = start.checked_add(offset).ok_or(Error::InvalidArgument)?;
        let to = from.checked_add(len_bytes).filter(|to| *to <= end).ok_or(Error::InvalidArgument)?;
        Ok((memory, from as usize..to as usize))
    }

    fn window(&self, region: u64) -> Result<Window, Error> {
        match self.state.lookup(Handle::from_bits(region))?.object {
            Object::Region(window) => Ok(window),
            _ => Err(Error::WrongKind),
        }
    }
}
