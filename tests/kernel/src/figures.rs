//! The option `figures NAME…`: what is measured, printed for the bench program that booted this.
//!
//! Every sample is a line `figure NAME COUNT TIMES`: so many of the measure's units for doing it so many
//! times. Lines are printed after a measure has ended, since the console's interrupts would be in it.

use crate::{MACHINE, config, image, run_with, say};
use alloc::boxed::Box;
use alloc::vec::Vec;
use tessera_abi::Error;
use tessera_core::engine::Engine;
use tessera_core::kernel::Kernel;
use tessera_scenarios::Verdict;
use tessera_scenarios::measure::{self, Measure, Programs, native, stamps};

/// Rounds of each measure: under a clock that counts instructions they differ little.
const ROUNDS: usize = 5;

/// Measures everything that the rest of the options line names; how much was measured, and how much failed.
pub fn print(names: &str) -> (usize, usize) {
    let (mut passed, mut failed) = (0, 0);
    for name in names.split_ascii_whitespace() {
        let measured = match measure::find(name) {
            Some(measure) => one(measure),
            None => Err(Error::NotFound.into()),
        };
        match measured {
            Ok(()) => passed += 1,
            Err(failure) => {
                failed += 1;
                say(format_args!("{name}: FAILED: {}", failure.0.as_str()));
            }
        }
    }
    (passed, failed)
}

fn one(measure: &Measure) -> Verdict {
    let (engine, image): (Box<dyn Engine>, _) = match measure.programs {
        Programs::Native => (Box::new(native::Native), native::image()),
        Programs::Wasm => (Box::new(tessera_wasm::Interpreter::new()), image()),
    };
    let (Some(machine), Some(image)) = (MACHINE.get(), image) else { return Err(Error::NotFound.into()) };
    let kernel = Kernel::new(machine.cores, config(), image, engine, stamps::host_calls);
    let mut samples = Vec::new();
    run_with(kernel, ROUNDS, |stage| {
        (measure.play)(stage, &mut |count, times| samples.push((count, times)))
    })?;
    for (count, times) in samples {
        say(format_args!("figure {} {count} {times}", measure.name));
    }
    Ok(())
}
