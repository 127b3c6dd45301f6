//! The kernel's own figures, native, on one core: `bench_kernel [OUT.json]` prints a table and writes JSON.
//!
//! The kernel's loop is turned by this thread on the host's real backend (no simulation), with the real
//! engine. Each row is measured in batches: the least, median, 95th percentile and most of the batches'
//! means, and how many batches. Figures are no tests; compare them within one run only.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;
use std::{env, fs, io};

use khal::cpu::CoreId;
use khal::thread::{Pause, Returned, Stack, Thread};
use tessera_abi::{Error, Priority, Rights, Shape};
use tessera_core::actor::Actor;
use tessera_core::actor::spawn::spawn;
use tessera_core::cap::Capability;
use tessera_core::kernel::{Config, Kernel};
use tessera_core::sched::core::Step;
use tessera_scenarios::stage::{endpoint, request};

const BATCHES: usize = 200;
const CALLS_A_CLIENT: u32 = 100;
const HANDLERS: usize = 2000;

/// One row: a name, and the batches' means in its unit.
struct Row {
    name: &'static str,
    unit: &'static str,
    values: Vec<f64>,
}

fn main() -> io::Result<()> {
    let rows = measure().map_err(|error| io::Error::other(error.name()))?;
    let (mut table, mut json) = (String::new(), Vec::new());
    let _never_fails = writeln!(
        table,
        "{:44} {:>5} {:>9} {:>9} {:>9} {:>9} {:>6}",
        "", "unit", "min", "median", "p95", "max", "n"
    );
    for row in &rows {
        let [min, median, p95, max] = quantiles(&row.values);
        let (name, unit, n) = (row.name, row.unit, row.values.len());
        let _never_fails =
            writeln!(table, "{name:44} {unit:>5} {min:9.0} {median:9.0} {p95:9.0} {max:9.0} {n:6}");
        json.push(format!(
            "  {{\"name\": \"{name}\", \"unit\": \"{unit}\", \"min\": {min:.1}, \"median\": {median:.1}, \
             \"p95\": {p95:.1}, \"max\": {max:.1}, \"n\": {n}}}"
        ));
    }
    print!("{table}");
    match env::args_os().nth(1) {
        Some(out) => fs::write(out, format!("[\n{}\n]\n", json.join(",\n"))),
        None => Ok(()),
    }
}

fn quantiles(values: &[f64]) -> [f64; 4] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let at = |part: f64| sorted.get((last as f64 * part) as usize).copied().unwrap_or_default();
    [at(0.0), at(0.5), at(0.95), at(1.0)]
}

fn measure() -> Result<Vec<Row>, Error> {
    let image = tessera_tests::image::test_image().map_err(|_| Error::NotFound)?;
    let engine = Box::new(tessera_wasm::Interpreter::new());
    let kernel = Kernel::new(1, Config::default(), image, engine, tessera_hostcall::host_calls);
    Ok(vec![switches()?, calls(&kernel)?, spawns(&kernel)?, idle_handlers(&kernel)?])
}

/// Turns the loop until nothing is ready.
fn settle(kernel: &Kernel) {
    while let Step::Ran(_) = kernel.step(CoreId::BOOT) {}
}

fn batches(
    unit: &'static str,
    name: &'static str,
    each: f64,
    mut batch: impl FnMut() -> Result<(), Error>,
) -> Result<Row, Error> {
    let mut values = Vec::with_capacity(BATCHES);
    for _ in 0..BATCHES {
        let began = Instant::now();
        batch()?;
        values.push(began.elapsed().as_nanos() as f64 / each);
    }
    Ok(Row { name, unit, values })
}

fn switches() -> Result<Row, Error> {
    const SWITCHES: u32 = 10_000;
    let stack = Stack::allocate().ok_or(Error::NoMemory)?;
    let body = || {
        for _ in 0..SWITCHES as usize * (BATCHES + 1) {
            khal::thread::pause(Pause::Yield);
        }
    };
    let mut thread = Thread::new(stack, Box::new(body));
    let row = batches("ns", "switch to a thread and back", f64::from(SWITCHES), || {
        for _ in 0..SWITCHES {
            thread.resume();
        }
        Ok(())
    });
    while thread.resume() != Returned::Ended {}
    row
}

fn door() -> Result<Capability, Error> {
    endpoint(2).map_err(|_| Error::NoMemory)
}

fn handler(kernel: &Arc<Kernel>, door: &Capability) -> Result<Arc<Actor>, Error> {
    let caps = vec![door.derive(Rights::ALL, 0)?];
    spawn(kernel, request("adder", Shape::Handler, Priority::Normal, caps))
}

fn calls(kernel: &Arc<Kernel>) -> Result<Row, Error> {
    let door = door()?;
    let server = handler(kernel, &door)?;
    let row = batches("ns", "call and reply between two actors", f64::from(CALLS_A_CLIENT), || {
        let caps = vec![door.derive(Rights::SEND, 0)?];
        spawn(kernel, request("adds_hundred", Shape::Main, Priority::Normal, caps))?;
        settle(kernel);
        Ok(())
    });
    server.kill();
    settle(kernel);
    row
}

fn spawns(kernel: &Arc<Kernel>) -> Result<Row, Error> {
    const SPAWNS: u32 = 50;
    batches("ns", "spawn of a parsed module, to its end", f64::from(SPAWNS), || {
        for _ in 0..SPAWNS {
            spawn(kernel, request("nothing", Shape::Main, Priority::Normal, vec![]))?;
            settle(kernel);
        }
        Ok(())
    })
}

/// Bytes of the kernel's heap for each handler that waits, its 64 KiB of linear memory left out.
fn idle_handlers(kernel: &Arc<Kernel>) -> Result<Row, Error> {
    const LINEAR_BYTES: usize = 64 << 10;
    let mut kept = Vec::with_capacity(2 * HANDLERS);
    let before = khal::heap::stats().bytes;
    for _ in 0..HANDLERS {
        let door = door()?;
        kept.push((handler(kernel, &door)?, door));
    }
    settle(kernel);
    let each = (khal::heap::stats().bytes - before) as f64 / HANDLERS as f64 - LINEAR_BYTES as f64;
    for (server, _) in &kept {
        server.kill();
    }
    settle(kernel);
    Ok(Row { name: "an idle handler, besides its linear memory", unit: "bytes", values: vec![each] })
}
