//! Modules with one mistake each, as files in `tests/bad`: the first line of a file is `;; ` and the
//! kind of the fault and its text, which the engine has to give word for word.

use std::fs;
use std::path::Path;

use tessera_abi::Shape;
use tessera_core::engine::{Engine, Fault};
use tessera_wasm::Interpreter;

use crate::support::ROOMY;

/// What the engine says about a module that should be a main actor.
fn verdict(bytes: &[u8]) -> Result<(), Fault> {
    Interpreter::new().load(bytes)?.check(Shape::Main, &ROOMY)
}

#[test]
fn every_bad_module_is_refused_with_the_message_on_its_first_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let (mut seen, mut wrong) = (0, String::new());
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().trim_start_matches(";; ");
        let found = match verdict(&wat::parse_str(&text).unwrap()) {
            Ok(()) => "accepted".to_owned(),
            Err(fault) => format!("{}: {}", fault.kind().name(), fault.detail()),
        };
        if found != expected {
            wrong += &format!("{}\t{found}\n", path.display());
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "other messages than the files expect:\n{wrong}");
    assert!(seen >= 30, "only {seen} files were found");
}

#[test]
fn every_truncation_of_a_module_is_refused() {
    let whole = wat::parse_str(
        r#"(module
            (import "tessera" "yield_now" (func (result i64)))
            (memory (export "memory") 1)
            (data "text")
            (func (export "_start") (drop (call 0))
                (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 4))))"#,
    )
    .unwrap();
    // The count of data segments, which memory.init needs, makes the data section indispensable.
    assert_eq!(verdict(&whole), Ok(()));
    for end in 0..whole.len() {
        assert!(verdict(&whole[..end]).is_err(), "cut at {end}");
    }
}
