//! From a manifest as written to a plan that can be packed, collecting everything that is wrong.
//!
//! Owns: the order of the checks and the plan. `actor` reads fields, `grant` capabilities, `order` asks who starts behind
//! whom, `slots` counts what the first actor holds, `usage` holds modules against grants.
//! Invariant: a check goes on after a report with a value that causes no further ones.
//! Does not: lay out bytes ([`crate::encode`] does).

mod actor;
mod grant;
mod order;
mod slots;
mod usage;

use std::collections::BTreeMap;

use tessera_abi::image::{ManifestActor, ManifestCap, NO_ACTOR};
use tessera_abi::{Shape, Text};
use toml::Spanned;

use crate::manifest::{ActorSource, Source};
use crate::module::Module;
use crate::problem::Problem;
use crate::{Inputs, Reports};

pub(crate) use slots::SLOTS_MOST;

/// How many messages a handler's endpoint queues unless its actor says.
const HANDLER_MAILBOX: u32 = 16;

/// What is to be packed.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The actors in the manifest's order.
    pub actors: Vec<ActorPlan>,
    /// Every module by name.
    pub modules: BTreeMap<String, Vec<u8>>,
    /// Every file by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// One actor.
#[derive(Clone, Debug)]
pub struct ActorPlan {
    /// The fixed part; its counts are set when it is packed.
    pub record: ManifestActor,
    /// What it is granted.
    pub grants: Vec<GrantPlan>,
    /// Its argument text.
    pub args: String,
}

/// One capability.
pub type GrantPlan = ManifestCap;

pub(crate) fn check(source: &Source, inputs: &dyn Inputs, reports: &mut Reports<'_>) -> Plan {
    let mut checker = Checker { source, inputs, reports, modules: BTreeMap::new(), plan: Plan::default() };
    checker.run();
    checker.plan
}

/// The checks' common ground.
struct Checker<'a, 'r> {
    source: &'a Source,
    inputs: &'a dyn Inputs,
    reports: &'a mut Reports<'r>,
    /// What is known of each module; nothing for one that is missing or wrong.
    modules: BTreeMap<String, Option<Module>>,
    plan: Plan,
}

impl<'a> Checker<'a, '_> {
    fn run(&mut self) {
        let source = self.source;
        if source.actor.is_empty() {
            self.reports.add(0..0, Problem::NoActor);
        }
        self.check_names();
        for actor in &source.actor {
            let plan = self.actor(actor.get_ref());
            self.usage(actor.get_ref(), &plan);
            self.handed_on(actor.get_ref(), &plan);
            self.plan.actors.push(plan);
        }
        self.check_first();
        self.first_slots();
        self.check_cycles();
        self.check_order();
        for module in &source.modules {
            self.module(module.get_ref(), module);
        }
        self.files();
    }

    fn check_names(&mut self) {
        for (index, actor) in self.source.actor.iter().enumerate() {
            let name = &actor.get_ref().name;
            let earlier = self.source.actor.iter().take(index);
            if earlier.into_iter().any(|other| other.get_ref().name.get_ref() == name.get_ref()) {
                self.reports.add(name.span(), Problem::DuplicateActor(name.get_ref().clone()));
            }
        }
    }

    fn check_first(&mut self) {
        let Some(first) = self.source.actor.first().map(Spanned::get_ref) else { return };
        let Some(plan) = self.plan.actors.first().map(|plan| plan.record) else { return };
        let (fields, name) = ([first.supervisor.as_ref(), first.shape.as_ref()], first.name.span());
        for time in [&first.watchdog_ms, &first.shutdown_ms].into_iter().flatten() {
            self.reports.add(time.span(), Problem::BadFirstActor);
        }
        if let Some(account) = &first.account {
            self.reports.add(account.span(), Problem::BadFirstActor);
        }
        if plan.supervisor != NO_ACTOR || plan.shape != Shape::Main {
            let place = fields.into_iter().flatten().next().map_or(name, Spanned::span);
            self.reports.add(place, Problem::BadFirstActor);
        }
    }

    /// Follows each actor's supervisors up; a way longer than there are actors goes round.
    fn check_cycles(&mut self) {
        let supervisors: Vec<u32> = self.plan.actors.iter().map(|actor| actor.record.supervisor).collect();
        for (index, actor) in self.source.actor.iter().enumerate() {
            let mut above = supervisors.get(index).copied();
            let mut steps = 0;
            while let Some(one) = above.filter(|one| *one != NO_ACTOR && steps <= supervisors.len()) {
                if one as usize == index {
                    let name = actor.get_ref().name.get_ref().clone();
                    let place = actor.get_ref().supervisor.as_ref().map_or(0..0, Spanned::span);
                    self.reports.add(place, Problem::SupervisorCycle(name));
                    break;
                }
                above = supervisors.get(one as usize).copied();
                steps += 1;
            }
        }
    }

    fn files(&mut self) {
        for (name, path) in &self.source.files {
            let _kept: Text<64> = self.text("file name", name);
            match self.inputs.file(path.get_ref()) {
                Some(bytes) => {
                    self.plan.files.insert(name.get_ref().clone(), bytes);
                }
                None => self.reports.add(path.span(), Problem::MissingFile(path.get_ref().clone())),
            }
        }
    }

    /// Packs a module and returns what is known of it. Wrong ones are reported once.
    fn module(&mut self, name: &str, place: &Spanned<String>) -> Option<Module> {
        if let Some(known) = self.modules.get(name) {
            return known.clone();
        }
        let read = match self.inputs.module(name) {
            None => Err(Problem::MissingModule(name.into())),
            Some(bytes) => Module::read(name, &bytes).inspect(|_| {
                self.plan.modules.insert(name.into(), bytes);
            }),
        };
        let known = read.map_err(|problem| self.reports.add(place.span(), problem)).ok();
        self.modules.insert(name.into(), known.clone());
        known
    }

    /// A name of an actor, module or slot, checked.
    fn name<const N: usize>(&mut self, field: &'static str, name: &Spanned<String>) -> Text<N> {
        let mut characters = name.get_ref().chars();
        let begins_well = characters.next().is_some_and(|first| first.is_ascii_lowercase());
        let good = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-' || one == '_';
        if !begins_well || !characters.all(good) {
            self.reports.add(name.span(), Problem::BadName(name.get_ref().clone()));
        }
        self.text(field, name)
    }

    fn text<const N: usize>(&mut self, field: &'static str, text: &Spanned<String>) -> Text<N> {
        if text.get_ref().len() > N {
            self.reports.add(text.span(), Problem::TooLong(field, N));
        }
        Text::new_truncated(text.get_ref())
    }

    /// The value that a word stands for, or the first of `known` after a report.
    fn word<T: Copy>(
        &mut self,
        field: &'static str,
        word: &Spanned<String>,
        known: &'static [T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = known.iter().copied().find(|value| name(*value) == word.get_ref());
        if found.is_none() {
            let names = known.iter().copied().map(name).collect();
            self.reports.add(word.span(), Problem::UnknownWord(field, word.get_ref().clone(), names));
        }
        found
    }

    /// The index of the actor that a field names, or none after a report.
    fn actor_index(&mut self, field: &'static str, name: &Spanned<String>) -> u32 {
        let mut actors = (0..).zip(&self.source.actor);
        let found = actors.find(|(_, actor)| actor.get_ref().name.get_ref() == name.get_ref());
        if found.is_none() {
            self.reports.add(name.span(), Problem::UnknownActor(field, name.get_ref().clone()));
        }
        found.map_or(NO_ACTOR, |(index, _)| index)
    }

    fn source_actor(&self, index: u32) -> Option<&'a ActorSource> {
        self.source.actor.get(index as usize).map(Spanned::get_ref)
    }
}
