//! Modules against grants: what a module can call must be granted, and what is granted must be usable.
//!
//! Invariant: only kinds that exist at boot are held against grants; endpoints, replies, notifications, regions and
//! actors also come into being or arrive in messages.
//! Does not: know whether a call is ever made.

use tessera_abi::{Needs, ObjectKind, Rights};

use super::{ActorPlan, Checker};
use crate::manifest::ActorSource;
use crate::module::Module;
use crate::problem::Problem;

impl<'a> Checker<'a, '_> {
    pub(super) fn usage(&mut self, source: &'a ActorSource, plan: &ActorPlan) {
        let place = source.module.as_ref().unwrap_or(&source.name);
        let excused: Vec<ObjectKind> = source
            .may_lack
            .iter()
            .filter_map(|word| self.word("kind", word, ObjectKind::ALL, ObjectKind::name))
            .collect();
        let Some(module) = self.module(place.get_ref(), place) else { return };
        let name = place.get_ref();
        if let Err(problem) = module.check_entry(name, plan.record.shape) {
            self.reports.add(place.span(), problem);
        }
        if module.memory_bytes > plan.record.memory_max_bytes {
            let needed = module.memory_bytes;
            let at = source.memory_kib.as_ref().map_or(place.span(), toml::Spanned::span);
            self.reports.add(at, Problem::MemoryTooSmall(name.clone(), needed, plan.record.memory_max_bytes));
        }
        self.missing_grants(source, plan, &module, &excused);
        self.unused_grants(source, plan, &module);
    }

    fn missing_grants(
        &mut self,
        source: &ActorSource,
        plan: &ActorPlan,
        module: &Module,
        excused: &[ObjectKind],
    ) {
        let place = source.module.as_ref().unwrap_or(&source.name);
        for row in module.calls.iter().map(|host_call| host_call.row()) {
            let Needs::Kind(kind) = row.needs else { continue };
            let allowed =
                plan.grants.iter().any(|grant| grant.kind == kind && grant.rights.contains(row.rights));
            if exists_at_boot(kind) && !allowed && !excused.contains(&kind) {
                let problem = Problem::NotGranted(place.get_ref().clone(), row.name, kind, row.rights);
                self.reports.add(place.span(), problem);
            }
        }
    }

    fn unused_grants(&mut self, source: &ActorSource, plan: &ActorPlan, module: &Module) {
        let module_name = source.module.as_ref().unwrap_or(&source.name).get_ref();
        for grant in plan.grants.iter().filter(|grant| !grant.rights.contains(Rights::GRANT)) {
            let used = module.calls.iter().any(|host_call| host_call.row().needs == Needs::Kind(grant.kind));
            let place = source.capabilities.keys().find(|slot| slot.get_ref() == grant.slot.as_str());
            if let Some(place) = place.filter(|_| !used && exists_at_boot(grant.kind)) {
                self.reports.add(place.span(), Problem::UnusedGrant(module_name.clone(), grant.kind));
            }
        }
    }
}

/// Authority comes from the first actor alone: what it does not hold, nobody can be granted.
impl<'a> Checker<'a, '_> {
    pub(super) fn handed_on(&mut self, source: &'a ActorSource, plan: &ActorPlan) {
        let Some(first) = self.plan.actors.first() else { return };
        let held: Vec<_> = first.grants.iter().map(|grant| (grant.kind, grant.slot, grant.rights)).collect();
        for grant in plan.grants.iter().filter(|grant| exists_at_boot(grant.kind)) {
            let needed = grant.rights.union(Rights::GRANT);
            let holds = held.iter().any(|(kind, slot, rights)| {
                *kind == grant.kind && slot.as_str() == kind.name() && rights.contains(needed)
            });
            let place = source.capabilities.keys().find(|slot| slot.get_ref() == grant.slot.as_str());
            if let Some(place) = place.filter(|_| !holds) {
                self.reports.add(place.span(), Problem::FirstLacks(grant.kind, needed));
            }
        }
    }
}

/// Whether the kernel makes one and gives it to the first actor.
pub(super) const fn exists_at_boot(kind: ObjectKind) -> bool {
    !matches!(
        kind,
        ObjectKind::Endpoint
            | ObjectKind::Reply
            | ObjectKind::Notification
            | ObjectKind::Region
            | ObjectKind::Actor
    )
}
