//! The kernel's own figures, native, on one core: `bench_kernel [OUT.json]` prints a table and writes JSON.
//!
//! The kernel's loop is turned by this thread on the host's real backend (no simulation). What is
//! measured, and how, is `tessera_scenarios::measure`; only what QEMU cannot have is here. Figures are
//! no tests; compare them within one run only.

mod idle;

use std::{env, io};

use khal::cpu::CoreId;
use khal::sync::{Measure as Holds, measure_holds};
use tessera_core::sched::core::Step;
use tessera_figures::Figure;
use tessera_scenarios::measure::{self, Measure, Programs, stamps, switches};
use tessera_scenarios::{Failure, Stage, Verdict};
use tessera_tests::measured::kernel;

const ROUNDS: usize = 200;

/// What a row is given in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Cycles,
    Nanos,
    /// As it was taken, which is in ns.
    Taken,
}
use Shown::{Cycles, Nanos, Taken};

/// The measures that mean something here, and what their rows say.
const ROWS: [(&str, Shown, &str); 23] = [
    ("call_kernel_part", Cycles, "call and reply, kernel part, server receives"),
    ("call_kernel_part_handler", Cycles, "call and reply, kernel part, handler"),
    ("call_wasm", Nanos, "call and reply between two actors, tinywasm"),
    ("call_wasm_traced", Nanos, "the same, with the trace on"),
    ("call_wasm_measured", Nanos, "the same, with statistics on"),
    ("spawn_to_first", Nanos, "spawn of a parsed module, to its first instruction"),
    ("spawn_to_end", Nanos, "spawn of a parsed module, to its end"),
    ("restart_to_answer", Nanos, "a server's fault, until the one started again has answered"),
    ("switch", Nanos, "switch to a thread and back"),
    ("wait_any_1", Nanos, "wait for any of 1 notification, and its partner's turn"),
    ("wait_any_16", Nanos, "wait for any of 16 notifications, and its partner's turn"),
    ("wait_any_256", Nanos, "wait for any of 256 notifications, and its partner's turn"),
    ("revoke_1", Nanos, "revocation of 1 capability"),
    ("revoke_100", Nanos, "revocation of 100, each"),
    ("revoke_10000", Nanos, "revocation of 10,000, each"),
    ("revoke_10000_hold", Taken, "the same: the longest hold of any lock"),
    ("stream_1", Nanos, "a message sent and received, kernel part, 1 sender"),
    ("stream_2", Nanos, "the same, 2 senders"),
    ("stream_8", Nanos, "the same, 8 senders"),
    ("region_read", Nanos, "a KiB read from a region, 64 at a time, kernel part"),
    ("region_write", Nanos, "a KiB written to a region, 64 at a time, kernel part"),
    ("mebibyte_by_region", Nanos, "1 MiB handed over as a region, kernel part"),
    ("mebibyte_by_messages", Nanos, "1 MiB sent in messages of 4096 bytes, kernel part"),
];

fn main() -> io::Result<()> {
    let figures = figures().map_err(|failure| io::Error::other(failure.0.as_str().to_owned()))?;
    tessera_figures::print("native, one core", &figures);
    match env::args_os().nth(1) {
        Some(out) => tessera_figures::write(out.as_ref(), &figures),
        None => Ok(()),
    }
}

fn figures() -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for (name, shown, label) in ROWS {
        let Some(measure) = measure::find(name) else { continue };
        figures.push(row(label, shown, |samples| play(measure, samples))?);
    }
    // Two readings of the cycle counter for each lock are the price of `cpus`' figures.
    if let Some(measure) = measure::find("call_kernel_part") {
        measure_holds(Holds::Off);
        let label = "call and reply, kernel part, lock holds unmeasured";
        figures.push(row(label, Cycles, |samples| play(measure, samples))?);
        measure_holds(Holds::On);
    }
    figures.push(row("forced switch to a thread and back", Nanos, |samples| {
        switches::there_and_back(ROUNDS, khal::host::thread::forced_pause, &mut |cycles, times| {
            samples.push((cycles, times));
        })
    })?);
    for count in [10_000, 100_000] {
        figures.extend(idle::many(&kernel(1, Programs::Wasm, tessera_hostcall::host_calls)?, count)?);
    }
    figures.push(idle::handlers(&kernel(1, Programs::Wasm, tessera_hostcall::host_calls)?)?);
    Ok(figures)
}

/// Plays one measure and sums its samples up.
fn row(
    label: &str,
    shown: Shown,
    play: impl FnOnce(&mut Vec<(u64, u32)>) -> Verdict,
) -> Result<Figure, Failure> {
    let mut samples = Vec::new();
    play(&mut samples)?;
    // One rate for all samples: it is only known to some hundred ppm at a time.
    let nanos_per_cycle = khal::time::cycles_to_ns(1 << 32) as f64 / (1_u64 << 32) as f64;
    let (unit, factor) = match shown {
        Cycles => ("cycles", 1.0),
        Nanos => ("ns", nanos_per_cycle),
        Taken => ("ns", 1.0),
    };
    let values = samples.iter().map(|(cycles, times)| *cycles as f64 * factor / f64::from(*times));
    Ok(Figure::new(label, unit, values.collect()))
}

fn play(measure: &Measure, samples: &mut Vec<(u64, u32)>) -> Verdict {
    let kernel = kernel(1, measure.programs, stamps::host_calls)?;
    let turning = kernel.clone();
    let mut run = || matches!(turning.step(CoreId::BOOT), Step::Ran(_));
    let mut stage = Stage { kernel, run: &mut run, rounds: ROUNDS, seed: 1 };
    (measure.play)(&mut stage, &mut |cycles, times| samples.push((cycles, times)))
}
