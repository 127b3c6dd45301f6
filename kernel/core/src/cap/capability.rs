//! An object with what its holder may do to it.
//!
//! Invariants: rights are a subset of what the object's kind knows; every capability but a reply is one node of its
//! object's tree, made with it and freed with it, unless a revocation has freed the node first: then the capability is
//! dead, wherever it lies, until its holder drops it; what it may be used for only shrinks from one to the next
//! ([`super::limits`]).
//! Takes `TREE`; dropping a capability may also take `ENDPOINT` and what is below, so it is never dropped
//! under a table's lock.

use super::limits::{self, Asked, Limits};
use super::nodes::{Grant, NodeId};
use super::object::Object;
use super::tree::Pass;
use crate::ipc::Reply;
use alloc::sync::Arc;
use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};
use tessera_abi::{Error, GrantState, ObjectKind, Rights};

/// Capabilities in existence, in all tables and messages of the process, but for replies: those come and go with each
/// call on each core, and each endpoint counts the calls that are outstanding.
static LIVING: AtomicUsize = AtomicUsize::new(0);

/// How many capabilities exist, in all tables and messages, but for replies.
pub fn living() -> usize {
    LIVING.load(Ordering::Relaxed)
}

/// What is put on a capability besides its rights: its badge, 0 for none, and its limits.
type Stamp = (u64, Option<Arc<Limits>>);

/// An object with what its holder may do to it.
#[derive(Debug)]
pub struct Capability {
    object: Object,
    rights: Rights,
    badge: u64,
    /// `None` for a reply.
    node: Option<NodeId>,
    /// `None` for most.
    limits: Option<Arc<Limits>>,
    /// The epoch of the tree at which it was last found usable.
    seen: Cell<u64>,
    /// Whether it has ever been used.
    used: Cell<bool>,
}

impl Capability {
    /// A capability to an object that comes from no other: every right that its kind knows.
    ///
    /// # Errors
    /// `NoMemory`.
    pub fn first(object: Object) -> Result<Self, Error> {
        let rights = Rights::of(object.kind());
        Self::with(object, None, rights, (0, None))
    }

    /// The capability to answer one call.
    pub fn answer(reply: Reply) -> Self {
        let rights = Rights::of(ObjectKind::Reply);
        Self::count(Object::Reply(reply), None, rights, (0, None))
    }

    fn with(object: Object, parent: Option<NodeId>, rights: Rights, stamp: Stamp) -> Result<Self, Error> {
        let Some(tree) = object.tree() else { return Err(Error::InvalidArgument) };
        let grant = Grant { rights, badge: stamp.0, holder: 0 };
        let node = tree.derive(parent, grant, || object.granting(rights))?;
        Ok(Self::count(object, Some(node), rights, stamp))
    }

    fn count(object: Object, node: Option<NodeId>, rights: Rights, (badge, limits): Stamp) -> Self {
        if node.is_some() {
            // Relaxed: a figure for listings and leak tests.
            LIVING.fetch_add(1, Ordering::Relaxed);
        }
        Capability { object, rights, badge, node, limits, seen: Cell::new(0), used: Cell::new(false) }
    }

    /// The reply that it names, if it names one; the capability is used up.
    pub fn into_reply(mut self) -> Option<Reply> {
        self.take_reply()
    }

    /// Takes out the reply that it names, if it names one. Without it the capability is good for nothing.
    pub(super) fn take_reply(&mut self) -> Option<Reply> {
        match core::mem::replace(&mut self.object, Object::Spent) {
            Object::Reply(reply) => Some(reply),
            other => {
                self.object = other;
                None
            }
        }
    }

    /// Puts the reply back that was taken out of it.
    pub(super) fn put_reply(&mut self, reply: Reply) {
        if matches!(self.object, Object::Spent) {
            self.object = Object::Reply(reply);
        }
    }

    /// A capability to the same object with the rights in `mask` that this one has; a `badge` of 0
    /// keeps the one it has, and a badge once set stays. It goes when this one is revoked.
    ///
    /// # Errors
    /// `InvalidArgument` for a reply; `MissingRight` to put another badge over one that is set; `Revoked`; `Expired`;
    /// `Busy` while what was derived from it before is being taken back; `Full` when the chain of derivations would be
    /// too long; `NoMemory`.
    pub fn derive(&self, mask: Rights, badge: u64) -> Result<Self, Error> {
        self.derive_limited(mask, badge, &Asked::NOTHING)
    }

    /// As [`derive`](Self::derive), with limits. It shares those of this one that it does not get of its own.
    ///
    /// # Errors
    /// As [`derive`](Self::derive); `MissingRight` also for more uses than are left, and to set another rate.
    pub fn derive_limited(&self, mask: Rights, badge: u64, asked: &Asked) -> Result<Self, Error> {
        if badge != 0 && self.badge != 0 && badge != self.badge {
            return Err(Error::MissingRight);
        }
        let badge = if badge == 0 { self.badge } else { badge };
        self.derive_for(self.object.share()?, mask, badge, asked)
    }

    /// A node below this one's, for an object that has the same tree.
    pub(crate) fn derive_for(
        &self,
        object: Object,
        mask: Rights,
        badge: u64,
        asked: &Asked,
    ) -> Result<Self, Error> {
        self.check_limits()?;
        let limits = Limits::below(self.limits.as_ref(), asked)?;
        limits::take_out(self.limits.as_deref(), asked)?;
        let derived = Self::with(object, self.node, self.rights.intersection(mask), (badge, limits));
        match &derived {
            Ok(_) => self.used.set(true),
            Err(_) => limits::put_back(self.limits.as_deref(), asked),
        }
        derived
    }

    /// As [`derive`](Self::derive), for handing over: needs the right to grant.
    ///
    /// # Errors
    /// `MissingRight` without `GRANT`; as [`derive`](Self::derive).
    pub fn grant(&self, mask: Rights, badge: u64) -> Result<Self, Error> {
        if !self.rights.contains(Rights::GRANT) {
            return Err(Error::MissingRight);
        }
        self.derive(mask, badge)
    }

    /// Leave to use it, once, now.
    ///
    /// # Errors
    /// `Revoked`; `Expired`; `Busy` when it is used faster than its rate.
    pub fn pass(&self) -> Result<Pass, Error> {
        self.used_by(self.check()?)
    }

    /// As [`pass`](Self::pass), for who has just [checked](Self::check) it and got this.
    ///
    /// # Errors
    /// `Expired`; `Busy`.
    pub(super) fn used_by(&self, pass: Pass) -> Result<Pass, Error> {
        let pass = match &self.limits {
            None => pass,
            Some(limits) => pass.until(limits.count()?),
        };
        self.used.set(true);
        Ok(pass)
    }

    /// Takes the use back that [`pass`](Self::pass) has counted, of what was not let in after all.
    pub fn uncount(&self) {
        self.limits.iter().for_each(|limits| limits.uncount());
    }

    /// Whether it has been taken back. Neither counts as using it nor asks for its limits.
    ///
    /// # Errors
    /// `Revoked`.
    pub fn check(&self) -> Result<Pass, Error> {
        let (Some(tree), Some(node)) = (self.object.tree(), self.node) else { return Ok(Pass::KERNEL) };
        let mut seen = self.seen.get();
        let pass = tree.check(node, &mut seen);
        self.seen.set(seen);
        pass
    }

    /// Whether there is time and a use left; does not count as one.
    ///
    /// # Errors
    /// `Expired`.
    pub fn check_limits(&self) -> Result<(), Error> {
        self.limits.as_ref().map_or(Ok(()), |limits| limits.check(khal::time::now()))
    }

    /// What is left of its limits, if it has any.
    pub fn limits(&self) -> Option<&Limits> {
        self.limits.as_deref()
    }

    /// Whether it could be used, for listings.
    pub fn state(&self) -> GrantState {
        match self.check() {
            Ok(_) => self.limits.as_ref().map_or(GrantState::Usable, |limits| limits.state()),
            Err(_) => GrantState::Revoked,
        }
    }

    /// Whether it has ever been used.
    pub fn has_been_used(&self) -> bool {
        self.used.get()
    }

    /// Its node in the object's tree; a reply has none.
    pub fn node(&self) -> Option<NodeId> {
        self.node
    }

    /// Notes the actor in whose table it is now.
    pub(super) fn set_holder(&self, holder: u64) {
        if let (Some(tree), Some(node)) = (self.object.tree(), self.node) {
            tree.set_holder(node, holder);
        }
    }

    /// What it names.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// What it allows.
    pub fn rights(&self) -> Rights {
        self.rights
    }

    /// The word that whoever serves the object sees; 0 for none.
    pub fn badge(&self) -> u64 {
        self.badge
    }
}

impl Drop for Capability {
    fn drop(&mut self) {
        let Some(node) = self.node else { return };
        LIVING.fetch_sub(1, Ordering::Relaxed);
        if let Some(tree) = self.object.tree()
            && let Some(grant) = tree.remove(node)
        {
            self.object.granted_no_more(grant.rights);
        }
    }
}
