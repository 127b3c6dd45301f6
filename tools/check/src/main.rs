//! `tessera-check`: runs the house's own checks, from the repository's root.
//!
//! Owns: the command line. `tessera-check [NAME…]` runs the named checks, or all; every finding is a line,
//! and an error among them makes the status 1. `--write` writes the generated documents instead of
//! comparing them. What is checked, and how, is the library's.

use std::path::Path;
use std::process::ExitCode;
use std::{env, io};

use tessera_check::documents::Document;
use tessera_check::sources::Source;
use tessera_check::{Finding, Weight, deps, metadata, sources, unsafety};

const NAMES: [&str; 5] = ["deps", "unsafe", "headers", "sizes", "abi"];
const USAGE: &str = "usage: tessera-check [--write] [deps|unsafe|headers|sizes|abi]…";

fn main() -> ExitCode {
    let mut names: Vec<String> = env::args().skip(1).collect();
    let write = names.iter().any(|name| name == "--write");
    names.retain(|name| name != "--write");
    if names.iter().any(|name| !NAMES.contains(&name.as_str())) {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    if names.is_empty() {
        names.extend(NAMES.map(str::to_owned));
    }
    match run(&names, write) {
        Ok(findings) => conclude(&findings),
        Err(error) => {
            eprintln!("tessera-check: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(names: &[String], write: bool) -> io::Result<Vec<Finding>> {
    let root = Path::new(".");
    let sources = sources::read_all(root)?;
    let mut findings = Vec::new();
    for name in names {
        match name.as_str() {
            "deps" => findings.extend(direction()),
            "headers" => findings.extend(sources::headers(&sources)),
            "sizes" => findings.extend(sources::sizes(&sources)),
            "unsafe" => {
                findings.extend(unsafety::check(&sources));
                findings.extend(document(&unsafe_document(&sources), root, write)?);
            }
            _ => findings.extend(document(&Document::of_abi(), root, write)?),
        }
    }
    Ok(findings)
}

fn direction() -> Vec<Finding> {
    metadata::edges_of_workspace()
        .map_or_else(|error| vec![Finding::error("Cargo.toml", error)], |edges| deps::check(&edges))
}

fn unsafe_document(sources: &[Source]) -> Document {
    Document { path: "docs/UNSAFE.md", text: unsafety::document(sources) }
}

fn document(document: &Document, root: &Path, write: bool) -> io::Result<Option<Finding>> {
    if write {
        document.write(root)?;
    }
    Ok(document.verify(root))
}

fn conclude(findings: &[Finding]) -> ExitCode {
    findings.iter().for_each(|finding| println!("{finding}"));
    match findings.iter().any(|finding| finding.weight == Weight::Error) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
