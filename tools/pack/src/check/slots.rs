//! How many slots the first actor needs to start all the others and to supervise them.
//!
//! Owns: the count, which is actors/root's: what the kernel gives it, one of each kind that exists at boot, the
//! notification of the ends, every endpoint, every other actor, every account, and what it needs at times.
//! Does not: count for a manifest of one actor, which need not be a supervisor.

use tessera_abi::{Amounts, MESSAGE_CAPS_MAX, ObjectKind};
use toml::Spanned;

use super::Checker;
use super::usage::exists_at_boot;
use crate::problem::Problem;

/// The most slots that an actor can have.
pub(crate) const SLOTS_MOST: u64 = 4096;

/// What a first actor that does not say has is a multiple of this, the kernel's default.
const STEP: u64 = 64;

/// While it serves a message: what that can carry, its reply, and the copy that is the answer. Starting an actor again
/// takes one, until the old one is dropped.
const AT_TIMES: u64 = MESSAGE_CAPS_MAX as u64 + 2;

/// The notification of the ends.
const ENDS: u64 = 1;

impl Checker<'_, '_> {
    /// Sets the first actor's slots to what it needs unless it says, and then holds that against the need.
    pub(super) fn first_slots(&mut self) {
        let actors = &mut self.plan.actors;
        let others = actors.len().saturating_sub(1) as u64;
        let endpoints = actors.iter().filter(|actor| actor.record.mailbox > 0).count() as u64;
        let accounts = actors.iter().filter(|actor| actor.record.account != Amounts::NONE).count() as u64;
        let (Some(first), Some(source)) = (actors.first_mut(), self.source.actor.first()) else { return };
        if others == 0 {
            return;
        }
        let at_boot = ObjectKind::ALL.iter().filter(|kind| exists_at_boot(**kind)).count() as u64;
        let needed = at_boot + ENDS + endpoints + others + accounts + AT_TIMES;
        let slots = match u64::from(first.record.slots_max) {
            0 => needed.next_multiple_of(STEP).min(SLOTS_MOST),
            given => given,
        };
        first.record.slots_max = u32::try_from(slots).unwrap_or(u32::MAX);
        if slots < needed {
            let source = source.get_ref();
            let place = source.slots.as_ref().map_or(source.name.span(), Spanned::span);
            self.reports.add(place, Problem::FirstTooSmall(needed));
        }
    }
}
