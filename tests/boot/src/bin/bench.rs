//! Figures of the booted system, printed as a table and written as JSON (the file named as argument).
//!
//! Owns: what is measured in QEMU by the host's clock. All of it is a ratio within one run, or a share of
//! a host core: absolute times under TCG mean little, and are given only to show what a ratio is made of.
//!
//! - `prompt`: QEMU's start to the kernel's ready text, and the same for a bare `bootloader` kernel that
//!   prints it as its first act (khal/examples/hello.rs); the two take turns.
//! - `idle`: host CPU time that a guest of four cores takes over ten seconds in which nobody asks anything.
//! - `primes`: eight compute actors from the last one's start to the last one's end, with one core and two.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use tessera_boot_tests::{LIMIT, guest};
use tessera_run::{Firmware, Input, Outcome, Rules, Stop};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const BOOTS: usize = 5;
const PRIMES_RUNS: usize = 3;
const SETTLE: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(10);
/// The unit of /proc/PID/stat on Linux for x86-64 (`getconf CLK_TCK`).
const TICKS_PER_SECOND: f64 = 100.0;

/// A figure and all its samples.
struct Figure {
    name: &'static str,
    unit: &'static str,
    samples: Vec<f64>,
}

impl Figure {
    fn new(name: &'static str, unit: &'static str, mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        Self { name, unit, samples }
    }

    /// The sample that `percent` of the others do not exceed.
    fn at(&self, percent: usize) -> f64 {
        let index = (self.samples.len().saturating_sub(1) * percent).div_ceil(100);
        self.samples.get(index).copied().unwrap_or(f64::NAN)
    }

    fn row(&self) -> String {
        let [min, median, p95, max] = [0, 50, 95, 100].map(|percent| self.at(percent));
        format!(
            "{:<24} {:<10} {min:>9.3} {median:>9.3} {p95:>9.3} {max:>9.3} {:>4}",
            self.name,
            self.unit,
            self.samples.len()
        )
    }

    fn json(&self) -> String {
        let [min, median, p95, max] = [0, 50, 95, 100].map(|percent| self.at(percent));
        format!(
            r#"{{"name":"{}","unit":"{}","min":{min},"median":{median},"p95":{p95},"max":{max},"n":{}}}"#,
            self.name,
            self.unit,
            self.samples.len()
        )
    }
}

fn main() -> Result<()> {
    let mut figures = Vec::new();
    figures.extend(prompt()?);
    figures.push(idle()?);
    figures.extend(primes()?);

    println!(
        "{:<24} {:<10} {:>9} {:>9} {:>9} {:>9} {:>4}",
        "in QEMU (TCG)", "unit", "min", "median", "p95", "max", "n"
    );
    figures.iter().for_each(|figure| println!("{}", figure.row()));
    if let Some(path) = std::env::args_os().nth(1) {
        let mut json = String::from("[");
        for (index, figure) in figures.iter().enumerate() {
            write!(json, "{}{}", if index == 0 { "\n" } else { ",\n" }, figure.json())?;
        }
        fs::write(path, json + "\n]\n")?;
    }
    Ok(())
}

/// Seconds from QEMU's start to the image's ready text, with one core.
fn seconds_to_ready(image: &str) -> Result<f64> {
    let session = guest(image, Firmware::Bios, 1).start(Input::None, Rules::of_test(LIMIT))?;
    let stopper = session.stopper();
    let mut seen = String::new();
    let report = session.finish(|bytes| {
        seen.push_str(&String::from_utf8_lossy(bytes));
        if seen.contains(tessera_run::READY) {
            stopper.stop(Stop::Quit);
        }
        Ok(())
    });
    let ready = report.ready_after.ok_or_else(|| format!("{image} never got ready: {}", report.console))?;
    Ok(ready.as_secs_f64())
}

fn prompt() -> Result<[Figure; 3]> {
    let (mut ours, mut bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..BOOTS {
        let (our, bare_one) = (seconds_to_ready("tessera")?, seconds_to_ready("hello")?);
        ours.push(our);
        bare.push(bare_one);
        ratios.push(our / bare_one);
    }
    Ok([
        Figure::new("start to console", "s", ours),
        Figure::new("bare hello world", "s", bare),
        Figure::new("prompt / hello", "ratio", ratios),
    ])
}

/// Host CPU time that a process has taken so far, in seconds.
fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in parentheses, may hold spaces; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit_once(')').ok_or("no such format")?.1;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<std::result::Result<f64, _>>()? / TICKS_PER_SECOND)
}

fn idle() -> Result<Figure> {
    let session = guest("tessera", Firmware::Bios, 4).start(Input::None, Rules::of_test(LIMIT))?;
    let (stopper, process) = (session.stopper(), session.process());
    let waiter = thread::spawn(move || session.finish(|_bytes| Ok(())));
    // What starts at boot computes a little; then only the clocks are left.
    thread::sleep(SETTLE * 2);
    let (before, started) = (cpu_seconds(process)?, Instant::now());
    thread::sleep(IDLE);
    let share = (cpu_seconds(process)? - before) / started.elapsed().as_secs_f64();
    stopper.stop(Stop::Quit);
    match waiter.join() {
        Ok(report) if report.outcome == Outcome::Quit => {
            Ok(Figure::new("idle guest, 4 cores", "% of core", vec![share * 100.0]))
        }
        Ok(report) => Err(format!("the idle guest did not stay: {}", report.outcome).into()),
        Err(_) => Err("the idle guest's thread panicked".into()),
    }
}

/// Seconds from the start of the last of eight compute actors to the end of all.
fn seconds_of_primes(cores: u16) -> Result<f64> {
    let mut script = String::new();
    (1..=8).try_for_each(|n| writeln!(script, "spawn --name p{n} primes 100000"))?;
    (1..=8).try_for_each(|n| writeln!(script, "wait p{n} 600"))?;
    script.push_str("shutdown\n");
    let (mut started, mut ended) = (None, None);
    let mut seen = String::new();
    let rules = Rules::of_test(LIMIT * 3);
    let session = guest("tessera", Firmware::Bios, cores).start(Input::Bytes(script.into_bytes()), rules)?;
    let report = session.finish(|bytes| {
        seen.push_str(&String::from_utf8_lossy(bytes));
        if started.is_none() && seen.contains("started p8") {
            started = Some(Instant::now());
        }
        if ended.is_none() && seen.contains("switching off") {
            ended = Some(Instant::now());
        }
        Ok(())
    });
    let exits = (1..=8).filter(|n| report.console.contains(&format!("p{n} exited with 0"))).count();
    match (started, ended) {
        (Some(started), Some(ended)) if exits == 8 => Ok((ended - started).as_secs_f64()),
        _ => Err(format!("{exits} of 8 primes ended well: {}", report.console).into()),
    }
}

fn primes() -> Result<[Figure; 3]> {
    let (mut ones, mut twos, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PRIMES_RUNS {
        let (one, two) = (seconds_of_primes(1)?, seconds_of_primes(2)?);
        ones.push(one);
        twos.push(two);
        ratios.push(one / two);
    }
    Ok([
        Figure::new("8 primes, 1 core", "s", ones),
        Figure::new("8 primes, 2 cores", "s", twos),
        Figure::new("primes 1 / 2 cores", "ratio", ratios),
    ])
}
