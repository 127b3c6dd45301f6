//! The list of scenarios in the hosted kernel, simulated, at several core counts and seeds.
//!
//! Its own harness, on one thread: leaks are looked for in figures of the whole process. Arguments:
//! parts of names to choose; `TESSERA_SEEDS` (default 3) seeds a scenario and core count; a failure
//! prints its core count and seed, which play it again by `TESSERA_CORES` and `TESSERA_SEED`.

use khal::host::sim;
use std::env;
use std::process::ExitCode;
use tessera_abi::image::Image;
use tessera_scenarios::{SCENARIOS, Scenario, Stage};
use tessera_tests::sim::World;

const CORES: [usize; 3] = [1, 2, 4];

/// Rounds of the scenario that looks for leaks; `leaks.rs` plays a thousand.
const ROUNDS: usize = 50;

/// Lines of the console that are shown of a scenario that failed.
const LINES: usize = 20;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

fn main() -> ExitCode {
    let image = match tessera_tests::image::test_image() {
        Ok(image) => image,
        Err(error) => {
            eprintln!("the test modules: {error}");
            return ExitCode::FAILURE;
        }
    };
    let chosen: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let (mut passed, mut failed) = (0, 0);
    for scenario in SCENARIOS {
        if !chosen.is_empty() && !chosen.iter().any(|part| scenario.name.contains(part.as_str())) {
            continue;
        }
        match play_everywhere(scenario, image) {
            Ok(()) => passed += 1,
            Err(what) => {
                println!("scenario {} FAILED: {what}", scenario.name);
                failed += 1;
            }
        }
    }
    println!("scenarios in the hosted kernel: {passed} of {}", passed + failed);
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn play_everywhere(scenario: &Scenario, image: Image<'static>) -> Result<(), String> {
    let cores = number("TESSERA_CORES").map_or(CORES.to_vec(), |cores| vec![cores as usize]);
    let seeds = match number("TESSERA_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("TESSERA_SEEDS").unwrap_or(3),
    };
    for cores in cores {
        for seed in seeds.clone() {
            let first = play(scenario, cores, seed, image)?;
            if seed == *seeds.start() && first != play(scenario, cores, seed, image)? {
                return Err(format!("with {cores} cores, seed {seed} gave two different traces"));
            }
        }
    }
    Ok(())
}

/// Plays it once; the trace of every turn.
fn play(
    scenario: &Scenario,
    cores: usize,
    seed: u64,
    image: Image<'static>,
) -> Result<Vec<tessera_tests::sim::Turn>, String> {
    let mut world = World::new(cores, seed, image);
    let kernel = world.kernel.clone();
    let mut run = || world.turn();
    let mut stage = Stage { kernel, run: &mut run, rounds: ROUNDS };
    let verdict = (scenario.play)(&mut stage);
    drop(stage);
    sim::end();
    match verdict {
        Ok(()) => Ok(world.trace),
        Err(failure) => {
            let output = String::from_utf8_lossy(&world.output);
            let lines: Vec<&str> = output.lines().collect();
            lines.iter().skip(lines.len().saturating_sub(LINES)).for_each(|line| println!("{line}"));
            Err(format!("with {cores} cores and seed {seed}: {}", failure.0.as_str()))
        }
    }
}
