//! What idle handlers hold of the kernel's heap, and how fast many come and go.
//!
//! The linear memory is left out of what one holds; its store, actor, table, endpoint and queue are in it. One
//! sample: bytes are no matter of luck.

use std::sync::Arc;
use std::time::{Duration, Instant};

use khal::cpu::CoreId;
use tessera_abi::{Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::actor::spawn::spawn;
use tessera_core::cap::Capability;
use tessera_core::kernel::Kernel;
use tessera_core::sched::core::Step;
use tessera_figures::Figure;
use tessera_scenarios::Failure;
use tessera_scenarios::stage::{endpoint, request};

const HANDLERS: usize = 2000;
/// A handler in 16 KiB of linear memory.
const MODULE: &str = "adder_small";
const LINEAR_BYTES: f64 = 16384.0;

/// Bytes for each of many handlers that wait.
pub fn handlers(kernel: &Arc<Kernel>) -> Result<Figure, Failure> {
    let mut kept = Vec::with_capacity(HANDLERS);
    let before = khal::heap::stats().bytes;
    rest(kernel, &mut kept)?;
    let each = (khal::heap::stats().bytes - before) as f64 / HANDLERS as f64 - LINEAR_BYTES;
    end(kernel, &kept);
    Ok(Figure::new("an idle handler, besides its linear memory", "bytes", vec![each]))
}

/// How long so many take to be spawned and to rest, and to be killed and to end, and what they hold in all.
pub fn many(kernel: &Arc<Kernel>, count: usize) -> Result<[Figure; 3], Failure> {
    let mut kept = Vec::with_capacity(count);
    let before = khal::heap::stats().bytes;
    let began = Instant::now();
    rest(kernel, &mut kept)?;
    let spawned = began.elapsed();
    let held = khal::heap::stats().bytes - before;
    let began = Instant::now();
    end(kernel, &kept);
    let ended = began.elapsed();
    let each = |span: Duration| vec![span.as_nanos() as f64 / count as f64];
    Ok([
        Figure::new(format!("{count} idle handlers: to spawn and to rest, each"), "ns", each(spawned)),
        Figure::new(format!("{count} idle handlers: to end, each"), "ns", each(ended)),
        Figure::new(
            format!("{count} idle handlers, with 16 KiB of linear memory each"),
            "MiB",
            vec![held as f64 / 1048576.0],
        ),
    ])
}

/// Spawns handlers until `kept` is full, and lets them come to rest.
fn rest(kernel: &Arc<Kernel>, kept: &mut Vec<(Arc<Actor>, Capability)>) -> Result<(), Failure> {
    while kept.len() < kept.capacity() {
        let door = endpoint(2)?;
        let caps = vec![door.derive(Rights::ALL, 0)?];
        kept.push((spawn(kernel, request(MODULE, Shape::Handler, Priority::Normal, caps))?, door));
    }
    settle(kernel);
    Ok(())
}

fn end(kernel: &Kernel, handlers: &[(Arc<Actor>, Capability)]) {
    handlers.iter().for_each(|(handler, _)| handler.kill());
    settle(kernel);
}

/// Turns the loop until nothing is ready.
fn settle(kernel: &Kernel) {
    while let Step::Ran(_) = kernel.step(CoreId::BOOT) {}
}
