//! Everything that the benches measure can be measured: each measure plays to its end, in the hosted kernel,
//! and takes samples. What the samples are decides nothing.

use khal::cpu::CoreId;
use tessera_core::sched::core::Step;
use tessera_scenarios::Stage;
use tessera_scenarios::measure::{MEASURES, stamps};

/// Needs forced switches.
const OF_BARE_METAL: &str = "lateness";

/// One test for all: the stamps are the process's.
#[test]
fn every_measure_plays_to_its_end_and_takes_samples() {
    for measure in MEASURES.iter().filter(|measure| measure.name != OF_BARE_METAL) {
        let kernel = tessera_tests::measured::kernel(1, measure.programs, stamps::host_calls).unwrap();
        let turning = kernel.clone();
        let mut run = || matches!(turning.step(CoreId::BOOT), Step::Ran(_));
        let mut samples = 0;
        let played = (measure.play)(&mut Stage { kernel, run: &mut run, rounds: 2, seed: 1 }, &mut |_, _| {
            samples += 1
        });
        assert!(played.is_ok(), "{}: {played:?}", measure.name);
        assert!(samples >= 2, "{} took {samples} samples", measure.name);
    }
}
