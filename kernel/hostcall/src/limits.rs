//! Deriving capabilities with limits, and looking at what is left of them.
//!
//! A derivation is read whole and checked before anything is derived. Locks: the caller's own `TABLE`, then
//! `TREE`.

use crate::claim::claims;
use crate::context::{Context, Refusal};
use core::num::{NonZeroU32, NonZeroU64};
use khal::time::Instant;
use tessera_abi::{Derivation, Error, Handle, LimitsRecord, UNLIMITED};
use tessera_core::cap::Capability;
use tessera_core::cap::limits::{Asked, Left, Limits, Pace};

pub fn cap_derive(context: &mut Context<'_>, claim: claims::CapDerive) -> Result<u64, Refusal> {
    let mut bytes = [0; Derivation::SIZE];
    context.guest.read(claim.derivation, &mut bytes)?;
    let wanted = Derivation::decode(&bytes).map_err(|_| Error::InvalidArgument)?;
    let limits = asked(&wanted)?;
    let handle = Handle::from_bits(claim.handle);
    let actor = context.actor;
    context.give(|| actor.table().lock().get(handle)?.derive_limited(wanted.rights, wanted.badge, &limits))
}

fn asked(wanted: &Derivation) -> Result<Asked, Error> {
    let uses = match wanted.uses {
        UNLIMITED => None,
        uses => Some(NonZeroU64::new(uses).ok_or(Error::InvalidArgument)?),
    };
    Ok(Asked { expires_at: Instant::from_nanos(wanted.expires_at_ns), uses, pace: pace(wanted)? })
}

/// The rate: all of it or nothing of it.
fn pace(wanted: &Derivation) -> Result<Option<Pace>, Error> {
    let uses = NonZeroU32::new(wanted.rate_uses);
    let (period_ns, burst) = (NonZeroU64::new(wanted.rate_period_ns), NonZeroU32::new(wanted.rate_burst));
    match (uses, period_ns, burst, wanted.reserved) {
        (None, None, None, 0) => Ok(None),
        (Some(uses), Some(period_ns), Some(burst), 0) => Ok(Some(Pace { uses, period_ns, burst })),
        _ => Err(Error::InvalidArgument),
    }
}

pub fn cap_limits(context: &mut Context<'_>, claim: claims::CapLimits) -> Result<u64, Refusal> {
    let record = {
        let table = context.actor.table().lock();
        let capability = table.get(Handle::from_bits(claim.handle))?;
        capability.check()?;
        left(capability)
    };
    context.write(claim.limits, &record.encode())?;
    Ok(0)
}

/// What is left of a capability's limits.
pub fn left(capability: &Capability) -> LimitsRecord {
    let state = capability.state();
    let Some(Left { expires_at, uses, pace }) = capability.limits().map(Limits::left) else {
        return LimitsRecord { state, ..LimitsRecord::NONE };
    };
    LimitsRecord {
        expires_at_ns: expires_at.as_nanos(),
        uses_left: uses.unwrap_or(UNLIMITED),
        rate_uses: pace.map_or(0, |pace| pace.uses.get()),
        rate_burst: pace.map_or(0, |pace| pace.burst.get()),
        rate_period_ns: pace.map_or(0, |pace| pace.period_ns.get()),
        state,
        reserved: [0; 7],
    }
}
