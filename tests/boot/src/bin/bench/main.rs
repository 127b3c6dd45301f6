//! Figures of the booted system, printed as tables and written as JSON (the file named as argument).
//!
//! Owns: what is measured in QEMU. By the host's clock ([`prompt`], [`idle`], [`primes`]) everything is a
//! ratio within one run, or a share of a host core: absolute times under TCG mean little, and are given only
//! to show what a ratio is made of. Under a clock that counts instructions ([`counted`]) figures repeat.

mod counted;
mod idle;
mod primes;
mod prompt;

use std::error::Error;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let counted = counted::figures()?;
    tessera_figures::print("in QEMU, instructions counted", &counted);
    let mut timed = Vec::new();
    timed.extend(prompt::figures()?);
    timed.push(idle::figure()?);
    timed.extend(primes::figures()?);
    tessera_figures::print("in QEMU (TCG), by the host's clock", &timed);
    match std::env::args_os().nth(1) {
        Some(path) => Ok(tessera_figures::write(path.as_ref(), &[counted, timed].concat())?),
        None => Ok(()),
    }
}
