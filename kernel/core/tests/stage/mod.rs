//! Two actors and an endpoint between them, for models: the kernel's own, in a kernel without an engine. Each actor is one of
//! the model's threads; where it would leave its core it gives way and looks again.

#[path = "../support/mod.rs"]
pub mod support;

use khal::sync::atomic::{AtomicBool, Ordering};
use khal::time::Instant;
use std::sync::Arc;
use support::{actor, kernel};
use tessera_abi::{ObjectKind, Policy, Priority, SlotName};
use tessera_core::actor::Actor;
use tessera_core::cap::{Capability, Object, Pass};
use tessera_core::ipc::message::Carried;
use tessera_core::ipc::{By, Endpoint, Message};
use tessera_core::sched::gate::{Cause, Wake};

/// A kernel with two actors, and an endpoint from which the second alone may receive.
pub struct Stage {
    pub caller: Arc<Actor>,
    pub server: Arc<Actor>,
    pub door: Arc<Endpoint>,
    /// The first has gone on.
    pub over: AtomicBool,
}

impl Stage {
    /// Both equally urgent.
    pub fn new(capacity: u32, policy: Policy) -> Self {
        Self::of(Priority::Normal, capacity, policy)
    }

    /// With a first of this priority; the second's is normal.
    pub fn of(priority: Priority, capacity: u32, policy: Policy) -> Self {
        let kernel = kernel();
        let door = Endpoint::new(capacity, policy, None).unwrap();
        let own = Capability::first(Object::Endpoint(door.clone())).unwrap();
        let caller = actor(&kernel, priority, None, vec![]);
        let server = actor(&kernel, Priority::Normal, None, vec![(SlotName::EMPTY, own)]);
        Stage { caller, server, door, over: AtomicBool::new(false) }
    }

    /// Whether the first waits for somebody who is dead. Then its wait is ended, as nobody else would.
    pub fn left_waiting(&self) -> bool {
        while !self.over.load(Ordering::Acquire) {
            if let Some(claim) = self.caller.gate().claim_any() {
                assert_eq!(claim.fire(Cause::TimedOut), Wake::NotOwed);
                return true;
            }
            khal::sync::relax();
        }
        false
    }
}

pub fn by(actor: &Arc<Actor>) -> By<'_> {
    By { actor, pass: &Pass::KERNEL }
}

/// Somebody's first capability of something.
pub fn first_of_all() -> Capability {
    Capability::first(Object::authority(ObjectKind::Clock).unwrap()).unwrap()
}

/// A message of the caller's with this capability.
pub fn with(stage: &Stage, capability: Capability) -> Message {
    let mut caps = Carried::charged(stage.caller.kernel().account()).unwrap();
    caps.put(0, capability).unwrap();
    Message { caps, ..Message::default() }
}

/// The server takes what has come, if anything has.
pub fn take(stage: &Stage) -> Option<Message> {
    stage.door.recv(by(&stage.server), 0, Instant::ZERO).ok()
}

/// What `activation::finish` does.
pub fn die(stage: &Stage) {
    stage.server.end_for_model();
}
