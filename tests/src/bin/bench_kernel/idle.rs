//! What an idle handler holds of the kernel's heap.
//!
//! Its linear memory of 64 KiB is left out; its store, actor, table, endpoint and queue are in it. One
//! sample: bytes are no matter of luck.

use std::sync::Arc;

use khal::cpu::CoreId;
use tessera_abi::{Priority, Rights, Shape};
use tessera_core::actor::spawn::spawn;
use tessera_core::kernel::Kernel;
use tessera_core::sched::core::Step;
use tessera_figures::Figure;
use tessera_scenarios::Failure;
use tessera_scenarios::stage::{endpoint, request};

const HANDLERS: usize = 2000;
const LINEAR_BYTES: f64 = 65536.0;

/// Bytes for each of many handlers that wait.
pub fn handlers(kernel: &Arc<Kernel>) -> Result<Figure, Failure> {
    let mut kept = Vec::with_capacity(HANDLERS);
    let before = khal::heap::stats().bytes;
    for _ in 0..HANDLERS {
        let door = endpoint(2)?;
        let caps = vec![door.derive(Rights::ALL, 0)?];
        kept.push((spawn(kernel, request("adder", Shape::Handler, Priority::Normal, caps))?, door));
    }
    settle(kernel);
    let each = (khal::heap::stats().bytes - before) as f64 / HANDLERS as f64 - LINEAR_BYTES;
    kept.iter().for_each(|(server, _)| server.kill());
    settle(kernel);
    Ok(Figure::new("an idle handler, besides its linear memory", "bytes", vec![each]))
}

/// Turns the loop until nothing is ready.
fn settle(kernel: &Kernel) {
    while let Step::Ran(_) = kernel.step(CoreId::BOOT) {}
}
