//! Taking capabilities back, and asking who holds what.
//!
//! A capability of another actor is named by that actor's id and its own handle, so that neither can be
//! somebody else's by now. Nothing of it is kept across the call but the object and the node. Locks: `REGISTRY`, one
//! actor's `TABLE`, then `TREE` (also under a holder's `TABLE`) and the object's own, each alone; the sweep itself
//! holds none between its pieces.

use crate::claim::claims;
use crate::context::{Context, Refusal};
use khal::thread::Pause;
use tessera_abi::inspect::HolderRecord;
use tessera_abi::{Error, GrantState, Handle, Name, ObjectKind, RevokeReceipt, RevokeScope, Rights};
use tessera_core::actor::{Actor, ActorId};
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Object, Scope, Tree, View};
use tessera_core::kernel::Kernel;

pub fn cap_revoke(context: &mut Context<'_>, claim: claims::CapRevoke) -> Result<u64, Refusal> {
    let asked = RevokeScope::from_number(claim.scope).ok_or(Error::InvalidArgument)?;
    context.check(claim.receipt, RevokeReceipt::SIZE)?;
    let handle = Handle::from_bits(claim.handle);
    let subtree = Subtree::of(context.actor.table().lock().get(handle)?, scope_of(asked))?;
    finish(context, &subtree, asked, claim.receipt)
}

pub fn slot_revoke(context: &mut Context<'_>, claim: claims::SlotRevoke) -> Result<u64, Refusal> {
    let held = context.may(claim.system, ObjectKind::System, Rights::INSPECT)?;
    let asked = RevokeScope::from_number(claim.scope).ok_or(Error::InvalidArgument)?;
    if !only_counts(asked) && !held.contains(Rights::REVOKE) {
        return Err(Error::MissingRight.into());
    }
    context.check(claim.receipt, RevokeReceipt::SIZE)?;
    let kernel = context.actor.kernel();
    let subtree =
        at_slot(kernel, claim.actor, claim.capability, |found| Subtree::of(found, scope_of(asked)))?;
    finish(context, &subtree, asked, claim.receipt)
}

const fn scope_of(asked: RevokeScope) -> Scope {
    match asked {
        RevokeScope::Below | RevokeScope::CountBelow => Scope::Below,
        RevokeScope::Whole | RevokeScope::CountWhole => Scope::Whole,
    }
}

const fn only_counts(asked: RevokeScope) -> bool {
    matches!(asked, RevokeScope::CountBelow | RevokeScope::CountWhole)
}

/// Does it and writes the receipt. A revocation that has begun is carried through, even when the actor is
/// to stop: half of one would keep its nodes for ever.
fn finish(
    context: &mut Context<'_>,
    subtree: &Subtree,
    asked: RevokeScope,
    receipt_at: u32,
) -> Result<u64, Refusal> {
    let actor = context.actor;
    let breathe = || {
        if khal::cpu::resched_due() {
            khal::thread::pause(Pause::Yield);
        }
    };
    let counts = only_counts(asked);
    let receipt = if counts {
        let goes_on = || {
            breathe();
            !actor.must_stop()
        };
        subtree.count(actor.kernel(), goes_on)?
    } else {
        subtree.revoke(actor.kernel(), breathe)?
    };
    if !counts {
        context.note_revoked(&receipt);
    }
    context.write(receipt_at, &receipt.encode())?;
    Ok(0)
}

pub fn holders(context: &mut Context<'_>, claim: claims::Holders) -> Result<u64, Refusal> {
    context.may(claim.system, ObjectKind::System, Rights::INSPECT)?;
    if HolderRecord::SIZE > claim.capacity as usize {
        return Err(Error::TooLong.into());
    }
    let place = u32::try_from(claim.place).map_err(|_| Error::NotFound)?;
    let kernel = context.actor.kernel();
    let object = at_slot(kernel, claim.actor, claim.capability, |found| found.object().share())?;
    let record = holder(kernel, &object, place)?;
    context.write(claim.buffer, &record.encode())?;
    Ok(HolderRecord::SIZE as u64)
}

fn holder(kernel: &Kernel, object: &Object, place: u32) -> Result<HolderRecord, Error> {
    let tree = object.tree().ok_or(Error::InvalidArgument)?;
    let view = tree.view(place).ok_or(Error::NotFound)?;
    let actor = kernel.registry().get(ActorId::from_bits(view.grant.holder));
    Ok(HolderRecord {
        place: view.index,
        parent: view.parent.unwrap_or(HolderRecord::NO_PARENT),
        depth: view.depth,
        rights: view.grant.rights,
        badge: view.grant.badge,
        holder: view.grant.holder,
        name: actor.as_ref().map_or(Name::EMPTY, |actor| actor.profile().name),
        state: state(&view, tree, actor.as_deref()),
        reserved: [0; 3],
    })
}

/// The node's state, and what its holder's own capability says of its limits: the tree knows none.
fn state(view: &View, tree: &Tree, holder: Option<&Actor>) -> GrantState {
    match (view.held, view.usable) {
        (false, _) => GrantState::Dropped,
        (true, true) => {
            let table = holder.map(|holder| holder.table().lock());
            let held = table.as_ref().and_then(|table| table.of_node(tree, view.id));
            held.map_or(GrantState::Usable, Capability::state)
        }
        (true, false) => GrantState::Revoked,
    }
}

/// Looks at a capability of the actor with this id, by the actor's own handle for it.
fn at_slot<T>(
    kernel: &Kernel,
    actor: u64,
    capability: u64,
    look: impl FnOnce(&Capability) -> Result<T, Error>,
) -> Result<T, Error> {
    let actor = kernel.registry().get(ActorId::from_bits(actor)).ok_or(Error::NotFound)?;
    let table = actor.table().lock();
    // Stale or never given, as that actor would be told: for whoever asks here, nothing is there.
    look(table.get(Handle::from_bits(capability)).map_err(|_| Error::NotFound)?)
}
