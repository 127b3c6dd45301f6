//! Writes the test modules as an image: `pack_modules OUT`, the ramdisk of the test kernel.

use std::process::ExitCode;
use std::{env, fs, io};

fn pack() -> io::Result<()> {
    let out = env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: pack_modules OUT"))?;
    fs::write(out, tessera_tests::image::pack(&tessera_tests::image::modules()?))
}

fn main() -> ExitCode {
    match pack() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pack_modules: {error}");
            ExitCode::FAILURE
        }
    }
}
