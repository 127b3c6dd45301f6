//! The cache of the image's parsed modules: each is parsed and validated once, by the first actor that needs it,
//! on that actor's stack, and shared by all its instances.
//!
//! Owns the image's modules, their parsed form, and a meter each that what parsing allocates is
//! charged to. States of an entry: raw, loading (others wait in line), ready, bad (for ever: the
//! bytes do not change). A load that runs out of memory leaves the entry raw and ends the actor that
//! tried; the next actor tries anew. Lock: rank `MODULES`, never held while parsing.

use crate::actor::{Actor, activation};
use crate::engine::{Engine, Fault, Module};
use crate::ipc::waiter::{Room, Waiter};
use crate::ranks;
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use khal::contain::{Escape, Meter};
use khal::sync::Mutex;
use khal::time::Instant;
use tessera_abi::FaultKind;
use tessera_abi::image::{EntryKind, EntryName, Image};

enum Form {
    Raw,
    Loading(Vec<Waiter>),
    Ready(Arc<dyn Module>),
    Bad(Fault),
}

struct Entry {
    name: EntryName,
    meter: Meter,
    form: Mutex<Form>,
}

/// See the module.
pub struct Modules {
    engine: Box<dyn Engine>,
    image: Image<'static>,
    entries: Vec<Entry>,
}

/// What an actor is to do about a module that is not ready.
enum Turn {
    Take(Result<Arc<dyn Module>, Fault>),
    Load,
    Wait(Ticket),
}

impl Modules {
    /// The modules of `image`, none parsed yet; parsing one may charge up to `charge_max_bytes`.
    /// For the kernel's start: allocates as it likes.
    pub fn new(engine: Box<dyn Engine>, image: Image<'static>, charge_max_bytes: usize) -> Self {
        let modules = image.entries().filter(|(entry, _)| entry.kind == EntryKind::Module);
        let entries = modules.map(|(entry, _)| Entry {
            name: entry.name,
            meter: Meter::new(charge_max_bytes),
            form: Mutex::new(ranks::MODULES, Form::Raw),
        });
        Modules { engine, image, entries: entries.collect() }
    }

    /// The engine's name.
    pub fn engine_name(&self) -> &'static str {
        self.engine.name()
    }

    /// Whether the image has such a module.
    pub fn exists(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// How many modules are parsed.
    pub fn parsed(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(&*entry.form.lock(), Form::Ready(_))).count()
    }

    /// The meter that parsing the module charges: for tests that make parsing fail.
    pub fn meter(&self, name: &str) -> Option<&Meter> {
        self.entry(name).map(|entry| &entry.meter)
    }

    /// Forgets the parsed form of a module that no instance uses, so that the next actor parses it
    /// anew; false when it is in use, loading, or unknown.
    pub fn forget(&self, name: &str) -> bool {
        let Some(entry) = self.entry(name) else { return false };
        let old = {
            let mut form = entry.form.lock();
            match &*form {
                Form::Ready(module) if Arc::strong_count(module) > 1 => return false,
                Form::Loading(_) => return false,
                _ => core::mem::replace(&mut *form, Form::Raw),
            }
        };
        let _over = khal::contain::enter(&entry.meter, move || drop(old));
        true
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == *name)
    }

    /// The parsed module, for `actor`, which parses it or waits for who does.
    ///
    /// # Errors
    /// What is wrong with the module; `OutOfMemory` when there is none to parse or to wait with;
    /// any fault when the actor is to stop, which its next look at the stop flag overrules.
    pub fn get(&self, actor: &Arc<Actor>, name: &str) -> Result<Arc<dyn Module>, Fault> {
        let Some(entry) = self.entry(name) else {
            return Err(Fault::new(FaultKind::MissingModule, format_args!("no module {name} in the image")));
        };
        loop {
            match entry.turn(actor)? {
                Turn::Take(result) => return result,
                Turn::Load => return self.load(entry),
                Turn::Wait(ticket) => {
                    let cause = actor.block(ticket, Instant::NEVER, None);
                    if cause != Ok(Cause::Delivered) {
                        entry.forget_waiter(actor, ticket);
                        return Err(Fault::new(FaultKind::Other, format_args!("stopped while loading")));
                    }
                }
            }
        }
    }

    /// Parses a module that is none of the image's. Unwinds when it may not take so much memory: to be run in a
    /// containment.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(&self, bytes: &[u8]) -> Result<Arc<dyn Module>, Fault> {
        self.engine.load(bytes)
    }

    fn load(&self, entry: &Entry) -> Result<Arc<dyn Module>, Fault> {
        let bytes = self.image.module(entry.name.as_str()).unwrap_or_default();
        let (form, result) = match khal::contain::enter(&entry.meter, || self.engine.load(bytes)) {
            Ok(Ok(module)) => (Form::Ready(module.clone()), Ok(module)),
            Ok(Err(fault)) => (Form::Bad(fault.clone()), Err(fault)),
            Err(escape) => {
                let (_, detail) = activation::escaped(&escape);
                let (kind, form): (_, fn(Fault) -> Form) = match escape {
                    Escape::OutOfMemory { .. } => (FaultKind::OutOfMemory, |_| Form::Raw),
                    Escape::Panic { .. } => (FaultKind::EnginePanic, Form::Bad),
                };
                let fault = Fault::new(kind, format_args!("while loading: {}", detail.as_str()));
                (form(fault.clone()), Err(fault))
            }
        };
        let before = core::mem::replace(&mut *entry.form.lock(), form);
        if let Form::Loading(waiters) = before {
            for waiter in waiters {
                let _stopped_waiting = waiter.hand(None, Cause::Delivered, Place::Home);
            }
        }
        result
    }
}

impl Entry {
    fn turn(&self, actor: &Arc<Actor>) -> Result<Turn, Fault> {
        let mut form = self.form.lock();
        match &mut *form {
            Form::Ready(module) => Ok(Turn::Take(Ok(module.clone()))),
            Form::Bad(fault) => Ok(Turn::Take(Err(fault.clone()))),
            Form::Raw => {
                *form = Form::Loading(Vec::new());
                Ok(Turn::Load)
            }
            Form::Loading(waiters) => {
                waiters.try_reserve(1).map_err(|_| {
                    Fault::new(FaultKind::OutOfMemory, format_args!("no memory to wait for the module"))
                })?;
                let ticket = actor.gate().arm();
                waiters.push(Waiter { actor: actor.clone(), ticket, room: Room::WakeOnly });
                Ok(Turn::Wait(ticket))
            }
        }
    }

    fn forget_waiter(&self, actor: &Arc<Actor>, ticket: Ticket) {
        if let Form::Loading(waiters) = &mut *self.form.lock() {
            waiters.retain(|waiter| !waiter.is(actor, ticket));
        }
    }
}
