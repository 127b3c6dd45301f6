//! The kernel's program: from the machine's description to the per-core loop.
//!
//! Owns the one [`Kernel`] of an image and what the options line may choose. It assembles and does
//! not decide: it checks the ramdisk, starts the manifest's first actor with the first capability of
//! every authority, and lets every core turn its loop. When that actor ends, so does the machine, with
//! its exit code as the status. The same program runs on bare metal and as a Linux process.
#![no_std]
#![no_main]

extern crate alloc;

mod options;
mod root;

use alloc::boxed::Box;
use alloc::sync::Arc;
use khal::boot::Machine;
use khal::cpu::{self, CoreId};
use khal::time::Instant;
use spin::Once;
use tessera_abi::image::Image;
use tessera_abi::{Amounts, Resource, Text};
use tessera_core::actor::Actor;
use tessera_core::kernel::{Config, Kernel};
use tessera_core::sched::core::Step;

khal::entry!(boot);

/// The status of a machine that could not start its first actor.
const CANNOT_START: u8 = 2;

/// The kernel keeps one part in so many of the machine's memory from all accounts.
const KERNEL_SHARE: u64 = 16;

struct System {
    kernel: Arc<Kernel>,
    root: Arc<Actor>,
}

static SYSTEM: Once<System> = Once::new();

fn boot(machine: Machine) -> ! {
    let config = options::parse(machine.options).unwrap_or_else(|wrong| give_up(wrong.text().as_str()));
    let config = Config { amounts: amounts(&machine), ..config };
    let image = Image::parse(machine.ramdisk).unwrap_or_else(|error| {
        give_up(text(format_args!("the ramdisk is no image: {error}")).as_str());
    });
    let engine = Box::new(tessera_wasm::Interpreter::new());
    let kernel = Kernel::new(machine.cores, config, image, engine, tessera_hostcall::host_calls);
    announce(&machine, &kernel);
    let root = root::start(&kernel).unwrap_or_else(|wrong| give_up(wrong.text().as_str()));
    SYSTEM.call_once(|| System { kernel, root });
    khal::boot::start_cores(turn)
}

/// What the machine's account has: all memory but a part of the kernel's own, and no limits besides.
fn amounts(machine: &Machine) -> Amounts {
    let memory = machine.memory_bytes - machine.memory_bytes / KERNEL_SHARE;
    Amounts::MOST.with(Resource::Memory, memory)
}

fn announce(machine: &Machine, kernel: &Kernel) {
    let megabytes = machine.memory_bytes >> 20;
    let engine = kernel.modules().engine_name();
    let cores = machine.cores;
    say(format_args!("Tessera: {cores} cores, {megabytes} MiB, {engine}"));
}

/// A core's whole life.
fn turn(core: CoreId) -> ! {
    let Some(system) = SYSTEM.get() else { give_up("the cores were started before the kernel") };
    loop {
        match system.kernel.step(core) {
            // On whichever core it ends: no other would be woken by it.
            Step::Ran(actor) if actor == system.root.id() => root::end_with_it(&system.root),
            Step::Ran(_) => {}
            Step::Idle(until) => cpu::idle((until != Instant::NEVER).then_some(until)),
        }
    }
}

fn say(what: core::fmt::Arguments<'_>) {
    khal::console::write(text(what).as_str().as_bytes());
    khal::console::write(b"\r\n");
}

fn text(what: core::fmt::Arguments<'_>) -> Text<256> {
    let mut text = Text::EMPTY;
    // A cut line is still the best there is to tell.
    let _cut = core::fmt::Write::write_fmt(&mut text, what);
    text
}

/// Says why there is nothing to run, and ends the machine.
fn give_up(why: &str) -> ! {
    say(format_args!("tessera cannot start: {why}"));
    khal::power::exit(CANNOT_START)
}
