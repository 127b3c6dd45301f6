//! A thousand rounds of everything that can go wrong, simulated: nothing is left behind.
//!
//! A program of its own with this one test, as leaks are looked for in figures of the whole process.

use khal::host::sim;
use tessera_scenarios::{SCENARIOS, Stage};
use tessera_tests::sim::World;

const ROUNDS: usize = 1000;
const SEED: u64 = 1;

#[test]
fn a_thousand_rounds_leave_nothing_behind() {
    let image =
        tessera_tests::image::test_image().unwrap_or_else(|error| panic!("the test modules: {error}"));
    let wanted = "nothing_is_left_behind_after_many_rounds";
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == wanted);
    let Some(scenario) = scenario else { panic!("no scenario {wanted}") };
    for cores in [1, 2, 4] {
        let mut world = World::new(cores, SEED, image);
        let kernel = world.kernel.clone();
        let mut run = || world.turn();
        let verdict = (scenario.play)(&mut Stage { kernel, run: &mut run, rounds: ROUNDS, seed: SEED });
        sim::end();
        if let Err(failure) = verdict {
            panic!("on {cores} cores: {}", failure.0.as_str());
        }
    }
}
