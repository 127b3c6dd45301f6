//! What a capability names.
//!
//! Owns the references that keep objects alive. Invariant: an endpoint knows how many usable capabilities with the
//! right to receive name it, and closes when the last goes; a reply exists once and is never copied.
//! Takes no lock but those of what it tells: `ENDPOINT`.

use super::tree::Tree;
use crate::account::Account;
use crate::actor::Actor;
use crate::fallible;
use crate::ipc::{Endpoint, Notification, Reply};
use crate::region::Region;
use alloc::sync::Arc;
use tessera_abi::{Error, ObjectKind, Rights};

/// One of the kernel's own authorities: nothing but who may use it.
#[derive(Debug)]
pub struct Authority {
    kind: ObjectKind,
    tree: Tree,
}

impl Authority {
    /// Who may use it.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }
}

/// A kernel object, or an authority of the kernel itself.
#[derive(Debug)]
pub enum Object {
    /// The log, the clock, random bytes, the factory, the spawner, the console, the image, the system, the port.
    Authority(Arc<Authority>),
    /// An actor.
    Actor(Arc<Actor>),
    /// A queue of messages.
    Endpoint(Arc<Endpoint>),
    /// The answer to one call.
    Reply(Reply),
    /// Signal bits.
    Notification(Arc<Notification>),
    /// A window onto frames.
    Region(Arc<Region>),
    /// What actors live of.
    Account(Arc<Account>),
    /// A reply that has been used up.
    Spent,
}

impl Object {
    /// An authority that nobody has yet.
    ///
    /// # Errors
    /// `WrongKind` for a kind that is no authority; `NoMemory`.
    pub fn authority(kind: ObjectKind) -> Result<Self, Error> {
        use ObjectKind::{Account, Actor, Endpoint, Notification, Region, Reply};
        match kind {
            Account | Actor | Endpoint | Reply | Notification | Region => Err(Error::WrongKind),
            _ => fallible::share(Authority { kind, tree: Tree::new() }).map(Object::Authority),
        }
    }

    /// What kind it is.
    pub fn kind(&self) -> ObjectKind {
        match self {
            Object::Authority(authority) => authority.kind,
            Object::Actor(_) => ObjectKind::Actor,
            Object::Endpoint(_) => ObjectKind::Endpoint,
            Object::Reply(_) | Object::Spent => ObjectKind::Reply,
            Object::Notification(_) => ObjectKind::Notification,
            Object::Region(_) => ObjectKind::Region,
            Object::Account(_) => ObjectKind::Account,
        }
    }

    /// Every capability that names it; a reply is its own only one.
    pub fn tree(&self) -> Option<&Tree> {
        match self {
            Object::Authority(authority) => Some(&authority.tree),
            Object::Actor(actor) => Some(actor.tree()),
            Object::Endpoint(endpoint) => Some(endpoint.tree()),
            Object::Notification(notification) => Some(notification.tree()),
            Object::Region(region) => Some(region.tree()),
            Object::Account(account) => Some(account.tree()),
            Object::Reply(_) | Object::Spent => None,
        }
    }

    /// Another reference to the same object.
    ///
    /// # Errors
    /// `InvalidArgument` for a reply.
    pub fn share(&self) -> Result<Object, Error> {
        Ok(match self {
            Object::Authority(authority) => Object::Authority(authority.clone()),
            Object::Actor(actor) => Object::Actor(actor.clone()),
            Object::Endpoint(endpoint) => Object::Endpoint(endpoint.clone()),
            Object::Notification(notification) => Object::Notification(notification.clone()),
            Object::Region(region) => Object::Region(region.clone()),
            Object::Account(account) => Object::Account(account.clone()),
            Object::Reply(_) | Object::Spent => return Err(Error::InvalidArgument),
        })
    }

    /// Waits until every operation that has passed its commit point is through: what comes after a mark
    /// and this sees the mark.
    pub(super) fn fence(&self) {
        match self {
            Object::Endpoint(endpoint) => endpoint.fence(),
            Object::Notification(notification) => notification.fence(),
            Object::Region(region) => region.fence(),
            // What they do has no commit point of its own: docs/CAVEATS.md says what that leaves open.
            Object::Authority(_)
            | Object::Actor(_)
            | Object::Account(_)
            | Object::Reply(_)
            | Object::Spent => {}
        }
    }

    /// A capability is about to be made that grants `rights`.
    pub(super) fn granting(&self, rights: Rights) {
        if let Object::Endpoint(endpoint) = self
            && rights.contains(Rights::RECEIVE)
        {
            endpoint.add_receiver();
        }
    }

    /// A capability that granted `rights` is usable no more. Under no lock.
    pub(crate) fn granted_no_more(&self, rights: Rights) {
        match self {
            Object::Endpoint(endpoint) if rights.contains(Rights::RECEIVE) => endpoint.drop_receiver(),
            Object::Region(region) => region.let_go(),
            Object::Actor(actor) => actor.let_go(),
            _ => {}
        }
    }
}
