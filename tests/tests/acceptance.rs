//! docs/ACCEPTANCE.md names tests: each of them is there.

use std::fs;
use std::path::{Path, PathBuf};

use tessera_scenarios::{SCENARIOS, STORMS};

/// Where test functions are, seen from the top.
const FOLDERS: [&str; 5] = ["kernel", "khal", "tests", "actor-sdk", "actors"];

fn sources(folder: &Path, into: &mut String) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

/// The names in the second column of the page's tables.
fn named(page: &str) -> Vec<&str> {
    let rows = page.lines().filter_map(|line| line.strip_prefix('|')?.split_once('|'));
    rows.flat_map(|(_, shown)| shown.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(top.join("docs/ACCEPTANCE.md")).unwrap();
    let mut text = String::new();
    FOLDERS.iter().for_each(|folder| sources(&top.join(folder), &mut text));
    let names = named(&page);
    assert!(names.len() > 50, "the page names {} tests", names.len());
    for name in names {
        let plays = SCENARIOS.iter().chain(STORMS).any(|scenario| scenario.name == name);
        assert!(
            plays || text.contains(&format!("fn {name}()")),
            "docs/ACCEPTANCE.md names `{name}`: no such test"
        );
    }
}

#[test]
fn names_are_read_from_the_second_column_alone() {
    assert_eq!(named("| asked `x` | shown by |\n|---|---|\n| a | `one` `two` |\n`three`"), ["one", "two"]);
}
