//! From QEMU's start to the kernel's ready text, against a bare `bootloader` kernel that prints it as its
//! first act (khal/examples/hello.rs); the two take turns.

use tessera_boot_tests::{LIMIT, guest};
use tessera_figures::Figure;
use tessera_run::{Firmware, Input, Rules, Stop};

use crate::Result;

const BOOTS: usize = 5;

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

/// Five pairs of boots.
///
/// # Errors
/// When a guest does not start or never gets ready.
pub fn figures() -> Result<[Figure; 3]> {
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
