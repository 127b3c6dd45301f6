//! Whom an actor stands in for: how often it was started again, and how those before it ended.
//!
//! Owns a few words, made with the actor and never changed. They lie with what most actors do without, since most stand
//! in for nobody. Counts stop at their largest value.
//! Does not: keep those before it: what is told of them was read when the actor was made. Lock: `END`, of the one before.

use super::{Actor, ActorId};
use tessera_abi::{EndReason, Error};

/// See the module.
#[derive(Debug)]
pub struct Lineage {
    /// How many there were before it.
    pub restarts: u32,
    /// How many of them ended by a fault.
    pub faults: u32,
    /// The last of them.
    pub before: ActorId,
    /// How that one ended.
    pub before_end: EndReason,
}

impl Lineage {
    /// Of an actor that is to stand in for `before`.
    ///
    /// # Errors
    /// `InvalidArgument` for one that has not ended.
    pub fn behind(before: &Actor) -> Result<Self, Error> {
        let before_end = before.end().record().ok_or(Error::InvalidArgument)?.reason;
        let (restarts, faults) = before.lineage().map_or((0, 0), |line| (line.restarts, line.faults));
        Ok(Lineage {
            restarts: restarts.saturating_add(1),
            faults: faults.saturating_add(matches!(before_end, EndReason::Fault(_)).into()),
            before: before.id(),
            before_end,
        })
    }
}
