//! Actors that are asked to end, and drafts that are handed what they are to have.

use crate::revocation::waits;
use crate::stage::{Stage, notification, request};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{ActorState, EndReason, Error, Priority, Rights, Shape, SlotName};
use tessera_core::actor::Actor;
use tessera_core::actor::spawn::{Begin, Spawn, spawn};
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Object, Pass, Scope};

/// An actor of this module that waits, and the notification in its first slot.
fn waiting(stage: &mut Stage<'_>, module: &str) -> Result<(Arc<Actor>, Capability), Failure> {
    let (bell, other) = (notification()?, notification()?);
    let caps = vec![bell.derive(Rights::ALL, 0)?, other.derive(Rights::ALL, 0)?];
    let actor = stage.main(module, caps)?;
    stage.until("it waits", || waits(&actor))?;
    Ok((actor, bell))
}

/// By the host call: who has named a notification gets its bits and ends when it wants to.
pub fn who_wants_to_be_asked_ends_by_himself(stage: &mut Stage<'_>) -> Verdict {
    let (actor, bell) = waiting(stage, "ends_when_asked")?;
    let (other, _its_bell) = waiting(stage, "is_deaf_to_what_it_wished")?;
    let named = |actor: &Arc<Actor>| Capability::first(Object::Actor(actor.clone()));
    let (all, none) = (named(&actor)?, named(&other)?.derive(Rights::WAIT, 0)?);
    let asker = stage.main("asks_to_end", vec![all, bell.derive(Rights::ALL, 0)?, none])?;
    stage.ends(&asker, EndReason::Exited(0))?;
    stage.ends(&actor, EndReason::Exited(0))?;
    other.terminate();
    other.terminate();
    check!(other.end().record().is_none(), "it was ended although it had wished to be asked");
    other.kill();
    stage.ends(&other, EndReason::Killed)
}

/// Asking always has an effect: who has named nothing, or has it no more, is killed.
pub fn who_cannot_be_asked_is_killed(stage: &mut Stage<'_>) -> Verdict {
    let (changed, _bell) = waiting(stage, "takes_its_wish_back")?;
    let (robbed, its_bell) = waiting(stage, "is_deaf_to_what_it_wished")?;
    let receipt = Subtree::of(&its_bell, Scope::Below)?.revoke(&stage.kernel, || {})?;
    check!(receipt.nodes == 2, "its own and the one that it wished to be asked by: {receipt:?}");
    let looping = stage.main("forever", vec![])?;
    for actor in [changed, robbed, looping] {
        actor.terminate();
        stage.ends(&actor, EndReason::Killed)?;
    }
    Ok(())
}

/// A draft finds what it was handed before it began; afterwards nobody can hand it anything.
pub fn a_draft_is_handed_what_it_is_to_have(stage: &mut Stage<'_>) -> Verdict {
    let request = request("awaits_bits", Shape::Main, Priority::Normal, vec![]);
    let actor = spawn(&stage.kernel, Spawn { begin: Begin::WhenResumed, slots_max: 2, ..request })?;
    let bell = notification()?;
    let hand = |name| actor.configure(SlotName::new_truncated(name), bell.derive(Rights::ALL, 0)?);
    hand("bell")?;
    hand("spare")?;
    check!(hand("one too many") == Err(Error::TableFull), "it has more slots than it may have");
    actor.resume();
    stage.until("it waits", || waits(&actor))?;
    check!(hand("late") == Err(Error::InvalidArgument), "it was handed something after it had begun");
    if let Object::Notification(bits) = bell.object() {
        bits.signal(&Pass::KERNEL, 5)?;
    }
    stage.ends(&actor, EndReason::Exited(0))
}

/// Dropped, taken back, or held by somebody who ends, which is what becomes of a supervisor that is killed between
/// making an actor and linking it. One that has begun lives on.
pub fn a_draft_that_nobody_can_name_any_more_ends(stage: &mut Stage<'_>) -> Verdict {
    let draft = |stage: &Stage<'_>| -> Result<(Arc<Actor>, Capability), Failure> {
        let request = request("forever", Shape::Main, Priority::Normal, vec![]);
        let actor = spawn(&stage.kernel, Spawn { begin: Begin::WhenResumed, ..request })?;
        let named = Capability::first(Object::Actor(actor.clone()))?;
        Ok((actor, named))
    };
    let (dropped, named) = draft(stage)?;
    let copy = named.derive(Rights::WAIT, 0)?;
    drop(named);
    check!(dropped.state() == ActorState::Draft && !dropped.must_stop(), "somebody can still name it");
    drop(copy);
    stage.ends(&dropped, EndReason::Killed)?;
    let (robbed, slot) = draft(stage)?;
    Subtree::of(&slot, Scope::Whole)?.revoke(&stage.kernel, || {})?;
    stage.ends(&robbed, EndReason::Killed)?;
    // Of more than are taken back at once, the others are dropped before their turn comes.
    let (raced, slot) = draft(stage)?;
    let mut copies = (0..100).map(|_| slot.derive(Rights::WAIT, 0)).collect::<Result<Vec<_>, _>>()?;
    let taken = Subtree::of(&slot, Scope::Whole)?;
    let mut slot = Some(slot);
    taken.revoke(&stage.kernel, || {
        copies.clear();
        drop(slot.take());
    })?;
    stage.ends(&raced, EndReason::Killed)?;
    let (left, named) = draft(stage)?;
    let holder = stage.main("forever", vec![named])?;
    holder.kill();
    stage.ends(&holder, EndReason::Killed)?;
    stage.ends(&left, EndReason::Killed)?;
    let (begun, named) = draft(stage)?;
    begun.resume();
    drop(named);
    check!(!begun.must_stop(), "one that has begun was ended");
    begun.kill();
    stage.ends(&begun, EndReason::Killed)
}
