//! An actor's beginning.
//!
//! Everything an actor needs to exist is taken before it is listed, so a refusal leaves nothing
//! behind: its table with the capabilities it is handed, a stack for a main actor (a handler borrows
//! one for each activation), a place in the registry. Then it is made ready, and does the rest itself
//! on its own stack: see [`super::activation`].

use super::{Actor, ActorId, Body, Code, End, EndSignal, Extras, Lineage, Profile, Pulse, Tally};
use crate::account::{Account, Purse, Tenancy};
use crate::cap::{Capability, Object, Proof, Table, Through, Tree};
use crate::fallible;
use crate::ipc::Endpoint;
use crate::kernel::Kernel;
use crate::ranks;
use crate::sched::core::Place;
use crate::sched::fifo::Links;
use crate::sched::gate::Gate;
use crate::sched::hold::Hold;
use crate::sched::inherit::Standing;
use crate::sched::spot::Spot;
use crate::sched::stacks::Next;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use khal::contain::Meter;
use khal::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32};
use khal::sync::{Mutex, TakeCell};
use khal::thread::Stack;
use spin::Once;
use tessera_abi::account::overhead_bytes;
use tessera_abi::actor::ARGS_MAX_BYTES;
use tessera_abi::{ActorState, Error, Handle, Rights, Shape, SlotName};

/// A request for an actor, all of it checked and owned.
#[derive(Debug)]
pub struct Spawn {
    /// Who it is to be.
    pub profile: Profile,
    /// The most that may be charged to it, in bytes.
    pub charge_max_bytes: usize,
    /// Slots its table may have.
    pub slots_max: u32,
    /// What it is handed, in the order of its slots. A handler's first is its own endpoint.
    pub caps: Vec<(SlotName, Capability)>,
    /// What to signal when it ends.
    pub signal: Option<EndSignal>,
    /// The module that it runs, if that is none of the image's.
    pub code: Option<Box<Code>>,
    /// Whether it begins by itself.
    pub begin: Begin,
    /// The account that it is to live in; the machine's if none is named.
    pub account: Option<Arc<Account>>,
    /// Whom it stands in for.
    pub lineage: Option<Lineage>,
}

/// When an actor that has been made begins to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At once.
    Now,
    /// When it is resumed: until then it is a draft.
    WhenResumed,
}

impl Begin {
    /// The state that such an actor shows at first, and what holds it back.
    fn as_kept(self) -> (ActorState, Hold) {
        match self {
            Begin::Now => (ActorState::Starting, Hold::free()),
            Begin::WhenResumed => (ActorState::Draft, Hold::aside()),
        }
    }
}

/// Starts an actor.
///
/// # Errors
/// `NotFound` when it was given no module and the image has none of its name; `InvalidArgument` for a handler whose first
/// capability is no endpoint with the right to receive, or has limits; `TableFull` when the capabilities do not fit;
/// `OverQuota` when its account has no actor, no such table or no memory for it left; `Full`, `NoMemory`.
pub fn spawn(kernel: &Arc<Kernel>, request: Spawn) -> Result<Arc<Actor>, Error> {
    start(kernel, request, |_| Ok(())).map(|(actor, ())| actor)
}

/// As [`spawn`], with the first capability for it. That is made before anybody else can find the actor: a draft ends
/// with the last capability for it, and is not to end before its maker has one.
///
/// # Errors
/// As [`spawn`].
pub fn spawn_named(kernel: &Arc<Kernel>, request: Spawn) -> Result<(Arc<Actor>, Capability), Error> {
    start(kernel, request, |actor| Capability::first(Object::Actor(actor.clone())))
}

fn start<T>(
    kernel: &Arc<Kernel>,
    request: Spawn,
    name: impl FnOnce(&Arc<Actor>) -> Result<T, Error>,
) -> Result<(Arc<Actor>, T), Error> {
    let Spawn { profile, charge_max_bytes, slots_max, caps, signal, code, begin, account, lineage } = request;
    if code.is_none() && !kernel.modules().exists(profile.module.as_str()) {
        return Err(Error::NotFound);
    }
    let account = account.as_ref().unwrap_or(kernel.account());
    let has_extras = account.is_metered() || lineage.is_some();
    let tenancy = Tenancy::take(account, slots_max, record_bytes(&profile, has_extras))?;
    let extras = if has_extras { extras(account, lineage)? } else { Once::new() };
    let table = fill_table(slots_max, caps)?;
    let own_endpoint = match profile.shape {
        Shape::Handler => Some(find_own_endpoint(&table)?),
        Shape::Main => None,
    };
    let meter = Meter::paid_by(charge_max_bytes, account.clone());
    let parts = Parts { profile, code, table, own_endpoint, meter, tenancy, extras, signal, begin };
    let (actor, named) = kernel.registry().add(|id| listed(kernel, id, parts, name))?;
    if begin == Begin::Now {
        kernel.scheduler().make_ready(actor.clone(), Place::Spread);
    }
    Ok((actor, named))
}

/// What an actor is made of, but for what its place in the registry and the pool of stacks give it.
struct Parts {
    profile: Profile,
    code: Option<Box<Code>>,
    table: Table,
    own_endpoint: Option<(Arc<Endpoint>, Proof)>,
    meter: Meter,
    tenancy: Tenancy,
    extras: Once<Box<Extras>>,
    signal: Option<EndSignal>,
    begin: Begin,
}

/// The actor with this id, and the stack that a main actor has from the start; with what `name` makes of it.
fn listed<T>(
    kernel: &Arc<Kernel>,
    id: ActorId,
    parts: Parts,
    name: impl FnOnce(&Arc<Actor>) -> Result<T, Error>,
) -> Result<(Arc<Actor>, T), Error> {
    let stack = buy_stack(kernel, parts.profile.shape)?;
    let bought = stack.is_some();
    let actor = fallible::share(made(kernel.clone(), id, parts, stack));
    let (actor, named) =
        actor.and_then(|actor| name(&actor).map(|named| (actor, named))).inspect_err(|_| {
            if bought {
                pass_on(kernel, kernel.scheduler().stacks().write_off());
            }
        })?;
    // Before it is listed: who finds a draft there may resume it, and would wait for what is made here.
    actor.measure_birth();
    Ok((actor, named))
}

/// The stack that an actor of this shape begins with.
fn buy_stack(kernel: &Kernel, shape: Shape) -> Result<Option<Stack>, Error> {
    if shape != Shape::Main {
        return Ok(None);
    }
    let bought = kernel.scheduler().stacks().buy();
    bought.map(Some).map_err(|next| {
        pass_on(kernel, next);
        Error::NoMemory
    })
}

/// Lets whoever is next in line for a stack have the one that is not taken.
fn pass_on(kernel: &Kernel, next: Next) {
    next.into_iter().for_each(|next| kernel.scheduler().make_ready(next, Place::Home));
}

fn made(kernel: Arc<Kernel>, id: ActorId, parts: Parts, stack: Option<Stack>) -> Actor {
    let Parts { profile, code, mut table, own_endpoint, meter, tenancy, extras, signal, begin } = parts;
    let (first, hold) = begin.as_kept();
    table.set_owner(id.bits());
    let body = Body { stack, code, ..Body::default() };
    Actor {
        id,
        profile,
        kernel,
        gate: Gate::new(),
        links: Links::new(),
        spot: Spot::nowhere(),
        timer_place: AtomicU32::new(0),
        stop: AtomicBool::new(false),
        stop_reason: AtomicU8::new(0),
        state: AtomicU8::new(first.number()),
        home: AtomicU16::new(khal::cpu::current().index() as u16),
        hold,
        at_safe_point: AtomicBool::new(true),
        settled: AtomicBool::new(false),
        standing: Standing::new(),
        through: Through::new(),
        counted_by: AtomicU32::new(0),
        won: AtomicU16::new(0),
        tree: Tree::new(),
        own_endpoint,
        inbox: TakeCell::new(),
        table: Mutex::new(ranks::TABLE, table),
        thread: TakeCell::new(),
        body: Mutex::new(ranks::BODY, body),
        meter,
        tenancy,
        end: End::new(signal),
        pulse: Pulse::default(),
        tally: Tally::default(),
        extras,
    }
}

impl Actor {
    /// Hands a draft one more capability, to be found under `name`.
    ///
    /// # Errors
    /// `InvalidArgument` for an actor that has begun, or ended; `TableFull`; `NoMemory`.
    pub fn configure(&self, name: SlotName, capability: Capability) -> Result<(), Error> {
        // What is refused is dropped outside the lock.
        let mut refused = Some(capability);
        let mut table = self.table().lock();
        if !self.is_draft() {
            return Err(Error::InvalidArgument);
        }
        let mut reservation = table.reserve(1)?;
        if let Some(capability) = refused.take() {
            refused = table.fill(&mut reservation, capability, name).err();
        }
        if refused.is_none() { Ok(()) } else { Err(Error::TableFull) }
    }

    /// One who could name it can no more. A draft ends when that was the last: nobody could have it begin, and
    /// whoever was to, a supervisor that was killed on the way, say, is not there to see to it.
    pub(crate) fn let_go(self: &Arc<Self>) {
        if self.is_draft() && self.tree().live() == 0 {
            self.kill();
        }
    }
}

// What an account is to have for an actor to begin leaves the engine 64 KiB at the least.
const _: () = {
    let parts = size_of::<Actor>() + size_of::<Extras>() + size_of::<Vec<u8>>();
    let record = (parts + ARGS_MAX_BYTES + (64 << 10)) as u64;
    assert!(record <= overhead_bytes(Shape::Handler));
    assert!(record + Stack::BYTES as u64 <= overhead_bytes(Shape::Main));
};

/// What an actor costs the kernel besides its table and what its meter counts, in bytes.
fn record_bytes(profile: &Profile, has_extras: bool) -> usize {
    let stack = if profile.shape == Shape::Main { Stack::BYTES } else { 0 };
    let extras = if has_extras { size_of::<Extras>() } else { 0 };
    size_of::<Actor>() + profile.args.heap_bytes() + stack + extras
}

/// What an actor has from the beginning on of what most do without.
fn extras(account: &Account, lineage: Option<Lineage>) -> Result<Once<Box<Extras>>, Error> {
    let made = fallible::own(Extras::default())?;
    if account.is_metered() {
        made.purse.call_once(Purse::default);
    }
    if let Some(lineage) = lineage {
        made.lineage.call_once(|| lineage);
    }
    let extras = Once::new();
    extras.call_once(|| made);
    Ok(extras)
}

fn fill_table(slots_max: u32, caps: Vec<(SlotName, Capability)>) -> Result<Table, Error> {
    let mut table = Table::new(slots_max);
    let mut reservation = table.reserve(u32::try_from(caps.len()).map_err(|_| Error::TableFull)?)?;
    for (name, capability) in caps {
        table.fill(&mut reservation, capability, name).map_err(|_| Error::TableFull)?;
    }
    Ok(table)
}

fn find_own_endpoint(table: &Table) -> Result<(Arc<Endpoint>, Proof), Error> {
    // Looked at and not used: the handler has done nothing with it yet.
    let first = table.get(Handle::OWN_ENDPOINT).map_err(|_| Error::InvalidArgument)?;
    match first.object() {
        // A handler rests without a deadline and receives as often as messages come: a limit on that would be
        // a way to end it, for which there are better ones.
        Object::Endpoint(_) if first.limits().is_some() => Err(Error::InvalidArgument),
        Object::Endpoint(endpoint) if first.rights().contains(Rights::RECEIVE) => {
            Ok((endpoint.clone(), first.check().map_err(|_| Error::InvalidArgument)?.proof()))
        }
        _ => Err(Error::InvalidArgument),
    }
}
