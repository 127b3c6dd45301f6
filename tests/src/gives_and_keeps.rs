//! A module that gives drafts their modules, from its memory and from a region, and has each begin when it is told to.
//!
//! Owns its text, made from the ABI's own records: the spawn request is a data segment. Slots: 0 a spawner, 1 an account
//! that the drafts live in, 2 a region, 3 an endpoint from which it takes a message before each step. What it gives is
//! no module, so each draft ends as soon as it begins. It exits with 0, or with the number of the step that went wrong.

use crate::requests::{data, slot, spawn_request};
use tessera_abi::{Shape, SpawnCap};

/// What it is called in the image.
pub const NAME: &str = "gives_and_keeps";

/// How many bytes it gives.
const GIVEN_BYTES: u64 = 40_000;

/// Where the request lies; a message comes to the beginning.
const REQUEST_AT: usize = 1024;

/// The module's text.
pub fn module() -> String {
    let request = spawn_request("no module", Shape::Main, &[SpawnCap::account(slot(1))], "");
    let [spawner, region, door] = [0, 2, 3].map(|index| slot(index).bits());
    format!(
        r#"(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "spawn_bytes" (func $spawn_bytes (param i64 i32 i32 i32 i32 i32) (result i64)))
  (import "tessera" "spawn_region" (func $spawn_region (param i64 i32 i32 i64 i32 i32) (result i64)))
  (import "tessera" "actor_resume" (func $resume (param i64) (result i64)))
  (import "tessera" "actor_wait" (func $wait (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (data (i32.const {REQUEST_AT}) "{request}")
  (func $good (param $step i32) (param $answer i64) (result i64)
    (if (i64.lt_s (local.get $answer) (i64.const 0)) (then (drop (call $exit (local.get $step)))))
    (local.get $answer))
  (func $told (param $step i32)
    (drop (call $good (local.get $step) (call $recv (i64.const {door}) (i32.const 0) (i64.const -1)))))
  (func $begins (param $step i32) (param $draft i64)
    (call $told (local.get $step))
    (drop (call $good (local.get $step) (call $resume (local.get $draft))))
    (drop (call $good (local.get $step) (call $wait (local.get $draft) (i32.const 512) (i64.const -1))))
    (call $told (local.get $step)))
  (func (export "_start")
    (call $told (i32.const 1))
    (call $begins (i32.const 2) (call $good (i32.const 3) (call $spawn_bytes (i64.const {spawner})
      (i32.const {REQUEST_AT}) (i32.const {len}) (i32.const 2048) (i32.const {GIVEN_BYTES}) (i32.const 1))))
    (call $begins (i32.const 4) (call $good (i32.const 5) (call $spawn_region (i64.const {spawner})
      (i32.const {REQUEST_AT}) (i32.const {len}) (i64.const {region}) (i32.const {GIVEN_BYTES}) (i32.const 1))))))
"#,
        len = request.len(),
        request = data(&request),
    )
}
