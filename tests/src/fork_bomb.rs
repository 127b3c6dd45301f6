//! A module that spawns itself as often as it is let, as does each that it spawns.
//!
//! Owns its text, made from the ABI's own records: the spawn request is a data segment. Slot 0 is the spawner,
//! which it hands on; it exits with the number of the error that refuses it, the handles it has been given
//! dropped so that it is not its table that ends it.

use crate::requests::{data, spawn_request};
use tessera_abi::{Handle, ObjectKind, Rights, Shape, SlotName, SpawnCap};

/// What it is called in the image.
pub const NAME: &str = "forks";

/// The module's text.
pub fn module() -> String {
    let request = request();
    let (len, data) = (request.len(), data(&request));
    let spawner = Handle::OWN_ENDPOINT.bits();
    format!(
        r#"(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "spawn" (func $spawn (param i64 i32 i32) (result i64)))
  (import "tessera" "cap_drop" (func $cap_drop (param i64) (result i64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{data}")
  (func (export "_start")
    (local $answer i64)
    (loop $again
      (local.set $answer (call $spawn (i64.const {spawner}) (i32.const 0) (i32.const {len})))
      (if (i64.lt_s (local.get $answer) (i64.const 0))
        (then (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer)))))))
      (drop (call $cap_drop (local.get $answer)))
      (br $again))))"#
    )
}

fn request() -> Vec<u8> {
    // The first slot's first handle, which every one of them has its spawner by.
    let rights = Rights::of(ObjectKind::Spawner);
    let spawner = SpawnCap::new(SlotName::EMPTY, Handle::OWN_ENDPOINT, rights);
    spawn_request(NAME, Shape::Main, &[spawner], "")
}
