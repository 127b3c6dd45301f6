//! Host CPU time that a guest of four cores takes over ten seconds in which nobody asks anything.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use tessera_boot_tests::{LIMIT, guest};
use tessera_figures::Figure;
use tessera_run::{Firmware, Input, Outcome, Rules, Stop};

use crate::Result;

const SETTLE: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(10);
/// The unit of /proc/PID/stat on Linux for x86-64 (`getconf CLK_TCK`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Host CPU time that a process has taken so far, in seconds.
fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in parentheses, may hold spaces; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit_once(')').ok_or("no such format")?.1;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<std::result::Result<f64, _>>()? / TICKS_PER_SECOND)
}

/// One guest, ten seconds.
///
/// # Errors
/// When the guest does not start or does not stay.
pub fn figure() -> Result<Figure> {
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
