//! One wrong dependency a file, named after it: its first line is the finding, the others are edges
//! (`FOLDER -> FOLDER` or `FOLDER -> crate NAME`). A file whose first line is empty is all right.

#![expect(clippy::unwrap_used, reason = "a file that is not as described is a failure")]

use std::fs;
use std::path::Path;

use tessera_check::deps::{Edge, Target, check};

fn edge(line: &str) -> Edge {
    let (from, to) = line.split_once(" -> ").unwrap();
    let to = match to.strip_prefix("crate ") {
        Some(name) => Target::Theirs(name.to_owned()),
        None => Target::Ours(to.to_owned()),
    };
    Edge { from: from.to_owned(), to }
}

#[test]
fn every_file_gets_the_finding_on_its_first_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edges");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let (expected, edges) = text.split_once('\n').unwrap();
        let edges: Vec<Edge> = edges.lines().map(edge).collect();
        assert!(!edges.is_empty(), "{}", path.display());
        let findings: Vec<String> = check(&edges).iter().map(ToString::to_string).collect();
        assert_eq!(findings.join("\n"), expected, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 15, "only {seen} files");
}
