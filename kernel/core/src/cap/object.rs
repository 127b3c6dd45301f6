//! What a capability names, and the capability itself.
//!
//! Owns the references that keep objects alive. Invariants: rights are a subset of what the object's
//! kind knows; a reply capability exists once and is never copied; an endpoint knows how many
//! capabilities with the right to receive name it, and closes when the last is dropped.
//! Takes no lock of its own; dropping a capability may take `ENDPOINT` and what is below, so it is
//! never dropped under a table's lock.

use crate::actor::Actor;
use crate::ipc::{Endpoint, Notification, Reply};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use tessera_abi::{Error, ObjectKind, Rights};

/// A kernel object, or an authority of the kernel itself.
#[derive(Debug)]
pub enum Object {
    /// The kernel's log.
    Log,
    /// The clock.
    Clock,
    /// Random bytes.
    Random,
    /// Making endpoints and notifications.
    Factory,
    /// Starting actors.
    Spawner,
    /// The serial console.
    Console,
    /// The packed image.
    Image,
    /// The machine's figures and its power switch.
    System,
    /// An actor.
    Actor(Arc<Actor>),
    /// A queue of messages.
    Endpoint(Arc<Endpoint>),
    /// The answer to one call.
    Reply(Reply),
    /// Signal bits.
    Notification(Arc<Notification>),
}

impl Object {
    /// What kind it is.
    pub fn kind(&self) -> ObjectKind {
        match self {
            Object::Log => ObjectKind::Log,
            Object::Clock => ObjectKind::Clock,
            Object::Random => ObjectKind::Random,
            Object::Factory => ObjectKind::Factory,
            Object::Spawner => ObjectKind::Spawner,
            Object::Console => ObjectKind::Console,
            Object::Image => ObjectKind::Image,
            Object::System => ObjectKind::System,
            Object::Actor(_) => ObjectKind::Actor,
            Object::Endpoint(_) => ObjectKind::Endpoint,
            Object::Reply(_) => ObjectKind::Reply,
            Object::Notification(_) => ObjectKind::Notification,
        }
    }

    /// Another reference to the same object; a reply has none.
    fn share(&self) -> Result<Object, Error> {
        Ok(match self {
            Object::Log => Object::Log,
            Object::Clock => Object::Clock,
            Object::Random => Object::Random,
            Object::Factory => Object::Factory,
            Object::Spawner => Object::Spawner,
            Object::Console => Object::Console,
            Object::Image => Object::Image,
            Object::System => Object::System,
            Object::Actor(actor) => Object::Actor(actor.clone()),
            Object::Endpoint(endpoint) => Object::Endpoint(endpoint.clone()),
            Object::Notification(notification) => Object::Notification(notification.clone()),
            Object::Reply(_) => return Err(Error::InvalidArgument),
        })
    }
}

/// Capabilities in existence, in all tables and messages of the process.
static LIVING: AtomicUsize = AtomicUsize::new(0);

/// How many capabilities exist, in all tables and messages.
pub fn living() -> usize {
    LIVING.load(Ordering::Relaxed)
}

/// An object with what its holder may do to it.
#[derive(Debug)]
pub struct Capability {
    object: Object,
    rights: Rights,
    badge: u64,
}

impl Capability {
    /// The first capability to an object: every right that its kind knows.
    pub fn first(object: Object) -> Self {
        let rights = Rights::of(object.kind());
        Self::with(object, rights, 0)
    }

    fn with(object: Object, rights: Rights, badge: u64) -> Self {
        if let Object::Endpoint(endpoint) = &object
            && rights.contains(Rights::RECEIVE)
        {
            endpoint.add_receiver();
        }
        // Relaxed: a figure for listings and leak tests.
        LIVING.fetch_add(1, Ordering::Relaxed);
        Capability { object, rights, badge }
    }

    /// The reply that it names, if it names one; the capability is used up.
    pub fn into_reply(mut self) -> Option<Reply> {
        match core::mem::replace(&mut self.object, Object::Log) {
            Object::Reply(reply) => Some(reply),
            other => {
                self.object = other;
                None
            }
        }
    }

    /// A capability to the same object with the rights in `mask` that this one has; a `badge` of 0
    /// keeps the one it has, and a badge once set stays.
    ///
    /// # Errors
    /// `InvalidArgument` for a reply; `MissingRight` to put another badge over one that is set.
    pub fn derive(&self, mask: Rights, badge: u64) -> Result<Self, Error> {
        if badge != 0 && self.badge != 0 && badge != self.badge {
            return Err(Error::MissingRight);
        }
        let badge = if badge == 0 { self.badge } else { badge };
        Ok(Self::with(self.object.share()?, self.rights.intersection(mask), badge))
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
        LIVING.fetch_sub(1, Ordering::Relaxed);
        if let Object::Endpoint(endpoint) = &self.object
            && self.rights.contains(Rights::RECEIVE)
        {
            endpoint.drop_receiver();
        }
    }
}
