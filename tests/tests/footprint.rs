//! What an actor that only waits costs the kernel, in bytes of its heap: a count, the same on every machine.
//!
//! A process of its own, since the heap's figures are the whole process's.

use khal::cpu::CoreId;
use tessera_abi::{Priority, Rights, Shape};
use tessera_core::actor::spawn::spawn;
use tessera_core::kernel::{Config, Kernel};
use tessera_core::sched::core::Step;
use tessera_scenarios::stage::{endpoint, request};

const HANDLERS: usize = 64;
const MODULE: &str = "adder";
/// What the module declares.
const LINEAR_BYTES: usize = 64 << 10;
const MOST_BYTES: usize = 4096;

#[test]
fn an_idle_handler_takes_a_page_besides_its_linear_memory() {
    let image = tessera_tests::image::test_image().unwrap();
    let engine = Box::new(tessera_wasm::Interpreter::new());
    let kernel = Kernel::new(1, Config::default(), image, engine, tessera_hostcall::host_calls);
    let handler = || {
        let door = endpoint(2).unwrap();
        let caps = vec![door.derive(Rights::ALL, 0).unwrap()];
        (spawn(&kernel, request(MODULE, Shape::Handler, Priority::Normal, caps)).unwrap(), door)
    };
    let settle = || while let Step::Ran(_) = kernel.step(CoreId::BOOT) {};
    // The first one parses the module, which all share, and makes the stack that all borrow.
    let mut kept = Vec::with_capacity(HANDLERS + 1);
    kept.push(handler());
    settle();
    let before = khal::heap::stats().bytes;
    kept.extend((0..HANDLERS).map(|_| handler()));
    settle();
    let each = (khal::heap::stats().bytes - before) / HANDLERS - LINEAR_BYTES;
    assert!(each <= MOST_BYTES, "{each} bytes");
    kept.iter().for_each(|(actor, _)| actor.kill());
    settle();
}
