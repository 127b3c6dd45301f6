//! The border's calls for regions.
//!
//! Invariant: as its parent's; see there.

use super::border::{self, lend, lend_mut};
use super::{Answer, done, handle};
use tessera_abi::{Handle, Rights, result};

pub fn region_create(factory: Handle, len_bytes: u64) -> Answer<Handle> {
    handle(border::region_create(factory.bits(), len_bytes))
}

pub fn region_read(region: Handle, offset: u64, buffer: &mut [u8]) -> Answer {
    done(lend_mut(buffer, |buffer| border::region_read(region.bits(), offset, buffer, buffer.len_bytes())))
}

pub fn region_write(region: Handle, offset: u64, bytes: &[u8]) -> Answer {
    done(lend(bytes, |bytes| border::region_write(region.bits(), offset, bytes, bytes.len_bytes())))
}

pub fn region_part(region: Handle, offset: u64, len_bytes: u64, rights: Rights) -> Answer<Handle> {
    handle(border::region_part(region.bits(), offset, len_bytes, rights.bits()))
}

pub fn region_len(region: Handle) -> Answer<u64> {
    result(border::region_len(region.bits()))
}
