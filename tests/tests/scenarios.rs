//! The list of scenarios in the hosted kernel, simulated, at several core counts and seeds.
//!
//! Its own harness, on one thread: leaks are looked for in figures of the whole process. Arguments:
//! parts of names to choose; `TESSERA_SEEDS` seeds (3 for each core count of a scenario, 40 for a storm, unless
//! it says otherwise); a failure prints the command that plays it again, by `TESSERA_CORES` and `TESSERA_SEED`.

use khal::host::sim;
use std::env;
use std::process::ExitCode;
use tessera_abi::image::Image;
use tessera_scenarios::{SCENARIOS, STORMS, Scenario, Stage};
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
    let parts: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let chosen = |scenario: &&Scenario| {
        parts.is_empty() || parts.iter().any(|part| scenario.name.contains(part.as_str()))
    };
    let (mut passed, mut failed) = (0, 0);
    let mut count = |scenario: &Scenario, games: &[Game]| match play_all(scenario, games, image) {
        Ok(()) => passed += 1,
        Err(what) => {
            println!("scenario {} FAILED: {what}", scenario.name);
            failed += 1;
        }
    };
    SCENARIOS.iter().filter(chosen).for_each(|scenario| count(scenario, &games_of_a_scenario()));
    let mut storms = 0;
    for storm in STORMS.iter().filter(chosen) {
        let games = games_of_a_storm();
        storms += games.len();
        count(storm, &games);
    }
    println!("scenarios in the hosted kernel: {passed} of {}; seeds of storms: {storms}", passed + failed);
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How a scenario is played: on so many cores, with this seed.
type Game = (usize, u64);

fn games_of_a_scenario() -> Vec<Game> {
    let seeds = seeds(3);
    chosen_cores().iter().flat_map(|cores| seeds.iter().map(|seed| (*cores, *seed))).collect()
}

/// One after the other on each number of cores: for a storm it is the seeds that matter.
fn games_of_a_storm() -> Vec<Game> {
    let cores = chosen_cores();
    cores.iter().copied().cycle().zip(seeds(40)).collect()
}

fn chosen_cores() -> Vec<usize> {
    number("TESSERA_CORES").map_or(CORES.to_vec(), |cores| vec![cores as usize])
}

fn seeds(usual: u64) -> Vec<u64> {
    match number("TESSERA_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("TESSERA_SEEDS").unwrap_or(usual)).collect(),
    }
}

/// Plays all games, and the first on each number of cores once more: the same seed gives the same trace.
fn play_all(scenario: &Scenario, games: &[Game], image: Image<'static>) -> Result<(), String> {
    let mut repeated = Vec::new();
    for &(cores, seed) in games {
        let again = format!("again: make replay NAME={} CORES={cores} SEED={seed}", scenario.name);
        let first = play(scenario, cores, seed, image).map_err(|what| format!("{what}; {again}"))?;
        if !repeated.contains(&cores) {
            repeated.push(cores);
            if first != play(scenario, cores, seed, image)? {
                return Err(format!("with {cores} cores, seed {seed} gave two different traces; {again}"));
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
    let mut stage = Stage { kernel, run: &mut run, rounds: ROUNDS, seed };
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
