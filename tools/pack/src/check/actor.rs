//! An actor's own fields: words, numbers, defaults.
//!
//! Owns: what is taken where a field is not given, and the range of each number.
//! Does not: look at other actors, but for its supervisor's name.

use tessera_abi::account::{AMOUNT_MOST, overhead_bytes};
use tessera_abi::actor::ARGS_MAX_BYTES;
use tessera_abi::image::{ManifestActor, NO_ACTOR, Restart, SHUTDOWN_MS, Strategy};
use tessera_abi::{Amounts, ENDPOINT_CAPACITY_MAX, Policy, Priority, Shape};
use toml::Spanned;

use super::{ActorPlan, Checker, HANDLER_MAILBOX, SLOTS_MOST};
use crate::manifest::ActorSource;
use crate::problem::Problem;

/// What an actor's linear memories may become unless it says.
const MEMORY_KIB: u64 = 1024;

/// The slots of an actor that does not say, which are the kernel's default.
const SLOTS_DEFAULT: u64 = 64;

/// A number's field: its name, and what it may be.
struct Range(&'static str, u64, u64);

impl<'a> Checker<'a, '_> {
    pub(super) fn actor(&mut self, source: &'a ActorSource) -> ActorPlan {
        let module = source.module.as_ref().unwrap_or(&source.name);
        let shape = self.shape(source);
        let (mailbox, policy) = self.mailbox(source, shape);
        let record = ManifestActor {
            name: self.name("name", &source.name),
            module: self.name("module", module),
            shape,
            priority: self
                .optional("priority", source.priority.as_ref(), Priority::ALL, Priority::name)
                .unwrap_or(Priority::Normal),
            restart: self
                .optional("restart", source.restart.as_ref(), Restart::ALL, Restart::name)
                .unwrap_or(Restart::Never),
            strategy: self
                .optional("strategy", source.strategy.as_ref(), Strategy::ALL, Strategy::name)
                .unwrap_or(Strategy::OneForOne),
            restart_limit: self.number(&Range("restart_limit", 0, 1000), source.restart_limit.as_ref(), 3),
            restart_window_ms: self.number(
                &Range("restart_window_ms", 1, 3_600_000),
                source.restart_window_ms.as_ref(),
                10_000,
            ),
            back_off_ms: self.number(&Range("back_off_ms", 0, 60_000), source.back_off_ms.as_ref(), 100),
            watchdog_ms: self.number(&Range("watchdog_ms", 1, 3_600_000), source.watchdog_ms.as_ref(), 0),
            shutdown_ms: self.number(
                &Range("shutdown_ms", 0, 3_600_000),
                source.shutdown_ms.as_ref(),
                SHUTDOWN_MS.into(),
            ),
            supervisor: source
                .supervisor
                .as_ref()
                .map_or(NO_ACTOR, |name| self.actor_index("supervisor", name)),
            memory_max_bytes: self.memory_max_bytes(source),
            stack_max_bytes: self.number(&Range("stack_kib", 1, 4096), source.stack_kib.as_ref(), 0) * 1024,
            slots_max: self.number(&Range("slots", 1, SLOTS_MOST), source.slots.as_ref(), 0),
            account: Amounts::NONE,
            mailbox,
            policy,
            cap_count: 0,
            args_len_bytes: 0,
        };
        let record = ManifestActor { account: self.account(source, &record), ..record };
        ActorPlan { record, grants: self.grants(source), args: self.args(source) }
    }

    /// The account that is split for it, which has to have room for it to begin.
    fn account(&mut self, source: &ActorSource, record: &ManifestActor) -> Amounts {
        let Some(given) = &source.account else { return Amounts::NONE };
        let given = given.get_ref();
        let slots = if record.slots_max == 0 { SLOTS_DEFAULT } else { u64::from(record.slots_max) };
        let memory_kib = (record.memory_max_bytes + overhead_bytes(record.shape)) / 1024;
        let mut of = |name, least, most, given| self.amount(&Range(name, least, most), Some(given), least);
        Amounts {
            memory: of("memory_kib of the account", memory_kib, 64 << 20, &given.memory_kib) * 1024,
            slots: of("slots of the account", slots, 1 << 30, &given.slots),
            mailbox: of("mailbox_bytes of the account", 0, 1 << 30, &given.mailbox_bytes),
            actors: of("actors of the account", 1, 1 << 20, &given.actors),
            fuel: self.amount(&Range("fuel of the account", 1, AMOUNT_MOST), given.fuel.as_ref(), 0),
            ..Amounts::NONE
        }
    }

    fn shape(&mut self, source: &ActorSource) -> Shape {
        self.optional("shape", source.shape.as_ref(), Shape::ALL, Shape::name).unwrap_or(Shape::Main)
    }

    fn memory_max_bytes(&mut self, source: &ActorSource) -> u64 {
        let kib =
            self.number(&Range("memory_kib", 1, 4 * 1024 * 1024 - 1), source.memory_kib.as_ref(), MEMORY_KIB);
        u64::from(kib) * 1024
    }

    /// What an actor's endpoint queues, and what becomes of more.
    fn mailbox(&mut self, source: &ActorSource, shape: Shape) -> (u32, Policy) {
        let given = source.policy.as_ref();
        let policy = self.optional("policy", given, Policy::ALL, Policy::name).unwrap_or(Policy::Block);
        let capacity = self.capacity(source, shape, policy);
        if let Some(given) = given.filter(|_| capacity == 0) {
            self.reports.add(given.span(), Problem::PolicyWithoutMailbox);
        } else if !policy.allows(capacity) {
            let place = source.mailbox.as_ref().map_or_else(|| source.name.span(), Spanned::span);
            self.reports.add(place, Problem::CapacityOfAnotherPolicy(policy));
        }
        (capacity, policy)
    }

    fn capacity(&mut self, source: &ActorSource, shape: Shape, policy: Policy) -> u32 {
        let given = source.mailbox.as_ref();
        if let Some(given) = given.filter(|given| shape == Shape::Handler && *given.get_ref() == 0) {
            self.reports.add(given.span(), Problem::HandlerWithoutMailbox);
        }
        let default = match (default_mailbox(shape), policy) {
            (1.., Policy::Conflate) => 1,
            (default, _) => default,
        };
        let range = Range("mailbox", 0, u64::from(ENDPOINT_CAPACITY_MAX));
        self.number(&range, given, u64::from(default)).max(u32::from(shape == Shape::Handler))
    }

    fn args(&mut self, source: &ActorSource) -> String {
        let Some(args) = &source.args else { return String::new() };
        if args.get_ref().len() > ARGS_MAX_BYTES {
            self.reports.add(args.span(), Problem::TooLong("args", ARGS_MAX_BYTES));
        }
        args.get_ref().clone()
    }

    fn optional<T: Copy>(
        &mut self,
        field: &'static str,
        word: Option<&Spanned<String>>,
        known: &'static [T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        self.word(field, word?, known, name)
    }

    fn number(&mut self, range: &Range, given: Option<&Spanned<u64>>, default: u64) -> u32 {
        u32::try_from(self.amount(range, given, default)).unwrap_or(u32::MAX)
    }

    fn amount(&mut self, range: &Range, given: Option<&Spanned<u64>>, default: u64) -> u64 {
        let Range(field, least, most) = *range;
        match given {
            Some(given) if !(least..=most).contains(given.get_ref()) => {
                self.reports.add(given.span(), Problem::OutOfRange(field, least, most));
                default
            }
            Some(given) => *given.get_ref(),
            None => default,
        }
    }
}

/// How many messages an actor's endpoint queues unless it says.
pub(super) const fn default_mailbox(shape: Shape) -> u32 {
    match shape {
        Shape::Handler => HANDLER_MAILBOX,
        Shape::Main => 0,
    }
}
