//! Starting an actor of a module that is none of the image's: of bytes that lie in the caller's memory, or in a
//! region.
//!
//! The bytes are copied before the actor is made, so what is parsed is what was there at one time: of a region that is
//! being written, perhaps some of both. Between two pieces the caller is asked whether it is to stop. Locks: the
//! caller's own `TABLE`; `REGION`.

use crate::claim::claims;
use crate::context::{Context, PIECE_BYTES, Refusal};
use crate::spawn::make;
use alloc::boxed::Box;
use alloc::vec::Vec;
use tessera_abi::actor::MODULE_BYTES_MAX;
use tessera_abi::{Error, Name, Resource, Rights};
use tessera_core::account::Charge;
use tessera_core::actor::Code;
use tessera_core::actor::spawn::Begin;
use tessera_core::fallible;
use tessera_core::region::pieces;

/// What parsing a byte of a module may take, in bytes: the parsed form and its makings. Compilers' modules take ten.
const PARSED_BYTES: usize = 32;

/// A module that a spawn request comes with.
pub struct Given {
    /// The kernel's copy.
    pub code: Box<Code>,
    len: usize,
}

impl Given {
    /// What listings call it: what it is, only its spawner knows.
    pub fn name() -> Name {
        Name::new_truncated("(given)")
    }

    /// What parsing it may charge to the actor.
    pub fn charge_bytes(&self) -> usize {
        self.len.saturating_mul(PARSED_BYTES)
    }

    fn new((bytes, charge): Copied) -> Result<Option<Self>, Refusal> {
        let len = bytes.len();
        Ok(Some(Given { code: fallible::own(Code::new(bytes, Some(charge)))?, len }))
    }
}

/// A module's bytes, and what they take of the caller's account.
type Copied = (Vec<u8>, Charge);

pub fn spawn_bytes(context: &mut Context<'_>, claim: claims::SpawnBytes) -> Result<u64, Refusal> {
    let claims::SpawnBytes { spawner, request, len, module, module_len, draft } = claim;
    let request = claims::Spawn { spawner, request, len };
    make(context, request, begin(draft)?, |context| Given::new(from_memory(context, module, module_len)?))
}

pub fn spawn_region(context: &mut Context<'_>, claim: claims::SpawnRegion) -> Result<u64, Refusal> {
    let claims::SpawnRegion { spawner, request, len, region, module_len, draft } = claim;
    let request = claims::Spawn { spawner, request, len };
    make(context, request, begin(draft)?, |context| Given::new(from_region(context, region, module_len)?))
}

fn begin(draft: u32) -> Result<Begin, Error> {
    match draft {
        0 => Ok(Begin::Now),
        1 => Ok(Begin::WhenResumed),
        _ => Err(Error::InvalidArgument),
    }
}

fn from_memory(context: &Context<'_>, address: u32, len: u32) -> Result<Copied, Refusal> {
    fits(len)?;
    context.check(address, len as usize)?;
    let (mut bytes, charge) = room(context, len)?;
    while bytes.len() < len as usize {
        goes_on(context)?;
        let copied = bytes.len();
        bytes.resize(copied.saturating_add(PIECE_BYTES).min(len as usize), 0);
        // Inside memory, as it was checked.
        let at = address.saturating_add(copied as u32);
        context.guest.read(at, bytes.get_mut(copied..).unwrap_or_default())?;
    }
    Ok((bytes, charge))
}

fn from_region(context: &Context<'_>, handle: u64, len: u32) -> Result<Copied, Refusal> {
    fits(len)?;
    let (region, pass) = context.region(handle, Rights::READ)?;
    let place = region.place(0, u64::from(len))?;
    let (mut bytes, charge) = room(context, len)?;
    for piece in pieces(place) {
        goes_on(context)?;
        region.read(&pass, piece, |from| bytes.extend_from_slice(from))?;
    }
    Ok((bytes, charge))
}

/// Whoever is to stop ends with this call, whatever it answers.
fn goes_on(context: &Context<'_>) -> Result<(), Error> {
    if context.actor.must_stop() { Err(Error::Cancelled) } else { Ok(()) }
}

fn fits(len: u32) -> Result<(), Error> {
    if len > MODULE_BYTES_MAX { Err(Error::TooLong) } else { Ok(()) }
}

/// Room for so many bytes, all that they need, charged before it is taken.
fn room(context: &Context<'_>, len: u32) -> Result<Copied, Error> {
    let charge = Charge::take(context.actor.account(), Resource::Memory, len as usize)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len as usize).map_err(|_| Error::NoMemory)?;
    Ok((bytes, charge))
}
