//! Host calls: an actor's claims, decoded and carried out.
//!
//! [`Host`] is one actor's side of the border. A call arrives as a number and words; the dispatcher is
//! made from the one table of the ABI and gives each call its arguments by name, as a *claim*
//! ([`claim`]). The functions, one file a group, first decode: handles through the table's one lookup,
//! bytes by copy, lengths and addresses against memory, slots by reservation; nothing has changed when
//! they refuse. Then they execute, in one step that can fail only because what they act on is gone.
//!
//! Everything here is the kernel's own work: it runs outside the actor's containment, so what it
//! allocates is not charged as the engine's, and a panic is a bug of the kernel. Locks: as each
//! object's file says; none is held when a call blocks.
#![no_std]

extern crate alloc;

mod account;
mod claim;
mod code;
mod context;
mod inspect;
mod ipc;
mod limits;
mod message;
mod noting;
mod own;
mod region;
mod revoke;
mod spawn;
mod system;
mod waiting;

use alloc::sync::Arc;
use context::{Context, Refusal};
use tessera_abi::{Error, HostCall, answer};
use tessera_core::actor::Actor;
use tessera_core::engine::{Guest, HostCalls, Stop};

pub use spawn::limits_for;

/// One actor's host calls.
#[derive(Debug)]
pub struct Host {
    actor: Arc<Actor>,
}

/// Makes an actor's host calls, for `Kernel::new`.
///
/// # Errors
/// `NoMemory`.
pub fn host_calls(actor: &Arc<Actor>) -> Result<Arc<dyn HostCalls>, Error> {
    tessera_core::fallible::share(Host { actor: actor.clone() }).map(|host| host as Arc<dyn HostCalls>)
}

impl HostCalls for Host {
    fn call(&self, call: HostCall, args: &[u64], guest: &mut dyn Guest) -> Result<i64, Stop> {
        khal::contain::leave(|| {
            self.actor.look_at_fuel(guest);
            let mut context = Context { actor: &self.actor, guest };
            let result = claim::dispatch(&mut context, call, args);
            self.actor.safe_point();
            self.actor.take_fuel_up(context.guest);
            if self.actor.must_stop() {
                return Err(Stop::Killed);
            }
            match result {
                Ok(value) => Ok(answer(Ok(value))),
                Err(Refusal::Error(error)) => {
                    debug_assert!(
                        call.row().refuses_with(error),
                        "{} refuses with {}",
                        call.name(),
                        error.name()
                    );
                    Ok(answer(Err(error)))
                }
                Err(Refusal::Stop(stop)) => Err(stop),
            }
        })
    }
}
