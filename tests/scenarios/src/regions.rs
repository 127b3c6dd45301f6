//! Regions: handed on, cut up, taken back, given back.

use crate::inventory::settle;
use crate::revocation::waits;
use crate::stage::{Stage, authority, endpoint, endpoint_of, region};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{EndReason, Error, ObjectKind, Rights};
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Object, Pass, Scope};
use tessera_core::region::Region;

const DONE: EndReason = EndReason::Exited(0);

fn named(capability: &Capability) -> Result<&Arc<Region>, Failure> {
    match capability.object() {
        Object::Region(region) => Ok(region),
        _ => Err(Error::WrongKind.into()),
    }
}

/// What is there, by the kernel's own leave.
fn bytes_at(region: &Region, offset: u64, len: u64) -> Result<Vec<u8>, Failure> {
    Ok(region.read(&Pass::KERNEL, region.place(offset, len)?, <[u8]>::to_vec)?)
}

fn put(region: &Region, offset: u64, bytes: &[u8]) -> Verdict {
    let place = region.place(offset, bytes.len() as u64)?;
    Ok(region.write(&Pass::KERNEL, place, |target| target.copy_from_slice(bytes))?)
}

/// A mebibyte goes through the hands of three actors and two queues: it is the same memory all the way, as what
/// is written there meanwhile, past all of them, reaches the last one; and no other is ever taken.
pub fn a_region_is_handed_on_without_a_copy(stage: &mut Stage<'_>) -> Verdict {
    let before = khal::runs::held_frames();
    let kept = region(1 << 20)?;
    let (first, second) = (endpoint(1)?, endpoint(1)?);
    let caps = vec![kept.derive(Rights::ALL, 0)?, first.derive(Rights::SEND, 0)?];
    let maker = stage.main("stamps_region", caps)?;
    stage.ends(&maker, DONE)?;
    let caps = vec![first.derive(Rights::RECEIVE, 0)?, second.derive(Rights::SEND, 0)?];
    let middle = stage.main("passes_region_on", caps)?;
    stage.ends(&middle, DONE)?;
    check!(endpoint_of(&second)?.counters().queued == 1, "it is not on its way");
    put(named(&kept)?, 0, &[0x77])?;
    let held = khal::runs::held_frames() - before;
    check!(held == 256, "{held} frames are held for the 256 of one region");
    let reader = stage.main("reads_region", vec![second.derive(Rights::RECEIVE, 0)?])?;
    stage.ends(&reader, DONE)?;
    drop(kept);
    let left = khal::runs::held_frames() - before;
    check!(left == 0, "{left} frames are held when nobody names the region");
    Ok(())
}

pub fn what_a_region_does_not_have_is_refused(stage: &mut Stage<'_>) -> Verdict {
    let caps = vec![region(4096)?.derive(Rights::READ, 0)?, authority(ObjectKind::Factory)?];
    let actor = stage.main("asks_regions", caps)?;
    stage.ends(&actor, DONE)
}

pub fn a_region_is_split_in_two(stage: &mut Stage<'_>) -> Verdict {
    let kept = region(8192)?;
    let actor = stage.main("splits_region", vec![kept.derive(Rights::ALL, 0)?])?;
    stage.ends(&actor, DONE)?;
    let bytes = bytes_at(named(&kept)?, 4999, 2)?;
    check!(bytes == [1, 2], "where the parts meet there is {bytes:?}");
    Ok(())
}

/// Three actors read and write all of a region in loops, on whichever cores there are. Once the revocation has
/// returned nothing of it changes any more, and what is written there then is seen by none of them.
pub fn once_taken_back_nobody_reads_or_writes(stage: &mut Stage<'_>) -> Verdict {
    const LEN: u64 = 65536;
    const UNSEEN: [u8; 8] = 0x0123_4567_89ab_cdef_u64.to_le_bytes();
    for _ in 0..5 {
        let kept = region(LEN)?;
        let memory = named(&kept)?.clone();
        let given = kept.derive(Rights::ALL, 0)?;
        let mut actors = Vec::new();
        for module in ["writes_on", "reads_on", "writes_on"] {
            actors.push(stage.main(module, vec![given.derive(Rights::ALL, 0)?])?);
        }
        stage.until("somebody has written", || {
            bytes_at(&memory, LEN - 1, 1).is_ok_and(|bytes| bytes != [0])
                && actors
                    .iter()
                    .all(|actor| actor.tally().turns.load(core::sync::atomic::Ordering::Relaxed) > 2)
        })?;
        Subtree::of(&given, Scope::Whole)?.revoke(&stage.kernel, || {})?;
        for page in (0..LEN).step_by(4096) {
            put(&memory, page, &UNSEEN)?;
        }
        let then = bytes_at(&memory, 0, LEN)?;
        for actor in &actors {
            stage.ends(actor, EndReason::Exited(i32::from(Error::Revoked.number())))?;
        }
        check!(bytes_at(&memory, 0, LEN)? == then, "somebody has written since");
    }
    Ok(())
}

/// Also what lies in a queue, of an endpoint that nobody has any more.
pub fn killed_holders_give_their_frames_back(stage: &mut Stage<'_>) -> Verdict {
    let before = khal::runs::held_frames();
    let held = || khal::runs::held_frames() - before;
    for when in ["where it waits", "at once"] {
        let caps = vec![authority(ObjectKind::Factory)?, endpoint(1)?];
        let holder = stage.main("holds_regions", caps)?;
        if when == "where it waits" {
            stage.until("it holds its regions", || waits(&holder))?;
            check!(held() == 25 + 16, "{} frames are held", held());
        }
        holder.kill();
        stage.ends(&holder, EndReason::Killed)?;
        settle(stage)?;
        check!(held() == 0, "killed {when}: {} frames are still held", held());
    }
    Ok(())
}
