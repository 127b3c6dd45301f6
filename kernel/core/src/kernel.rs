//! The kernel as one value: its parts, and nothing global.
//!
//! Owns the machine's account, the scheduler, the registry, the modules, the log, the trace, the statistics' switch, the
//! console's waiter. There is one in an image; a test makes as many as it likes. It decides nothing itself.

use crate::account::Account;
use crate::actor::Actor;
use crate::actor::registry::Registry;
use crate::cap::{Capability, Object};
use crate::console::Console;
use crate::engine::{Engine, HostCalls};
use crate::log::{Log, Writer};
use crate::modules::Modules;
use crate::random::Random;
use crate::sched::core::{Scheduler, Step};
use crate::stats::Stats;
use crate::trace::Trace;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use khal::cpu::CoreId;
use khal::sync::atomic::{AtomicU64, Ordering};
use tessera_abi::image::Image;
use tessera_abi::{Amounts, Error, Level, Name, ObjectKind, SlotName};

/// What can be chosen about a kernel.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long an actor may run while others wait.
    pub slice: Duration,
    /// Fuel of one quantum: how often an actor looks whether it should stop or give way.
    pub quantum_fuel: u32,
    /// Draw each quantum anew, from a quarter to one and a quarter of `quantum_fuel`: for simulations.
    pub quantum_jitter: bool,
    /// What one unit of fuel takes of virtual time, in ns; means nothing on a real clock.
    pub fuel_ns: u32,
    /// Seed of everything that is drawn by lot.
    pub seed: u64,
    /// Kernel stacks at the most.
    pub stacks_max: usize,
    /// Actors at the most.
    pub actors_max: usize,
    /// What parsing one module may charge, in bytes.
    pub module_charge_max_bytes: usize,
    /// What the machine's account has.
    pub amounts: Amounts,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            slice: Duration::from_millis(10),
            quantum_fuel: 50_000,
            quantum_jitter: false,
            fuel_ns: 10,
            seed: 1,
            stacks_max: 1024,
            actors_max: 131_072,
            module_charge_max_bytes: 64 << 20,
            amounts: Amounts::MOST,
        }
    }
}

/// Answers actors' host calls: made by the crate above, one an instance.
pub type HostFactory = fn(&Arc<Actor>) -> Result<Arc<dyn HostCalls>, Error>;

/// See the module.
pub struct Kernel {
    config: Config,
    account: Arc<Account>,
    scheduler: Scheduler,
    registry: Registry,
    modules: Modules,
    image: Image<'static>,
    log: Log,
    trace: Trace,
    stats: Stats,
    console: Console,
    random: Random,
    host: HostFactory,
    leaks: AtomicU64,
    revocations: AtomicU64,
}

impl Kernel {
    /// A kernel for `cores` cores that runs the modules of `image` on `engine`.
    pub fn new(
        cores: usize,
        config: Config,
        image: Image<'static>,
        engine: Box<dyn Engine>,
        host: HostFactory,
    ) -> Arc<Self> {
        Arc::new(Kernel {
            account: Account::machine(Name::new_truncated("machine"), &config.amounts),
            scheduler: Scheduler::new(cores.max(1), &config),
            registry: Registry::new(config.actors_max),
            modules: Modules::new(engine, image, config.module_charge_max_bytes),
            image,
            log: Log::new(),
            trace: Trace::new(cores.max(1)),
            stats: Stats::new(),
            console: Console::new(),
            random: Random::new(),
            host,
            leaks: AtomicU64::new(0),
            revocations: AtomicU64::new(0),
            config,
        })
    }

    /// What was chosen.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The machine's account, out of which all others are.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// The scheduler.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// All actors.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The modules.
    pub fn modules(&self) -> &Modules {
        &self.modules
    }

    /// The packed image.
    pub fn image(&self) -> &Image<'static> {
        &self.image
    }

    /// The trace.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Whether statistics are kept.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The console's reader.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// The generator of random bytes.
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// How many actors have ended without giving back all that was charged to them: always 0,
    /// unless there is a bug to be found.
    pub fn leaks(&self) -> u64 {
        self.leaks.load(Ordering::Relaxed)
    }

    /// One turn of a core's loop.
    pub fn step(&self, core: CoreId) -> Step {
        if core == CoreId::BOOT {
            self.console.look();
        }
        self.scheduler.step(core)
    }

    /// The number of the next revocation, never 0.
    pub(crate) fn next_revocation(&self) -> u64 {
        self.revocations.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn host_calls(&self, actor: &Arc<Actor>) -> Result<Arc<dyn HostCalls>, Error> {
        (self.host)(actor)
    }

    pub(crate) fn note_leak(&self, actor: &Arc<Actor>) {
        self.leaks.fetch_add(1, Ordering::Relaxed);
        let live = actor.meter().live();
        let name = actor.profile().name;
        let what = format_args!("{} left {live} allocations behind", name.as_str());
        self.log.write(Level::Warn, Writer::kernel(), what);
    }

    /// The first capability of every authority of the kernel itself and of the machine's account, by the name of
    /// its kind: what the first actor gets. Everybody else's comes from there.
    ///
    /// # Errors
    /// `NoMemory`.
    pub fn first_capabilities(&self) -> Result<Vec<(SlotName, Capability)>, Error> {
        let kinds = [
            ObjectKind::Log,
            ObjectKind::Clock,
            ObjectKind::Random,
            ObjectKind::Factory,
            ObjectKind::Spawner,
            ObjectKind::Console,
            ObjectKind::Image,
            ObjectKind::System,
            ObjectKind::Port,
        ];
        let authorities = kinds.into_iter().map(Object::authority);
        let account = Object::Account(self.account.clone());
        let first = |object: Result<Object, Error>| {
            let capability = Capability::first(object?)?;
            Ok((SlotName::new_truncated(capability.object().kind().name()), capability))
        };
        authorities.chain([Ok(account)]).map(first).collect()
    }
}

impl core::fmt::Debug for Kernel {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "kernel of {} cores", self.scheduler.core_count())
    }
}
