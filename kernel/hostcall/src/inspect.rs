//! What the machine tells about itself.
//!
//! Figures are gathered one after the other, each right by itself; together they are not one moment's.
//! Locks: `REGISTRY`, one actor's `TABLE` and `END`, `TIMERS`, `STACKS`, `MODULES`, `LEDGER`, each alone.

use crate::claim::claims;
use crate::context::{Context, Refusal};
use crate::limits::left;
use crate::own::info;
use alloc::sync::Arc;
use khal::cpu::CoreId;
use khal::sync::atomic::Ordering;
use tessera_abi::inspect::{
    ActorRecord, CapabilityRecord, CoreRecord, EndpointRecord, MachineRecord, Subject,
};
use tessera_abi::{
    AccountRecord, ActivityRecord, ActorState, EndReason, Error, Handle, LatencyRecord, LineageRecord, Name,
    ObjectKind, PulseRecord, Rights, SlotName, Spell, TraceRecord,
};
use tessera_core::actor::{Actor, ActorId, Lineage, Silence, Spent};
use tessera_core::cap::{Capability, Object};
use tessera_core::ipc::{Endpoint, Latencies};
use tessera_core::kernel::Kernel;
use tessera_core::sched::levels::Ready;

/// Bytes in a page frame (SDM vol. 3, 4.5: the smallest page).
const FRAME_BYTES: u32 = 4096;

pub fn inspect(context: &mut Context<'_>, claim: claims::Inspect) -> Result<u64, Refusal> {
    context.may(claim.system, ObjectKind::System, Rights::INSPECT)?;
    let kernel = context.actor.kernel().clone();
    match Subject::from_number(claim.subject).ok_or(Error::InvalidArgument)? {
        Subject::Machine => put(context, &claim, &machine(&kernel, claim.index)?.encode()),
        Subject::Core => put(context, &claim, &core(&kernel, claim.index)?.encode()),
        Subject::Actor => put(context, &claim, &actor(&kernel, claim.index)?.encode()),
        Subject::Pulse => {
            let (place, actor) = next_actor(&kernel, claim.index)?;
            put(context, &claim, &pulse(place, &actor).encode())
        }
        Subject::Lineage => {
            let (place, actor) = next_actor(&kernel, claim.index)?;
            put(context, &claim, &lineage(place, &actor).encode())
        }
        Subject::Capability => put(context, &claim, &capability(&kernel, claim.index)?.encode()),
        Subject::Limits => {
            put(context, &claim, &at_index(&kernel, claim.index, |_, _, held| left(held))?.encode())
        }
        Subject::Trace => {
            let (core, number) = TraceRecord::parts(claim.index);
            put(context, &claim, &kernel.trace().read(core, number).ok_or(Error::NotFound)?.encode())
        }
        Subject::Account => put(context, &claim, &account(&kernel, claim.index)?.encode()),
        Subject::Endpoint => put(context, &claim, &endpoint(&kernel, claim.index)?.encode()),
        Subject::Latency => put(context, &claim, &latency(&kernel, claim.index)?.encode()),
        Subject::Activity => put(context, &claim, &activity(&kernel, claim.index)?.encode()),
        Subject::Stats if claim.index == 0 => put(context, &claim, &kernel.stats().record().encode()),
        Subject::Stats => Err(Error::NotFound.into()),
    }
}

fn put(context: &mut Context<'_>, claim: &claims::Inspect, record: &[u8]) -> Result<u64, Refusal> {
    if record.len() > claim.capacity as usize {
        return Err(Error::TooLong.into());
    }
    context.write(claim.buffer, record)?;
    Ok(record.len() as u64)
}

fn machine(kernel: &Kernel, index: u64) -> Result<MachineRecord, Error> {
    if index != 0 {
        return Err(Error::NotFound);
    }
    let heap = khal::heap::stats();
    let stacks = kernel.scheduler().stacks().figures();
    let cores = khal::cpu::all().map(|id| kernel.scheduler().core(id));
    let timers = cores.map(|core| core.timers().len()).sum::<usize>();
    Ok(MachineRecord {
        uptime_ns: khal::time::now().as_nanos(),
        cores: kernel.scheduler().core_count() as u32,
        actors: kernel.registry().living() as u32,
        heap_bytes: heap.bytes as u64,
        heap_blocks: heap.live as u64,
        frames_free: heap.frames_free as u64,
        frames_total: heap.frames_total as u64,
        frame_bytes: FRAME_BYTES,
        stacks: (stacks.lent + stacks.idle) as u32,
        stacks_free: stacks.idle as u32,
        stack_high_water_bytes: stacks.deepest_bytes as u32,
        capabilities: tessera_core::cap::capability::living() as u32,
        endpoints: tessera_core::ipc::endpoint::living() as u32,
        timers: timers as u32,
        modules: kernel.modules().parsed() as u32,
    })
}

fn core(kernel: &Kernel, index: u64) -> Result<CoreRecord, Error> {
    let index = usize::try_from(index).map_err(|_| Error::NotFound)?;
    let id = CoreId::new(index).filter(|_| index < kernel.scheduler().core_count()).ok_or(Error::NotFound)?;
    let core = kernel.scheduler().core(id);
    let machine = khal::cpu::stats(id);
    Ok(CoreRecord {
        index: index as u32,
        queued: core.queued() as u32,
        timer_ticks: machine.timer_ticks,
        switches: core.tally().switches.load(Ordering::Relaxed),
        steals: core.tally().steals.load(Ordering::Relaxed),
        ipis_received: machine.ipis_received,
        ipis_sent: machine.ipis_sent,
        forced_switches: machine.forced_switches,
        deferred_switches: machine.deferred_switches,
        longest_guarded_ns: machine.longest_guarded_ns,
        idle_ns: machine.idle_ns,
        running: core.running(),
    })
}

fn next_actor(kernel: &Kernel, index: u64) -> Result<(u32, Arc<Actor>), Error> {
    let index = u32::try_from(index).map_err(|_| Error::NotFound)?;
    kernel.registry().next_from(index).ok_or(Error::NotFound)
}

pub fn actor_pulse(context: &mut Context<'_>, claim: claims::ActorPulse) -> Result<u64, Refusal> {
    let (target, _) = context.target(claim.actor, Rights::INSPECT)?;
    if target.end().has_come() {
        return Err(Error::NotFound.into());
    }
    let record = pulse(target.id().index(), &target);
    context.write(claim.pulse, &record.encode())?;
    Ok(0)
}

/// Held back from outside, or not begun, an actor is at rest: it cannot get on.
fn pulse(place: u32, actor: &Actor) -> PulseRecord {
    // In this order, against `Actor::resume`: who is seen let go is seen to have beaten then.
    let suspended = actor.state() == ActorState::Suspended;
    let Silence { spell, spell_ns, silent_ns } = actor.pulse().read(khal::time::now());
    let spell = if suspended { Spell::AtRest } else { spell };
    PulseRecord { index: place, spell, reserved: [0; 3], id: actor.id().bits(), spell_ns, silent_ns }
}

fn lineage(place: u32, actor: &Actor) -> LineageRecord {
    let first = LineageRecord::first(place, actor.id().bits());
    let Some(&Lineage { restarts, faults, before, before_end }) = actor.lineage() else { return first };
    LineageRecord { restarts, faults, before: before.bits(), before_end, ..first }
}

fn actor(kernel: &Kernel, index: u64) -> Result<ActorRecord, Error> {
    let (place, actor) = next_actor(kernel, index)?;
    let profile = actor.profile();
    let slots = actor.table().lock().used();
    let end = actor.end().record().map_or(EndReason::Exited(0), |end| end.reason);
    Ok(ActorRecord {
        index: place,
        core: actor.home().index() as u32,
        id: actor.id().bits(),
        name: profile.name,
        module: profile.module,
        state: actor.state(),
        priority: profile.priority,
        shape: profile.shape,
        level: actor.priority(),
        slots,
        cpu_ns: actor.tally().cpu_ns.load(Ordering::Relaxed),
        memory_bytes: actor.meter().used() as u64,
        memory_max_bytes: actor.meter().limit() as u64,
        messages_in: actor.tally().messages_in.load(Ordering::Relaxed),
        messages_out: actor.tally().messages_out.load(Ordering::Relaxed),
        end,
        reserved_end: 0,
    })
}

fn account(kernel: &Kernel, index: u64) -> Result<AccountRecord, Error> {
    let index = u32::try_from(index).map_err(|_| Error::NotFound)?;
    let (_, account) = kernel.account().ledger().next_from(index).ok_or(Error::NotFound)?;
    Ok(crate::account::record(&account))
}

fn activity(kernel: &Kernel, index: u64) -> Result<ActivityRecord, Error> {
    let (place, actor) = next_actor(kernel, index)?;
    let Spent { ready_ns, running_ns, blocked_ns, idle_ns, suspended_ns, bytes_in, bytes_out } =
        actor.spent();
    Ok(ActivityRecord {
        index: place,
        reserved: 0,
        id: actor.id().bits(),
        ready_ns,
        running_ns,
        blocked_ns,
        idle_ns,
        suspended_ns,
        bytes_in,
        bytes_out,
        turns: actor.tally().turns.load(Ordering::Relaxed),
    })
}

/// The index is a slot in the low half and the actor's place in the registry in the high half.
fn at_index<T>(
    kernel: &Kernel,
    index: u64,
    look: impl FnOnce(Handle, SlotName, &Capability) -> T,
) -> Result<T, Error> {
    let holder = holder(kernel, index)?;
    let table = holder.table().lock();
    let (handle, name, capability) = table.next_used(index as u32).ok_or(Error::NotFound)?;
    Ok(look(handle, name, capability))
}

fn capability(kernel: &Kernel, index: u64) -> Result<CapabilityRecord, Error> {
    at_index(kernel, index, |handle, name, capability| CapabilityRecord {
        slot: handle.index(),
        generation: handle.generation(),
        name,
        info: info(capability),
        object: object_id(capability.object()).map_or(0, ActorId::bits),
        target: target(capability.object()),
    })
}

/// The index as for [`capability`].
fn endpoint(kernel: &Kernel, index: u64) -> Result<EndpointRecord, Error> {
    let (slot, endpoint) = next_endpoint(&*holder(kernel, index)?, index as u32).ok_or(Error::NotFound)?;
    let (messages, calls, limits) = (endpoint.counters(), endpoint.calls(), endpoint.limits());
    Ok(EndpointRecord {
        slot,
        policy: limits.policy,
        capacity: limits.capacity,
        high_water: limits.high_water,
        offered: messages.offered,
        delivered: messages.delivered,
        rejected: messages.rejected,
        dropped: messages.dropped,
        withdrawn: messages.withdrawn,
        discarded: messages.discarded,
        queued: messages.queued,
        blocked: messages.blocked,
        calls: calls.begun,
        replied: calls.replied,
        caller_gone: calls.caller_gone,
        callee_gone: calls.callee_gone,
        outstanding: calls.outstanding,
    })
}

/// The index as for [`capability`].
fn latency(kernel: &Kernel, index: u64) -> Result<LatencyRecord, Error> {
    let (slot, endpoint) = next_endpoint(&*holder(kernel, index)?, index as u32).ok_or(Error::NotFound)?;
    let Latencies { endpoint, waits, answers } = endpoint.latencies(kernel.stats().period());
    Ok(LatencyRecord { slot, endpoint, waits, answers })
}

/// The actor whose place is in an index's high half.
fn holder(kernel: &Kernel, index: u64) -> Result<Arc<Actor>, Error> {
    let place = (index >> 32) as u32;
    let found = kernel.registry().next_from(place).filter(|(found, _)| *found == place);
    found.map(|(_, holder)| holder).ok_or(Error::NotFound)
}

/// The first endpoint at or after a slot, and the slot that it is in.
fn next_endpoint(holder: &Actor, from: u32) -> Option<(u32, Arc<Endpoint>)> {
    let table = holder.table().lock();
    let mut slot = from;
    loop {
        let (handle, _, capability) = table.next_used(slot)?;
        if let Object::Endpoint(endpoint) = capability.object() {
            return Some((handle.index(), endpoint.clone()));
        }
        slot = handle.index().checked_add(1)?;
    }
}

fn object_id(object: &Object) -> Option<ActorId> {
    match object {
        Object::Actor(actor) => Some(actor.id()),
        _ => None,
    }
}

fn target(object: &Object) -> Name {
    let name = |actor: &Actor| actor.profile().name;
    match object {
        Object::Actor(actor) => name(actor),
        Object::Account(account) => account.name(),
        _ => Name::EMPTY,
    }
}
