//! Capabilities that run out.

use crate::revocation::{every_way_to_block, waits};
use crate::stage::{Stage, authority, by_kernel, endpoint, endpoint_of, failure, notification, request};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::num::{NonZeroU32, NonZeroU64};
use core::time::Duration;
use khal::time::Instant;
use tessera_abi::{EndReason, Error, ObjectKind, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::actor::spawn::spawn;
use tessera_core::cap::limits::{Asked, Pace};
use tessera_core::cap::{Capability, Object};
use tessera_core::ipc::Message;
use tessera_core::ipc::message::Carried;

/// What an actor exits with that was answered so.
const EXPIRED: EndReason = EndReason::Exited(Error::Expired as i32);

/// How long it is until something expires that is to.
const SOON: Duration = Duration::from_millis(300);

fn expiring(after: Duration) -> Asked {
    Asked { expires_at: khal::time::now() + after, ..Asked::NOTHING }
}

/// An actor of this module that waits by what expires, as it is given it, and then ends for this reason. A machine may
/// be so busy that it comes to wait too late: then another one has longer.
fn waits_by_what_expires(
    stage: &mut Stage<'_>,
    (module, reason): (&str, EndReason),
    caps: impl Fn(&Asked) -> Result<Vec<Capability>, Failure>,
) -> Result<Arc<Actor>, Failure> {
    for doubled in 0..8 {
        let actor = stage.main(module, caps(&expiring(SOON * (1 << doubled)))?)?;
        stage.until("it waits", || waits(&actor) || actor.end().has_come())?;
        if !actor.end().has_come() {
            return Ok(actor);
        }
        stage.ends(&actor, reason)?;
    }
    Err(failure(format_args!("{module} never came to wait")))
}

pub fn time_uses_and_rate_run_out_each_with_its_answer(stage: &mut Stage<'_>) -> Verdict {
    let clock = authority(ObjectKind::Clock)?;
    let actor = stage.main("runs_out", vec![clock.derive(Rights::ALL, 0)?])?;
    stage.ends(&actor, EndReason::Exited(0))
}

pub fn whoever_waits_through_what_expires_is_told(stage: &mut Stage<'_>) -> Verdict {
    let awaited = stage.main("forever", vec![])?;
    let mut waiting = Vec::new();
    for (way, kept, rights, badge) in every_way_to_block(&awaited)? {
        let caps = |soon: &Asked| Ok(vec![kept.derive_limited(rights, badge, soon)?]);
        let actor = waits_by_what_expires(stage, ("tells", EXPIRED), caps)?;
        waiting.push((way, kept, actor));
    }
    for (way, kept, actor) in waiting {
        stage.ends(&actor, EXPIRED)?;
        if let Object::Endpoint(queue) = kept.object() {
            let counters = queue.counters();
            check!(counters.balance() && counters.blocked == 0, "{way}: {counters:?}");
        }
        check!(kept.check_limits().is_ok(), "{way}: what it came from has expired too");
    }
    awaited.kill();
    stage.ends(&awaited, EndReason::Killed)
}

/// Of several that are waited for at once, the first to expire ends the wait, and is named.
pub fn a_wait_for_any_ends_with_what_expires_first(stage: &mut Stage<'_>) -> Verdict {
    let (door, bell) = (endpoint(1)?, notification()?);
    let caps =
        |soon: &Asked| Ok(vec![door.derive(Rights::ALL, 0)?, bell.derive_limited(Rights::ALL, 0, soon)?]);
    let told = EndReason::Exited(1100 + Error::Expired as i32);
    let waiter = waits_by_what_expires(stage, ("waits_any", told), caps)?;
    stage.ends(&waiter, told)?;
    check!(endpoint_of(&door)?.counters().balance(), "{:?}", endpoint_of(&door)?.counters());
    Ok(())
}

/// A use is one of what is let in: whatever refuses the list, none of it has been used.
pub fn a_wait_for_any_that_is_refused_uses_nothing_up(stage: &mut Stage<'_>) -> Verdict {
    let twice = Asked { uses: NonZeroU64::new(2), ..Asked::NOTHING };
    let bell = notification()?.derive_limited(Rights::ALL, 0, &twice)?;
    let one = NonZeroU32::MIN;
    let pace = Some(Pace { uses: one, period_ns: NonZeroU64::MAX, burst: one });
    let slow = notification()?.derive_limited(Rights::ALL, 0, &Asked { pace, ..Asked::NOTHING })?;
    slow.pass()?;
    let caps = vec![bell.derive(Rights::ALL, 0)?, slow, authority(ObjectKind::Clock)?, endpoint(1)?];
    let waiter = stage.main("waits_any_refused", caps)?;
    stage.ends(&waiter, EndReason::Exited(0))?;
    let left = bell.limits().and_then(|limits| limits.left().uses);
    check!(left == Some(1), "{left:?} uses are left of 2, and one wait was let in");
    Ok(())
}

/// Copies on every core use one count up at once: none is lost and none is made.
pub fn copies_together_are_used_as_often_as_was_granted(stage: &mut Stage<'_>) -> Verdict {
    const USES: i32 = 3000;
    let asked = Asked { uses: NonZeroU64::new(USES as u64), ..Asked::NOTHING };
    let limited = authority(ObjectKind::Clock)?.derive_limited(Rights::ALL, 0, &asked)?;
    // All of them before anybody begins: the first could use it up while the last are still being copied.
    let copies = (0..2 * stage.kernel.scheduler().core_count()).map(|_| limited.derive(Rights::ALL, 0));
    let copies = copies.collect::<Result<Vec<_>, _>>()?;
    let mut actors = Vec::new();
    for copy in copies {
        actors.push(stage.main("uses_up", vec![copy])?);
    }
    let mut sum = 0;
    for actor in &actors {
        match stage.end_of(actor)?.reason {
            EndReason::Exited(count) if count >= 0 => sum += count,
            reason => check!(false, "it ended: {reason:?}"),
        }
    }
    check!(sum == USES, "{sum} uses of {USES}");
    check!(limited.pass().err() == Some(Error::Expired), "what they were copied from is still good");
    Ok(())
}

pub fn what_expires_on_its_way_arrives_expired(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(1)?;
    let bystander = stage.main("forever", vec![])?;
    let limited = authority(ObjectKind::Clock)?.derive_limited(Rights::ALL, 0, &expiring(SOON))?;
    let mut message = Message { caps: Carried::charged(bystander.account())?, ..Message::default() };
    check!(message.caps.put(0, limited.derive(Rights::ALL, 0)?).is_ok(), "a message has room");
    endpoint_of(&door)?.send(by_kernel(&bystander), &mut Some(message), Instant::ZERO)?;
    stage.until("it has expired", || limited.check_limits().is_err())?;
    let taker = stage.main("reads_the_clock_it_is_sent", vec![door.derive(Rights::ALL, 0)?])?;
    stage.ends(&taker, EXPIRED)?;
    bystander.kill();
    stage.ends(&bystander, EndReason::Killed)
}

pub fn a_handler_s_own_endpoint_cannot_run_out(stage: &mut Stage<'_>) -> Verdict {
    let limited: Capability = endpoint(1)?.derive_limited(Rights::ALL, 0, &expiring(SOON))?;
    let refused = spawn(&stage.kernel, request("adder", Shape::Handler, Priority::Normal, vec![limited]));
    check!(refused.err() == Some(Error::InvalidArgument), "a handler with a limited mailbox was made");
    Ok(())
}

/// The last use of a notification serves to have an end told to it.
pub fn a_last_use_serves_to_monitor(stage: &mut Stage<'_>) -> Verdict {
    let watched = stage.main("forever", vec![])?;
    let named = Capability::first(Object::Actor(watched.clone()))?;
    let once = Asked { uses: NonZeroU64::new(1), ..Asked::NOTHING };
    let bell = notification()?.derive_limited(Rights::ALL, 0, &once)?;
    let client = stage.main("monitors_once", vec![named.derive(Rights::ALL, 0)?, bell])?;
    stage.ends(&client, EndReason::Exited(0))?;
    watched.kill();
    stage.ends(&watched, EndReason::Killed)
}
