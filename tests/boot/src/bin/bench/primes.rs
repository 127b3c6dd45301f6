//! Eight compute actors from the last one's start to the last one's end, with one core and with two.

use std::fmt::Write as _;
use std::time::Instant;

use tessera_boot_tests::{LIMIT, guest};
use tessera_figures::Figure;
use tessera_run::{Firmware, Input, Rules};

use crate::Result;

const PRIMES_RUNS: usize = 3;

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

/// Three runs with one core and three with two, in turns.
///
/// # Errors
/// When a guest does not start, or an actor does not end well.
pub fn figures() -> Result<[Figure; 3]> {
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
