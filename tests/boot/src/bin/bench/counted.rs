//! Instructions, counted by QEMU: the test kernel's own measures (tests/kernel, option `figures`).
//!
//! `-icount` gives every instruction the same time, and the guest's cycle counter counts that time in ns, so
//! a count divides into instructions exactly. The same kernel built for soft floats tells what hard ones
//! are worth (D12). How late a periodic actor is, is virtual time; several cores share one host thread there,
//! which plays them in turns, so with more than one the figure is mostly the emulator's.

use std::collections::BTreeMap;

use tessera_boot_tests::{LIMIT, fault_of, guest};
use tessera_figures::Figure;
use tessera_run::{Clock, Firmware};

use crate::Result;

/// `Clock::Counted` has shift 1: 2^1 ns an instruction.
const COUNTS_PER_INSTRUCTION: f64 = 2.0;

const ROWS: [(&str, &str); 6] = [
    ("call_kernel_part", "call and reply, kernel part, server receives"),
    ("call_kernel_part_handler", "call and reply, kernel part, handler"),
    ("call_wasm", "call and reply between two actors, tinywasm"),
    ("spawn_to_first", "spawn of a parsed module, to its first instruction"),
    ("spawn_to_end", "spawn of a parsed module, to its end"),
    ("switch", "switch to a thread and back"),
];
const COMPUTE: [(&str, &str); 2] =
    [("integers", "a program of integers"), ("floats", "a program of doubles")];
const CORES: [u16; 3] = [1, 2, 4];

/// Samples by the name of their measure.
type Samples = BTreeMap<String, Vec<f64>>;

/// Boots the kernels and takes everything that they measure.
///
/// # Errors
/// When a guest does not start, or a measure fails in it.
pub fn figures() -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let names: Vec<&str> = ROWS.iter().chain(&COMPUTE).map(|(name, _)| *name).collect();
    let hard = measured("kernel", 1, &names)?;
    for (name, label) in ROWS {
        figures.push(instructions(label, &hard, name)?);
    }
    let soft = measured("kernel-soft", 1, &COMPUTE.map(|(name, _)| name))?;
    for (name, label) in COMPUTE {
        let with_hard = instructions(&format!("{label}, hard floats"), &hard, name)?;
        let with_soft = instructions(&format!("{label}, soft floats"), &soft, name)?;
        let ratio = vec![with_soft.median() / with_hard.median()];
        figures.extend([with_hard, with_soft, Figure::new(format!("{label}, soft / hard"), "ratio", ratio)]);
    }
    for cores in CORES {
        let late = measured("kernel", cores, &["lateness"])?;
        let micros = taken(&late, "lateness")?.iter().map(|nanos| nanos / 1e3).collect();
        let label = format!("lateness of a 10 ms period, loops on {cores} cores");
        figures.push(Figure::new(label, "us", micros));
    }
    Ok(figures)
}

fn instructions(label: &str, samples: &Samples, name: &str) -> Result<Figure> {
    let values = taken(samples, name)?.iter().map(|counts| counts / COUNTS_PER_INSTRUCTION).collect();
    Ok(Figure::new(label, "instructions", values))
}

fn taken<'a>(samples: &'a Samples, name: &str) -> Result<&'a [f64]> {
    let taken = samples.get(name).map(Vec::as_slice);
    taken.ok_or_else(|| format!("the kernel printed no sample of {name}").into())
}

/// Boots `image` under the counted clock and lets it measure `names`.
fn measured(image: &str, cores: u16, names: &[&str]) -> Result<Samples> {
    let options = format!("figures {}", names.join(" "));
    let report =
        guest(image, Firmware::Bios, cores).options(options).clock(Clock::Counted).run(b"", LIMIT * 10);
    if let Some(fault) = fault_of(&report) {
        return Err(format!("{image}: {fault}").into());
    }
    let mut samples = Samples::new();
    for line in report?.console.lines() {
        if let Some((name, value)) = sample(line) {
            samples.entry(name.to_owned()).or_default().push(value);
        }
    }
    Ok(samples)
}

/// `figure NAME COUNT TIMES`
fn sample(line: &str) -> Option<(&str, f64)> {
    let mut words = line.strip_prefix("figure ")?.split_whitespace();
    let name = words.next()?;
    let count: f64 = words.next()?.parse().ok()?;
    let times: f64 = words.next()?.parse().ok()?;
    Some((name, count / times))
}
