//! An actor's capabilities: kinds, rights, and whose.
//!
//! Invariant: a grant that passes is one that root can make: its kind exists at boot, its rights mean
//! something for the kind, and an endpoint's owner has one.
//! Does not: ask whether the actor needs it (`usage` does).

use tessera_abi::actor::SPAWN_CAPS_MAX;
use tessera_abi::image::NO_ACTOR;
use tessera_abi::{ObjectKind, Rights, Shape};
use toml::Spanned;

use super::actor::default_mailbox;
use super::{Checker, GrantPlan};
use crate::manifest::{ActorSource, GrantSource};
use crate::problem::Problem;

impl<'a> Checker<'a, '_> {
    pub(super) fn grants(&mut self, source: &'a ActorSource) -> Vec<GrantPlan> {
        // One place is the actor's own endpoint's.
        if let Some((slot, _)) = source.capabilities.iter().nth(SPAWN_CAPS_MAX - 1) {
            self.reports.add(slot.span(), Problem::TooManyCapabilities);
        }
        source.capabilities.iter().filter_map(|(slot, grant)| self.grant(slot, grant.get_ref())).collect()
    }

    fn grant(&mut self, slot: &'a Spanned<String>, source: &'a GrantSource) -> Option<GrantPlan> {
        let kind_word = source.kind.as_ref().unwrap_or(slot);
        let name = self.name("slot name", slot);
        let kind = self.word("kind", kind_word, ObjectKind::ALL, ObjectKind::name)?;
        if matches!(kind, ObjectKind::Reply | ObjectKind::Notification | ObjectKind::Region) {
            self.reports.add(kind_word.span(), Problem::NotGrantable(kind));
        }
        let target = self.target(kind, kind_word, source);
        if let Some(badge) = source.badge.as_ref().filter(|_| kind != ObjectKind::Endpoint) {
            self.reports.add(badge.span(), Problem::BadgeWithoutMeaning(kind));
        }
        let badge = source.badge.as_ref().map_or(0, |badge| *badge.get_ref());
        let rights = self.rights(kind, source);
        Some(GrantPlan { slot: name, kind, reserved: [0; 3], rights, badge, target })
    }

    fn target(&mut self, kind: ObjectKind, place: &Spanned<String>, source: &GrantSource) -> u32 {
        let has_owner = matches!(kind, ObjectKind::Endpoint | ObjectKind::Actor);
        match &source.of {
            None if has_owner => {
                self.reports.add(place.span(), Problem::NeedsOf(kind));
                NO_ACTOR
            }
            Some(of) if !has_owner => {
                self.reports.add(of.span(), Problem::OfWithoutMeaning(kind));
                NO_ACTOR
            }
            None => NO_ACTOR,
            Some(of) => {
                let index = self.actor_index("of", of);
                if kind == ObjectKind::Endpoint
                    && self.source_actor(index).is_some_and(|owner| !has_mailbox(owner))
                {
                    self.reports.add(of.span(), Problem::NoMailbox(of.get_ref().clone()));
                }
                if kind == ObjectKind::Actor && index == 0 {
                    self.reports.add(of.span(), Problem::ActorOfFirst(of.get_ref().clone()));
                }
                index
            }
        }
    }

    fn rights(&mut self, kind: ObjectKind, source: &GrantSource) -> Rights {
        if source.rights.get_ref().is_empty() {
            self.reports.add(source.rights.span(), Problem::NoRights);
        }
        let mut rights = Rights::NONE;
        for word in source.rights.get_ref() {
            let Some(right) = Rights::from_name(word.get_ref()) else {
                let names = Rights::NAMES.iter().filter(|(right, _, _)| Rights::of(kind).contains(*right));
                let names = names.map(|(_, name, _)| *name).collect();
                self.reports.add(word.span(), Problem::UnknownWord("right", word.get_ref().clone(), names));
                continue;
            };
            if !Rights::of(kind).contains(right) {
                self.reports.add(word.span(), Problem::RightOfAnotherKind(right, kind));
            }
            rights = rights.union(right);
        }
        rights
    }
}

/// Whether an actor has an endpoint, by what is written; a wrong shape has been reported already.
fn has_mailbox(owner: &ActorSource) -> bool {
    let is_handler = owner.shape.as_ref().is_some_and(|shape| shape.get_ref() == Shape::Handler.name());
    let default = default_mailbox(if is_handler { Shape::Handler } else { Shape::Main });
    owner.mailbox.as_ref().map_or(u64::from(default), |given| *given.get_ref()) > 0
}
