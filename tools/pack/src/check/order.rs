//! Who starts behind whom: a circle of that is one in which nobody ever starts.
//!
//! Owns: the relation, which is actors/root's: an actor starts behind its supervisor, behind those that it is granted an
//! actor capability of, and in a group that starts in order behind those in front of it.
//! Invariant: of a circle one grant is told, the first in the manifest. Circles of supervisors alone are not told here.
//! Does not: look at endpoints, which are there before anybody starts.

use std::collections::BTreeSet;

use tessera_abi::ObjectKind;
use tessera_abi::image::{NO_ACTOR, Strategy};

use super::{ActorPlan, Checker};
use crate::problem::Problem;

impl Checker<'_, '_> {
    /// Refuses grants of actors that could only be started behind who is granted them.
    pub(super) fn check_order(&mut self) {
        let behind: Vec<Vec<usize>> =
            (0..self.plan.actors.len()).map(|index| starts_behind(&self.plan.actors, index)).collect();
        let mut told = BTreeSet::new();
        for (index, source) in self.source.actor.iter().enumerate() {
            for (slot, grant) in &source.get_ref().capabilities {
                let target = self.plan.actors.get(index).and_then(|plan| granted(plan, slot.get_ref()));
                let Some(of) = grant.get_ref().of.as_ref() else { continue };
                let Some(way) = target.and_then(|target| way(&behind, target, index)) else { continue };
                if way.iter().all(|at| !told.contains(at)) {
                    let circle = std::iter::once(index).chain(way.iter().copied());
                    let names = circle.filter_map(|at| self.source_actor(at as u32));
                    let names = names.map(|actor| actor.name.get_ref().clone()).collect();
                    self.reports.add(of.span(), Problem::StartsBehindItself(names));
                }
                told.extend(way);
            }
        }
    }
}

/// The actor that is granted under this name, if it is one.
fn granted(plan: &ActorPlan, slot: &str) -> Option<usize> {
    let grant = plan.grants.iter().find(|grant| grant.slot.as_str() == slot)?;
    (grant.kind == ObjectKind::Actor && grant.target != NO_ACTOR).then_some(grant.target as usize)
}

/// Whom an actor starts behind, but for the first, which is there before all.
fn starts_behind(actors: &[ActorPlan], index: usize) -> Vec<usize> {
    let Some(plan) = actors.get(index).filter(|_| index != 0) else { return Vec::new() };
    let grants = plan.grants.iter().filter(|grant| grant.kind == ObjectKind::Actor);
    let granted = grants.map(|grant| grant.target as usize).filter(|target| *target < actors.len());
    let above = supervisor(plan);
    let in_order = actors.get(above).is_some_and(|above| above.record.strategy != Strategy::OneForOne);
    let in_front = (1..index).filter(|other| in_order && actors.get(*other).map(supervisor) == Some(above));
    granted.chain([above]).chain(in_front).collect()
}

/// Who names no supervisor is the first actor's.
fn supervisor(plan: &ActorPlan) -> usize {
    if plan.record.supervisor == NO_ACTOR { 0 } else { plan.record.supervisor as usize }
}

/// The shortest way from one actor to another, each starting behind the next; both ends are part of it.
fn way(behind: &[Vec<usize>], from: usize, to: usize) -> Option<Vec<usize>> {
    let mut ways = vec![vec![from]];
    let mut seen = BTreeSet::from([from]);
    while !ways.is_empty() {
        if let Some(found) = ways.iter().find(|way| way.last() == Some(&to)) {
            return Some(found.clone());
        }
        let mut longer = Vec::new();
        for way in ways {
            let next = way.last().and_then(|at| behind.get(*at)).into_iter().flatten();
            longer.extend(next.filter(|at| seen.insert(**at)).map(|at| [&way[..], &[*at]].concat()));
        }
        ways = longer;
    }
    None
}
