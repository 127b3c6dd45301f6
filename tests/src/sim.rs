//! The simulated machine's driver: plays the virtual cores of one kernel in an order drawn from a seed.
//!
//! Owns whose turn it is and the trace of what happened. The core whose clock is least goes first,
//! now and then another one; a core that found nothing to do sleeps until its deadline or a kick, and
//! wakes no earlier than the clock of who kicked it. The same kernel, seed and scenario give the same
//! trace. One a thread, since the machine underneath is the thread's own.

use core::time::Duration;
use khal::cpu::CoreId;
use khal::host::sim;
use khal::time::Instant;
use std::sync::Arc;
use tessera_abi::image::Image;
use tessera_core::kernel::{Config, Kernel};
use tessera_core::sched::core::Step;
use tessera_scenarios::Flawed;

/// One turn: the core, its clock in ns after it, and the actor it ran, 0 for none.
pub type Turn = (usize, u64, u64);

/// See the module.
pub struct World {
    /// The kernel that is played.
    pub kernel: Arc<Kernel>,
    /// Every turn so far.
    pub trace: Vec<Turn>,
    /// The last of what was written to the console.
    pub output: Vec<u8>,
    asleep: Vec<Option<Instant>>,
    dice: u64,
}

/// Taken before anything is counted, so that scenarios which compare the heap's figures do not find
/// the driver's own growth in them; pages that are not written cost nothing.
const TRACE_TURNS: usize = 1 << 20;
const OUTPUT_BYTES: usize = 1 << 20;

impl World {
    /// A machine of `cores` cores with a kernel of its own on `image`.
    pub fn new(cores: usize, seed: u64, image: Image<'static>) -> Self {
        sim::begin(cores, seed);
        let config = Config {
            seed,
            quantum_jitter: true,
            quantum_fuel: 4_000,
            // Short slices in slow time: many switches for little of the host's time, even when a unit
            // of fuel is the filling of a mebibyte.
            slice: Duration::from_millis(1),
            fuel_ns: 100,
            stacks_max: 80,
            ..Config::default()
        };
        let engine = Box::new(Flawed(tessera_wasm::Interpreter::new()));
        let kernel = Kernel::new(cores, config, image, engine, tessera_hostcall::host_calls);
        World {
            kernel,
            trace: Vec::with_capacity(TRACE_TURNS),
            output: Vec::with_capacity(OUTPUT_BYTES),
            asleep: vec![None; cores],
            dice: seed.wrapping_mul(2) | 1,
        }
    }

    /// Plays one turn; false when every core sleeps without a deadline.
    pub fn turn(&mut self) -> bool {
        self.wake_kicked();
        let Some(core) = self.next_awake().or_else(|| self.wake_earliest()) else { return false };
        let Some(id) = CoreId::new(core) else { return false };
        sim::enter_core(id);
        let step = self.kernel.step(id);
        let ran = match step {
            Step::Ran(actor) => {
                // A turn takes time even when the actor took none: otherwise two that hand the core
                // to and fro would stop the clock.
                khal::time::pass(Duration::from_nanos(100));
                actor.bits()
            }
            Step::Idle(until) => {
                self.sleep(core, until);
                0
            }
        };
        self.trace.push((core, sim::time(id).as_nanos(), ran));
        self.keep_output();
        true
    }

    fn keep_output(&mut self) {
        let new = sim::take_output();
        if self.output.len() + new.len() > OUTPUT_BYTES {
            self.output.clear();
        }
        self.output.extend_from_slice(&new);
    }

    fn sleep(&mut self, core: usize, until: Instant) {
        if let Some(place) = self.asleep.get_mut(core) {
            *place = Some(until);
        }
    }

    fn roll(&mut self) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice
    }

    fn clock(core: usize) -> Instant {
        CoreId::new(core).map_or(Instant::ZERO, sim::time)
    }

    fn wake_kicked(&mut self) {
        let awake = (0..self.asleep.len()).filter(|core| self.asleep.get(*core) == Some(&None));
        let least = awake.map(Self::clock).min();
        for (core, place) in self.asleep.iter_mut().enumerate() {
            let Some(id) = CoreId::new(core) else { continue };
            let due = place.is_some_and(|until| least.is_some_and(|least| until <= least));
            if place.is_some() && (sim::kicked(id) || due) {
                let until = place.take().filter(|until| *until != Instant::NEVER);
                let at = if sim::kicked(id) { least.or(until) } else { until };
                sim::set_time(id, at.unwrap_or(Instant::ZERO));
            }
        }
    }

    fn next_awake(&mut self) -> Option<usize> {
        let awake: Vec<usize> =
            (0..self.asleep.len()).filter(|core| self.asleep.get(*core) == Some(&None)).collect();
        if self.roll().is_multiple_of(8) {
            let lot = self.roll() as usize;
            return awake.get(lot.checked_rem(awake.len())?).copied();
        }
        awake.into_iter().min_by_key(|core| Self::clock(*core))
    }

    /// All sleep: time jumps to the first deadline.
    fn wake_earliest(&mut self) -> Option<usize> {
        let sleepers = self.asleep.iter().enumerate();
        let until = |(core, until): (usize, &Option<Instant>)| until.map(|until| (until, core));
        let (until, core) = sleepers.filter_map(until).min()?;
        if until == Instant::NEVER {
            return None;
        }
        sim::set_time(CoreId::new(core)?, until);
        *self.asleep.get_mut(core)? = None;
        Some(core)
    }
}
