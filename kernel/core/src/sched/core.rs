//! The per-core loop, and how actors are made ready.
//!
//! Owns, for each core: its run queue, its deadlines, its figures. [`Scheduler::step`] is one turn of
//! a core's loop: acknowledge kicks, look at devices, end waits whose time has come, take the best
//! ready actor (or steal), run it until its stack is left, publish what became of it (`turn`). The loop
//! holds no lock while an actor runs.
//!
//! Nothing to do: the core notes itself idle, looks once more, and sleeps until its next deadline or
//! a kick. A waker pushes first and then looks who is idle; both sides are SeqCst, so a ready actor
//! and a sleeping core cannot miss each other. The kick itself is sticky (`khal::cpu`).
//!
//! Locks: `QUEUE`, `TIMERS`, each alone.

use super::per_core::Core;
use super::stacks::Stacks;
use crate::actor::{Actor, ActorId, add_to};
use crate::kernel::Config;
use crate::sched::gate::Cause;
use crate::sched::levels::{self, Ready};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;
use khal::cpu::{self, CoreId};
use khal::sync::atomic::{AtomicU64, Ordering};
use khal::time::Instant;
use tessera_abi::ActorState;

/// Where an actor that is made ready goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The core that it ran on last.
    Home,
    /// This core, before its equals: whoever makes it ready is about to wait for it.
    Here,
    /// The core with the shortest queue: it has not run anywhere yet.
    Spread,
}

/// What one turn of the loop did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// It ran this actor.
    Ran(ActorId),
    /// There was nothing to run; the next deadline is then, or never.
    Idle(Instant),
}

/// See the module.
#[derive(Debug)]
pub struct Scheduler {
    cores: Box<[Core]>,
    stacks: Stacks,
    /// A bit for each core that has found nothing to do.
    idle: AtomicU64,
    pub(super) slice: Duration,
    quantum: u32,
    quantum_jitter: bool,
}

impl Scheduler {
    /// A scheduler for `cores` cores (1 to 64). For the kernel's start: allocates as it likes.
    pub fn new(cores: usize, config: &Config) -> Self {
        let dice = |core: u8| config.seed.wrapping_add(core.into()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Scheduler {
            cores: (0..cores as u8).map(|core| Core::new(core, dice(core))).collect(),
            stacks: Stacks::new(config.stacks_max),
            idle: AtomicU64::new(0),
            slice: config.slice,
            quantum: config.quantum_fuel,
            quantum_jitter: config.quantum_jitter,
        }
    }

    /// The pool of kernel stacks.
    pub fn stacks(&self) -> &Stacks {
        &self.stacks
    }

    /// How many cores there are.
    pub fn core_count(&self) -> usize {
        self.cores.len()
    }

    /// One core's part. A number past the last means core 0, which always exists.
    pub fn core(&self, id: CoreId) -> &Core {
        match self.cores.get(id.index()) {
            Some(core) => core,
            None => self.boot_core(),
        }
    }

    #[expect(clippy::indexing_slicing, reason = "a machine has at least one core")]
    fn boot_core(&self) -> &Core {
        &self.cores[0]
    }

    /// The fuel of the next quantum: fixed, or drawn anew where a simulation asks for variety.
    pub fn quantum(&self) -> u32 {
        if !self.quantum_jitter {
            return self.quantum;
        }
        let roll = self.core(cpu::current()).roll();
        let span = u64::from(self.quantum);
        (span / 4 + roll % span) as u32
    }

    /// Makes an actor ready that nobody else can reach.
    pub(crate) fn make_ready(&self, actor: Arc<Actor>, place: Place) {
        actor.measure_ready(None);
        self.enqueue(actor, place);
    }

    /// Puts an actor that is being made ready into a run queue and sees to it that a core looks.
    pub(crate) fn enqueue(&self, actor: Arc<Actor>, place: Place) {
        let here = khal::sync::PreemptGuard::new();
        let current = cpu::current();
        let target = match place {
            Place::Here if actor.may_move() => current,
            Place::Here | Place::Home => actor.home(),
            Place::Spread => self.shortest(current),
        };
        actor.note_state(ActorState::Ready);
        if place == Place::Here && target == current && !self.core(target).slice_is_over() {
            self.core(target).handed.store(actor.id().bits(), Ordering::Relaxed);
            let level = self.core(target).queue.push_first(actor) as u8;
            // A caller is about to wait, but whoever answers goes on running: who is above it is not
            // to wait for its slice.
            if level < self.core(target).level.load(Ordering::SeqCst) {
                cpu::kick(target);
            }
            return;
        }
        let level = self.core(target).queue.push(actor) as u8;
        // SeqCst, after the push: see the module.
        let idle = self.idle.load(Ordering::SeqCst);
        let runs = self.core(target).level.load(Ordering::SeqCst);
        if level < runs || idle & 1 << target.index() != 0 {
            cpu::kick(target);
        } else if let Some(sleeper) = CoreId::new(idle.trailing_zeros() as usize) {
            cpu::kick(sleeper);
        }
        drop(here);
    }

    /// Moves an actor whose priority has changed to its place among the ready. One that runs elsewhere gets there
    /// when it has run; one that is on no core and in no queue finds it when it is made ready.
    pub(crate) fn settle(&self, actor: &Arc<Actor>) {
        let _here = khal::sync::PreemptGuard::new();
        let Some(id) = actor.spot().last_core().and_then(|number| CoreId::new(number.into())) else { return };
        let core = self.core(id);
        if let Some(level) = core.queue.settle(actor) {
            if (level as u8) < core.level.load(Ordering::SeqCst) {
                cpu::kick(id);
            }
            return;
        }
        let core = self.core(cpu::current());
        // Of itself: whoever it makes ready next is measured against what it is now.
        if core.running() == actor.id().bits() {
            let level = levels::index(actor.priority());
            core.level.store(level as u8, Ordering::SeqCst);
            // And whoever was ready before it and waits here is above it now.
            if core.queue.has_above(level) {
                cpu::kick(cpu::current());
            }
        }
    }

    fn shortest(&self, current: CoreId) -> CoreId {
        let load = |id: &CoreId| {
            let core = self.core(*id);
            let busy = usize::from(core.running() != 0 && *id != current);
            core.queued() + busy
        };
        let ids = (0..self.cores.len()).filter_map(CoreId::new);
        ids.min_by_key(load).unwrap_or(current)
    }

    /// One turn of a core's loop; `id` is the core that calls it.
    pub fn step(&self, id: CoreId) -> Step {
        let core = self.core(id);
        // From here on a kick asks the next actor to give way at once: what it announces may have
        // been pushed after the pick below. In this order, as a kick between the two is seen by the
        // pick, and the next one is fresh again.
        cpu::clear_resched();
        cpu::acknowledge_kick();
        let now = core.turn_begins();
        self.end_due_waits(core, now);
        let Some(actor) = self.pick(id) else { return self.rest(id, now) };
        // Written only when it changes: all cores share the word, and most turns begin busy.
        let bit = 1 << id.index();
        let idle = self.idle.load(Ordering::SeqCst);
        if idle & bit != 0 {
            self.idle.fetch_and(!bit, Ordering::SeqCst);
        }
        if core.queued() > 0 {
            self.rouse(idle & !bit);
        }
        self.run(id, actor, now)
    }

    /// More is ready than this core can run: let one sleeper come and steal.
    fn rouse(&self, sleepers: u64) {
        if let Some(sleeper) = CoreId::new(sleepers.trailing_zeros() as usize) {
            cpu::kick(sleeper);
        }
    }

    fn end_due_waits(&self, core: &Core, now: Instant) {
        while let Some(entry) = core.timers.pop_due(now) {
            if let Some(claim) = entry.thing.gate().claim(entry.ticket) {
                entry.thing.wake(claim.fire(Cause::TimedOut), Place::Home);
            }
        }
    }

    fn pick(&self, id: CoreId) -> Option<Arc<Actor>> {
        let core = self.core(id);
        if let Some(actor) = core.queue.owner().pop() {
            return Some(actor);
        }
        let count = self.cores.len();
        let first = core.roll() as usize % count;
        for at in 0..count {
            let victim = CoreId::new((first + at) % count)?;
            if victim == id {
                continue;
            }
            let stolen = self.core(victim).queue.thief().steal_into(&core.queue);
            if stolen > 0 {
                add_to(&core.tally.steals, stolen as u64);
                return core.queue.owner().pop();
            }
        }
        None
    }

    /// Notes this core idle and looks once more for what was pushed before others could see that.
    fn rest(&self, id: CoreId, now: Instant) -> Step {
        let bit = 1 << id.index();
        self.idle.fetch_or(bit, Ordering::SeqCst);
        match self.pick(id) {
            Some(actor) => {
                let sleepers = self.idle.fetch_and(!bit, Ordering::SeqCst) & !bit;
                if self.core(id).queued() > 0 {
                    self.rouse(sleepers);
                }
                self.run(id, actor, now)
            }
            None => Step::Idle(self.core(id).timers.earliest()),
        }
    }
}
