//! Actors that mean harm, or know no better.

use crate::stage::{Stage, authority, endpoint, notification, region};
use crate::{Verdict, check};
use alloc::sync::Arc;
use alloc::vec::Vec;
use tessera_abi::{Amounts, EndReason, Name, ObjectKind, Rights};
use tessera_core::account::Account;
use tessera_core::actor::Actor;
use tessera_core::cap::{Capability, Object};

/// What the account has that they may do with as they like.
const GUESTS: Amounts = Amounts { memory: 1 << 20, slots: 200, mailbox: 1000, actors: 3, ..Amounts::NONE };

/// In debug builds the dispatcher asserts of every refusal that its row knows it; in all builds nobody
/// but the caller notices.
pub fn random_calls_are_answered_as_their_rows_say(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(2)?;
    let bystander = stage.main("receives_once", [endpoint(1)?].into())?;
    let victim = stage.main("forever", Vec::new())?;
    let account = stage.kernel.account().split(Name::new_truncated("guests"), &GUESTS)?;
    let mut actors = Vec::new();
    for _ in 0..3 {
        actors.push(stage.main("random_calls", one_of_each(&door, &victim, &account)?)?);
    }
    for actor in &actors {
        stage.ends(actor, EndReason::Exited(0))?;
    }
    check!(bystander.end().record().is_none(), "a bystander ended");
    bystander.kill();
    stage.ends(&bystander, EndReason::Killed)?;
    victim.kill();
    let why = stage.end_of(&victim)?.reason;
    check!(EndReason::given(why.number().into()).is_some(), "the victim ended: {why:?}");
    check!(stage.kernel.leaks() == 0, "an actor left charged memory behind");
    let kernel = stage.kernel.clone();
    // Children that were made as drafts, or held back, wait for somebody who is over.
    let mut place = 0;
    while let Some((at, child)) = kernel.registry().next_from(place) {
        child.kill();
        place = at + 1;
    }
    stage.until("children and stacks are gone", || {
        kernel.registry().living() == 0 && kernel.scheduler().stacks().figures().lent == 0
    })
}

/// A capability of every kind, in the order of the kinds' numbers. None that would end the machine, or
/// write to the console that the test's own words go to; for replies, which come only from calls, a log.
fn one_of_each(
    door: &Capability,
    victim: &Arc<Actor>,
    account: &Arc<Account>,
) -> Result<Vec<Capability>, crate::Failure> {
    let mut caps = Vec::new();
    for kind in ObjectKind::ALL {
        caps.push(match kind {
            ObjectKind::Log | ObjectKind::Reply => authority(ObjectKind::Log)?.derive(Rights::READ, 0)?,
            ObjectKind::Clock => authority(ObjectKind::Clock)?,
            ObjectKind::Random => authority(ObjectKind::Random)?,
            ObjectKind::Factory => authority(ObjectKind::Factory)?,
            ObjectKind::Spawner => authority(ObjectKind::Spawner)?,
            ObjectKind::Console => authority(ObjectKind::Console)?.derive(Rights::READ, 0)?,
            ObjectKind::Image => authority(ObjectKind::Image)?,
            ObjectKind::Port => authority(ObjectKind::Port)?,
            ObjectKind::System => {
                authority(ObjectKind::System)?.derive(Rights::ALL.without(Rights::POWER), 0)?
            }
            ObjectKind::Actor => Capability::first(Object::Actor(victim.clone()))?,
            ObjectKind::Endpoint => door.derive(Rights::ALL, 0)?,
            ObjectKind::Notification => notification()?,
            ObjectKind::Region => region(8192)?,
            ObjectKind::Account => Capability::first(Object::Account(account.clone()))?,
        });
    }
    Ok(caps)
}
