//! The way from a module to an instance: one of the image's, or one that came with the spawn request.
//!
//! A given module is the kernel's own copy of bytes that somebody wrote, so nobody changes it any more. It is parsed
//! on its actor's stack and in its actor's containment: what that takes is charged to the actor, and what goes
//! wrong ends the actor alone. It is shared with nobody and goes with the actor; its bytes go when it is parsed.

use super::Actor;
use super::activation::{Ending, contained, fault};
use crate::account::Charge;
use crate::engine::{Fault, Instance, Module};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use tessera_abi::{EndReason, FaultKind, Line};

/// A module's bytes, given to one actor.
#[derive(Debug)]
pub struct Code {
    bytes: Vec<u8>,
    /// What they take of an account, given back behind them.
    _charge: Option<Charge>,
}

impl Code {
    /// These bytes, which may be no module at all, and what is charged for them.
    pub fn new(bytes: Vec<u8>, charge: Option<Charge>) -> Self {
        Code { bytes, _charge: charge }
    }
}

/// Makes the actor's instance, of the module that it was given or else of the image's of its profile's name.
pub(super) fn instance(actor: &Arc<Actor>, given: Option<Box<Code>>) -> Result<Box<dyn Instance>, Ending> {
    let modules = actor.kernel().modules();
    if let Some(code) = given {
        // The bytes were not taken in the containment, so they are not given back in it either.
        return contained(actor, || instance_of(actor, &*modules.parse(&code.bytes)?));
    }
    let module = modules.get(actor, actor.profile().module.as_str()).map_err(|found| {
        // Whoever is killed in line for the module has not met a fault.
        if actor.must_stop() { (EndReason::Killed, Line::EMPTY) } else { fault(found) }
    })?;
    contained(actor, || instance_of(actor, &*module))
}

fn instance_of(actor: &Arc<Actor>, module: &dyn Module) -> Result<Box<dyn Instance>, Fault> {
    let profile = actor.profile();
    module.check(profile.shape, &profile.limits)?;
    // In the containment, as it is the instance that drops it in the end.
    let host = actor.kernel().host_calls(actor).map_err(|_| out_of_memory())?;
    module.instantiate(&profile.limits, host)
}

fn out_of_memory() -> Fault {
    Fault::new(FaultKind::OutOfMemory, format_args!("no memory for the instance"))
}
