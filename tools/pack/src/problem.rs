//! What can be wrong with a manifest, and how it is said: where, what, and what to do about it.
//!
//! Owns: the list of problems and their sentences.
//! Does not: find any.

use std::fmt;

use tessera_abi::call::TABLE;
use tessera_abi::{ObjectKind, Policy, Rights};

use crate::check::SLOTS_MOST;

/// Something wrong at a place in the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The manifest's path, as it was given.
    pub path: String,
    /// The line, from 1; 0 when no line is to blame.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.problem)
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Not TOML, or not the fields that a manifest has; the parser's own words.
    Syntax(String),
    /// The manifest starts nothing.
    NoActor,
    /// Two actors have this name.
    DuplicateActor(String),
    /// A text is longer than its record holds.
    TooLong(&'static str, usize),
    /// A name has characters that a shell or a log would trip over, or none at all.
    BadName(String),
    /// A field's value is none of those that it may have.
    UnknownWord(&'static str, String, Vec<&'static str>),
    /// A number is outside what its field allows.
    OutOfRange(&'static str, u64, u64),
    /// A field names an actor that there is not.
    UnknownActor(&'static str, String),
    /// A right that means nothing for the kind.
    RightOfAnotherKind(Rights, ObjectKind),
    /// A capability without a right.
    NoRights,
    /// An endpoint or actor capability that does not say whose.
    NeedsOf(ObjectKind),
    /// A capability that says whose and names no actor's object.
    OfWithoutMeaning(ObjectKind),
    /// A kind that only comes into being while the machine runs.
    NotGrantable(ObjectKind),
    /// A badge on something that is no endpoint.
    BadgeWithoutMeaning(ObjectKind),
    /// An endpoint of an actor that has none.
    NoMailbox(String),
    /// A handler without a place to receive.
    HandlerWithoutMailbox,
    /// A policy of an actor that has no endpoint.
    PolicyWithoutMailbox,
    /// A mailbox of a size that its policy does not work with.
    CapacityOfAnotherPolicy(Policy),
    /// The actor that the kernel starts must be a main actor without supervisor. Its endpoint, if it is to have
    /// one, it makes itself.
    BadFirstActor,
    /// The first actor would have fewer slots than it needs to hold the endpoints and actors of all the others.
    FirstTooSmall(u64),
    /// Supervisors that supervise each other in a circle.
    SupervisorCycle(String),
    /// Actors each of which starts behind the next, from one back to itself: nobody of them ever would.
    StartsBehindItself(Vec<String>),
    /// An actor capability for the first actor, which has none for itself to hand on.
    ActorOfFirst(String),
    /// More capabilities than one spawn hands over.
    TooManyCapabilities,
    /// The module is not where modules are.
    MissingModule(String),
    /// The module is not valid; the validator's own words.
    InvalidModule(String, String),
    /// The module imports something that the kernel does not have.
    UnknownImport(String, String),
    /// The module imports a host call with other types.
    WrongSignature(String, &'static str),
    /// The module does not export what the actor's shape needs.
    NoEntryPoint(String, &'static str),
    /// The module's memory is larger at the start than the actor may ever have.
    MemoryTooSmall(String, u64, u64),
    /// The module makes a call that needs a capability which the actor is not granted.
    NotGranted(String, &'static str, ObjectKind, Rights),
    /// An actor is granted what the first actor does not hold to hand on.
    FirstLacks(ObjectKind, Rights),
    /// The actor is granted what its module never uses and it cannot hand on.
    UnusedGrant(String, ObjectKind),
    /// A file that the manifest wants packed is not there.
    MissingFile(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, what_to_do) = self.wiring().or_else(|| self.grant()).unwrap_or_else(|| self.module());
        write!(formatter, "{what}; {what_to_do}")
    }
}

type Sentence = (String, String);

impl Problem {
    fn wiring(&self) -> Option<Sentence> {
        Some(match self {
            Self::Syntax(words) => {
                (words.clone(), "see ramdisk/system.toml for a manifest that works".into())
            }
            Self::NoActor => {
                ("the manifest has no actor".into(), "add an [[actor]] for the kernel to start".into())
            }
            Self::DuplicateActor(name) => {
                (format!("there is another actor called `{name}`"), "give each its own name".into())
            }
            Self::TooLong(field, max) => (format!("{field} is longer than {max} bytes"), "shorten it".into()),
            Self::BadName(name) => (
                format!("`{name}` is no name"),
                "use small letters, digits, `-` and `_`, beginning with a letter".into(),
            ),
            Self::UnknownWord(field, word, known) => {
                (format!("`{word}` is no {field}"), format!("use one of: {}", known.join(", ")))
            }
            Self::OutOfRange(field, least, most) => {
                (format!("{field} is out of range"), format!("use {least} to {most}"))
            }
            Self::UnknownActor(field, name) => (
                format!("{field} names `{name}`, and there is no such actor"),
                "name one of this manifest's actors".into(),
            ),
            Self::HandlerWithoutMailbox => {
                ("a handler needs an endpoint of its own".into(), "set mailbox to 1 or more".into())
            }
            Self::PolicyWithoutMailbox => (
                "it has no endpoint that would do so".into(),
                "set mailbox to 1 or more, or remove `policy`".into(),
            ),
            Self::CapacityOfAnotherPolicy(policy) => (
                format!("policy {} does not work with this mailbox", policy.name()),
                "set mailbox to 1".into(),
            ),
            Self::BadFirstActor => (
                "the first actor is started by the kernel and cannot have this".into(),
                "make it a main actor without supervisor and account, or put another actor first".into(),
            ),
            Self::FirstTooSmall(needed) => (
                format!("the first actor needs {needed} slots to hold what it starts"),
                format!("raise its slots, to {SLOTS_MOST} at the most, or name fewer actors"),
            ),
            Self::SupervisorCycle(name) => {
                (format!("`{name}` supervises itself, through its supervisors"), "break the circle".into())
            }
            Self::StartsBehindItself(names) => (
                format!("they would never start: {}", behind(names)),
                "break the circle; an endpoint or a message can take an actor capability's place".into(),
            ),
            Self::MissingFile(name) => {
                (format!("file `{name}` is not there"), "paths are relative to the manifest".into())
            }
            _ => return None,
        })
    }

    fn grant(&self) -> Option<Sentence> {
        Some(match self {
            Self::RightOfAnotherKind(right, kind) => (
                format!("right {right} means nothing for kind {}", kind.name()),
                format!("it has: {}", Rights::of(*kind)),
            ),
            Self::NoRights => ("a capability without rights".into(), "name its rights, or remove it".into()),
            Self::NeedsOf(kind) => (format!("kind {} needs `of`", kind.name()), "say which actor's".into()),
            Self::OfWithoutMeaning(kind) => {
                (format!("kind {} belongs to no actor", kind.name()), "remove `of`".into())
            }
            Self::NotGrantable(kind) => (
                format!("kind {} exists only while the machine runs", kind.name()),
                "remove it; the actor makes or receives its own".into(),
            ),
            Self::BadgeWithoutMeaning(kind) => {
                (format!("kind {} has no badge", kind.name()), "remove `badge`".into())
            }
            Self::NoMailbox(name) => {
                (format!("`{name}` has no endpoint"), "give it a mailbox, or remove this capability".into())
            }
            Self::ActorOfFirst(name) => (
                format!("`{name}`, the first actor, has no capability for itself to hand on"),
                "remove it; its end is the machine's".into(),
            ),
            Self::FirstLacks(kind, rights) => (
                format!("the first actor has no {} with {rights} to hand on", kind.name()),
                "grant it there, under the kind's own name, or remove it here".into(),
            ),
            Self::TooManyCapabilities => (
                "more capabilities than one actor can be started with".into(),
                format!("grant at most {}", tessera_abi::actor::SPAWN_CAPS_MAX - 1),
            ),
            _ => return None,
        })
    }

    fn module(&self) -> Sentence {
        match self {
            Self::MissingModule(name) => (
                format!("there is no module `{name}`"),
                format!("is there an actor folder actors/{name}, and was it built?"),
            ),
            Self::InvalidModule(name, words) => {
                (format!("module `{name}` is not valid: {words}"), "build it anew".into())
            }
            Self::UnknownImport(name, import) => (
                format!("module `{name}` imports `{import}`, which is no host call"),
                format!("docs/ABI.md lists the {} there are", TABLE.len()),
            ),
            Self::WrongSignature(name, call) => (
                format!("module `{name}` imports `{call}` with other types than it has"),
                "build it anew against this actor-sdk".into(),
            ),
            Self::NoEntryPoint(name, export) => (
                format!("module `{name}` exports no function `{export}` without arguments and results"),
                "use actor_sdk::main! for shape main, actor_sdk::handler! for shape handler".into(),
            ),
            Self::MemoryTooSmall(name, needed, granted) => (
                format!("module `{name}` starts with {needed} bytes of memory, and may have {granted}"),
                "raise memory_kib".into(),
            ),
            Self::NotGranted(name, call, kind, rights) => (
                format!("module `{name}` makes call {call} and has no {} with {rights}", kind.name()),
                "grant it, or list the kind in may_lack".into(),
            ),
            Self::UnusedGrant(name, kind) => (
                format!("module `{name}` never uses a {}", kind.name()),
                "remove the capability, or add the right to grant if it is to be handed on".into(),
            ),
            other => (format!("{other:?}"), String::new()),
        }
    }
}

/// `a` behind `b`, `b` behind `a`.
fn behind(names: &[String]) -> String {
    let pairs = names.iter().zip(names.iter().skip(1));
    pairs.map(|(one, next)| format!("`{one}` behind `{next}`")).collect::<Vec<_>>().join(", ")
}
