//! Storms: many actors that do as dice say, and what must hold whatever came of it.
//!
//! Each is played under many seeds: the same one gives the same storm, in the simulation to the last turn.
//! Nothing in them is checked by order or time. When one is over, every endpoint's messages add up, nobody is
//! still blocked, and all that was taken has come back.

mod back_pressure;
mod churn;
pub(crate) mod dice;
mod kill;
mod mesh;
mod revoke;

pub use back_pressure::back_pressure;
pub use churn::churn;
pub use kill::kill_storm;
pub use mesh::mesh;
pub use revoke::revoke_storm;

use crate::stage::{Stage, endpoint_of, request};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec::Vec;
use tessera_abi::{Priority, Shape};
use tessera_core::actor::spawn::spawn;
use tessera_core::actor::{Actor, Args};
use tessera_core::cap::Capability;

/// A main actor of this module with words for an argument, and room for what it may come to hold.
fn worker(
    stage: &Stage<'_>,
    module: &str,
    words: &[u64],
    caps: Vec<Capability>,
) -> Result<Arc<Actor>, Failure> {
    let mut request = request(module, Shape::Main, Priority::Normal, caps);
    let words: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    request.profile.args = Args::new(&words)?;
    request.slots_max = 24;
    Ok(spawn(&stage.kernel, request)?)
}

/// Every message is accounted for, and nobody waits any more to send one.
fn add_up(doors: &[Capability]) -> Verdict {
    for door in doors {
        let counters = endpoint_of(door)?.counters();
        check!(counters.balance() && counters.blocked == 0, "messages are unaccounted for: {counters:?}");
    }
    Ok(())
}
