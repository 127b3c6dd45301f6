//! Regions: made, read, written, and handed on in parts.
//!
//! A copy goes straight between the region's frames and the caller's memory, in pieces under the region's lock;
//! both ranges are checked before the first. Between two pieces the caller may be preempted, and is asked whether
//! it is to stop. Locks: the caller's own `TABLE`; `REGION`.

use crate::claim::claims;
use crate::context::{Context, Refusal};
use alloc::sync::Arc;
use core::ops::Range;
use tessera_abi::{Error, Handle, ObjectKind, Rights};
use tessera_core::cap::{Capability, Object, Pass};
use tessera_core::region::{Region, pieces};

pub fn region_create(context: &mut Context<'_>, claim: claims::RegionCreate) -> Result<u64, Refusal> {
    context.may(claim.factory, ObjectKind::Factory, Rights::CREATE)?;
    let actor = context.actor;
    context.give(|| {
        let region = Region::new(claim.len_bytes, Some(actor.account()), || !actor.must_stop())?;
        Capability::first(Object::Region(region))
    })
}

pub fn region_read(context: &mut Context<'_>, claim: claims::RegionRead) -> Result<u64, Refusal> {
    let claims::RegionRead { region, offset, buffer, len } = claim;
    let mut copy = Copying::begin(context, (region, Rights::READ), offset, (buffer, len))?;
    while let Some((at, place)) = copy.next_piece(context) {
        copy.region.read(&copy.pass, place, |bytes| context.guest.write(at, bytes))??;
    }
    Ok(0)
}

pub fn region_write(context: &mut Context<'_>, claim: claims::RegionWrite) -> Result<u64, Refusal> {
    let claims::RegionWrite { region, offset, buffer, len } = claim;
    let mut copy = Copying::begin(context, (region, Rights::WRITE), offset, (buffer, len))?;
    while let Some((at, place)) = copy.next_piece(context) {
        copy.region.write(&copy.pass, place, |bytes| context.guest.read(at, bytes))??;
    }
    Ok(0)
}

/// A copy on its way between a region and its caller's memory.
struct Copying<P> {
    region: Arc<Region>,
    pass: Pass,
    /// The address of the next piece.
    at: u32,
    pieces: P,
}

impl Copying<()> {
    /// Checks all of it.
    fn begin(
        context: &Context<'_>,
        (handle, right): (u64, Rights),
        offset: u64,
        (buffer, len): (u32, u32),
    ) -> Result<Copying<impl Iterator<Item = Range<usize>> + use<>>, Refusal> {
        let (region, pass) = context.region(handle, right)?;
        let place = region.place(offset, u64::from(len))?;
        context.check(buffer, len as usize)?;
        Ok(Copying { region, pass, at: buffer, pieces: pieces(place) })
    }
}

impl<P: Iterator<Item = Range<usize>>> Copying<P> {
    /// The next piece and its address; none when all is done, or the caller is to stop.
    fn next_piece(&mut self, context: &Context<'_>) -> Option<(u32, Range<usize>)> {
        let place = self.pieces.next().filter(|_| !context.actor.must_stop())?;
        let at = self.at;
        self.at = at.saturating_add(place.len() as u32);
        Some((at, place))
    }
}

pub fn region_part(context: &mut Context<'_>, claim: claims::RegionPart) -> Result<u64, Refusal> {
    let mask = Rights::from_bits(claim.rights).ok_or(Error::InvalidArgument)?;
    let handle = Handle::from_bits(claim.region);
    let actor = context.actor;
    context.give(|| actor.table().lock().get(handle)?.derive_part(claim.offset, claim.len_bytes, mask))
}

pub fn region_len(context: &mut Context<'_>, claim: claims::RegionLen) -> Result<u64, Refusal> {
    let table = context.actor.table().lock();
    let capability = table.get(Handle::from_bits(claim.region))?;
    capability.check()?;
    capability.check_limits()?;
    match capability.object() {
        Object::Region(region) => Ok(region.len_bytes()),
        _ => Err(Error::WrongKind.into()),
    }
}
