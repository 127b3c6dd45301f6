//! `tessera-pack --manifest FILE --modules DIR --out FILE`: checks the wiring and writes the image.
//!
//! Does not: build modules (the Makefile does). Exit status 1 means that the manifest is wrong, 2 that the
//! command line is or that a file cannot be read or written.

use std::path::PathBuf;
use std::process::ExitCode;

use tessera_pack::{Folders, pack};

const USAGE: &str = "usage: tessera-pack --manifest FILE --modules DIR --out FILE";

struct Options {
    manifest: PathBuf,
    modules: PathBuf,
    out: PathBuf,
}

fn options(mut words: impl Iterator<Item = String>) -> Option<Options> {
    let (mut manifest, mut modules, mut out) = (None, None, None);
    while let Some(word) = words.next() {
        let place = match word.as_str() {
            "--manifest" => &mut manifest,
            "--modules" => &mut modules,
            "--out" => &mut out,
            _ => return None,
        };
        *place = Some(PathBuf::from(words.next()?));
    }
    Some(Options { manifest: manifest?, modules: modules?, out: out? })
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    run(&options).unwrap_or_else(|error| {
        eprintln!("tessera-pack: {error}");
        ExitCode::from(2)
    })
}

fn run(options: &Options) -> std::io::Result<ExitCode> {
    let text = std::fs::read_to_string(&options.manifest)?;
    let inputs = Folders::new(&options.modules, &options.manifest);
    match pack(&options.manifest.display().to_string(), &text, &inputs) {
        Ok(image) => {
            std::fs::write(&options.out, &image)?;
            println!("{}: {} bytes", options.out.display(), image.len());
            Ok(ExitCode::SUCCESS)
        }
        Err(reports) => {
            reports.iter().for_each(|report| eprintln!("{report}"));
            Ok(ExitCode::FAILURE)
        }
    }
}
