//! `tessera-snapshot FILE`: shows what a machine has recorded there (`make run SNAPSHOT=FILE`).
//!
//! Owns: the command line. What is read and shown is the library's.

use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let (Some(file), None) = (words.next(), words.next()) else {
        eprintln!("usage: tessera-snapshot FILE");
        return ExitCode::from(2);
    };
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) => return failed(&format!("{file}: {error}")),
    };
    // A line may be torn within a character, too.
    let recording = tessera_snapshot::read(&String::from_utf8_lossy(&bytes));
    for problem in &recording.dropped {
        eprintln!("tessera-snapshot: {file}: {problem}");
    }
    print!("{}", tessera_snapshot::picture(&recording));
    ExitCode::SUCCESS
}

fn failed(why: &str) -> ExitCode {
    eprintln!("tessera-snapshot: {why}");
    ExitCode::FAILURE
}
