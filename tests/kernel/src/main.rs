//! The kernel as a test image: real cores, real interrupts, the test modules in the ramdisk.
//!
//! The options line names what to show: `scenarios`, one of them by its name (with as many rounds as it
//! takes to believe it), one property of [`properties`], or `figures` and what to measure ([`figures`]).
//! The boot core
//! directs: it makes a kernel, turns its own loop while it waits for what must come to be, and says how
//! it went; the other cores turn the loop of whatever kernel there is. Ends by the exit device, with
//! status 0 if all went well.
#![no_std]
#![no_main]

extern crate alloc;

mod figures;
mod line;
mod properties;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;
use khal::boot::Machine;
use khal::cpu::{self, CoreId};
use khal::time;
use spin::{Mutex, Once};
use tessera_abi::Text;
use tessera_abi::image::Image;
use tessera_core::kernel::{Config, Kernel};
use tessera_core::sched::core::Step;
use tessera_scenarios::{Flawed, SCENARIOS, STORMS, Stage, Verdict};

khal::entry!(boot);

/// Rounds of the scenario that looks for leaks, when it is one of all.
const ROUNDS: usize = 25;
/// Its rounds when it is played alone.
const ROUNDS_ALONE: usize = 1000;

/// What a storm's dice begin with: here the cores' own order is what differs from time to time.
const SEED: u64 = 1;

/// The longest that a core sleeps here, so that it finds the next kernel.
const NAP: Duration = Duration::from_millis(1);

static MACHINE: Once<Machine> = Once::new();
static KERNEL: Mutex<Option<Arc<Kernel>>> = Mutex::new(None);

fn boot(machine: Machine) -> ! {
    MACHINE.call_once(|| machine);
    khal::boot::start_cores(enter)
}

fn enter(core: CoreId) -> ! {
    if core == CoreId::BOOT {
        direct();
    }
    loop {
        let kernel = KERNEL.lock().clone();
        match kernel {
            Some(kernel) => turn(&kernel, core),
            None => cpu::idle(Some(time::now() + NAP)),
        }
    }
}

fn turn(kernel: &Kernel, core: CoreId) {
    if let Step::Idle(until) = line::noted(core, || kernel.step(core)) {
        cpu::idle(Some(until.min(time::now() + NAP)));
    }
}

fn direct() -> ! {
    let Some(machine) = MACHINE.get() else { khal::power::exit(1) };
    let (mut passed, mut failed) = (0, 0);
    let all = machine.options == "scenarios";
    let rounds = if all { ROUNDS } else { ROUNDS_ALONE };
    let mut show =
        |name: &str, config: Config, play: fn(&mut Stage<'_>) -> Verdict| match run(config, play, rounds) {
            Ok(()) => {
                passed += 1;
                say(format_args!("{name}: ok"));
            }
            Err(failure) => {
                failed += 1;
                say(format_args!("{name}: FAILED: {}", failure.0.as_str()));
            }
        };
    for scenario in SCENARIOS.iter().chain(STORMS).filter(|scenario| all || scenario.name == machine.options)
    {
        show(scenario.name, config(), scenario.play);
    }
    for property in properties::PROPERTIES.iter().filter(|property| property.name == machine.options) {
        show(property.name, (property.config)(), property.play);
    }
    if let Some(names) = machine.options.strip_prefix("figures ") {
        (passed, failed) = figures::print(names);
    }
    say(format_args!("on {} cores: {passed} of {} passed", machine.cores, passed + failed));
    khal::power::exit(if failed == 0 && passed > 0 { 0 } else { 1 })
}

fn config() -> Config {
    Config { stacks_max: 80, ..Config::default() }
}

/// Plays on a kernel of its own.
fn run(config: Config, play: fn(&mut Stage<'_>) -> Verdict, rounds: usize) -> Verdict {
    let (Some(machine), Some(image)) = (MACHINE.get(), image()) else {
        return Err(tessera_scenarios::stage::failure(format_args!("the ramdisk is no image")));
    };
    let engine = Box::new(Flawed(tessera_wasm::Interpreter::new()));
    let kernel = Kernel::new(machine.cores, config, image, engine, tessera_hostcall::host_calls);
    run_with(kernel, rounds, play)
}

/// Plays on this kernel, which all cores turn meanwhile.
fn run_with(kernel: Arc<Kernel>, rounds: usize, play: impl FnOnce(&mut Stage<'_>) -> Verdict) -> Verdict {
    *KERNEL.lock() = Some(kernel.clone());
    let turning = kernel.clone();
    let mut run = || {
        turn(&turning, CoreId::BOOT);
        true
    };
    let verdict = play(&mut Stage { kernel, run: &mut run, rounds, seed: SEED });
    *KERNEL.lock() = None;
    verdict
}

fn image() -> Option<Image<'static>> {
    Image::parse(MACHINE.get()?.ramdisk).ok()
}

fn say(what: core::fmt::Arguments<'_>) {
    let mut text = Text::<256>::EMPTY;
    // A cut line is still the best there is to tell.
    let _cut = core::fmt::Write::write_fmt(&mut text, what);
    khal::console::write(text.as_str().as_bytes());
    khal::console::write(b"\r\n");
}
