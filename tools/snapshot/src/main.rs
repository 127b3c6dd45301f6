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
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => return failed(&format!("{file}: {error}")),
    };
    match tessera_snapshot::read(&text) {
        Ok(snapshots) => {
            print!("{}", tessera_snapshot::picture(&snapshots));
            ExitCode::SUCCESS
        }
        Err(problem) => failed(&format!("{file}: {problem}")),
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("tessera-snapshot: {why}");
    ExitCode::FAILURE
}
