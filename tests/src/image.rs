//! The test modules as an image: every `modules/*.wat`, named after its file, those that the engine is
//! measured with, one cut short, and those that are made from the ABI's table and records.
//!
//! Invariant: the same files give the same bytes.

use crate::{
    carries, fork_bomb, gives_and_keeps, keeps_accounts, over_quota, random_calls, stands_in, supervisors,
};
use std::path::Path;
use std::{fs, io};

use tessera_abi::image::Image;

pub use tessera_scenarios::pack::pack;

/// Where the modules are, seen from this crate.
const FOLDERS: [&str; 2] = ["modules", "../kernel/wasm/benches/modules"];

/// A module that ends in the middle.
const TRUNCATED: (&str, &str) = ("bad_truncated", "grows");

/// Reads and assembles the modules.
///
/// # Errors
/// When a file cannot be read or is no text form of a module; the error names the file.
pub fn modules() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut modules = Vec::new();
    for folder in FOLDERS {
        for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))? {
            let path = file?.path();
            let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
            let module = wat::parse_file(&path).map_err(io::Error::other)?;
            modules.push((name, module));
        }
    }
    let carries = carries::module(&wat::parse_str(carries::CARRIED).map_err(io::Error::other)?);
    let made = [
        ("random_calls", random_calls::module()),
        (fork_bomb::NAME, fork_bomb::module()),
        (carries::NAME, carries),
        (over_quota::NAME, over_quota::module()),
        (keeps_accounts::NAME, keeps_accounts::module()),
        (gives_and_keeps::NAME, gives_and_keeps::module()),
        (stands_in::NAME, stands_in::module()),
    ];
    for (name, text) in made.into_iter().chain(supervisors::modules()) {
        modules.push((name.to_owned(), wat::parse_str(text).map_err(io::Error::other)?));
    }
    modules.sort();
    let (name, of) = TRUNCATED;
    let whole = modules.iter().find(|(name, _)| name == of).map(|(_, bytes)| bytes.as_slice());
    let half = whole.and_then(|bytes| bytes.get(..bytes.len() / 2)).unwrap_or_default().to_vec();
    modules.push((name.to_owned(), half));
    Ok(modules)
}

/// The test modules as an image that lives as long as the process.
///
/// # Errors
/// As [`modules`].
pub fn test_image() -> io::Result<Image<'static>> {
    let bytes: &'static [u8] = Vec::leak(pack(&modules()?));
    Image::parse(bytes).map_err(|error| io::Error::other(error.to_string()))
}
