//! A module that carries another in its data and starts it: from its memory, and from a region.
//!
//! Owns its text, made from the ABI's own records: the spawn request and the module that it carries are data
//! segments. Slot 0 is a spawner, slot 1 a factory. It exits with 0, or with the number of the step that went wrong.

use crate::requests::{data, spawn_request};
use tessera_abi::{FaultKind, Handle, Rights, Shape, SlotName, SpawnCap};

/// What it is called in the image.
pub const NAME: &str = "carries";

/// The text of what it carries, which exits with 7.
pub const CARRIED: &str = include_str!("../modules/exit_seven.wat");

/// The module's text, with this module in it.
pub fn module(carried: &[u8]) -> String {
    let request = request();
    TEXT.replace("REQUEST_DATA", &data(&request))
        .replace("REQUEST_LEN", &request.len().to_string())
        .replace("MODULE_DATA", &data(carried))
        .replace("MODULE_HALF", &(carried.len() / 2).to_string())
        .replace("MODULE_LEN", &carried.len().to_string())
        .replace("MALFORMED", &FaultKind::MalformedModule.number().to_string())
}

/// What the request calls its module is nobody's.
fn request() -> Vec<u8> {
    let factory = SpawnCap::new(SlotName::EMPTY, Handle::new(Handle::FIRST_GENERATION, 1), Rights::CREATE);
    spawn_request("nobody's", Shape::Main, &[factory], "")
}

const TEXT: &str = r#"(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "spawn_bytes" (func $spawn_bytes (param i64 i32 i32 i32 i32 i32) (result i64)))
  (import "tessera" "spawn_region" (func $spawn_region (param i64 i32 i32 i64 i32 i32) (result i64)))
  (import "tessera" "actor_resume" (func $resume (param i64) (result i64)))
  (import "tessera" "actor_wait" (func $wait (param i64 i32 i64) (result i64)))
  (import "tessera" "cap_drop" (func $drop (param i64) (result i64)))
  (import "tessera" "region_create" (func $create (param i64 i64) (result i64)))
  (import "tessera" "region_write" (func $write (param i64 i64 i32 i32) (result i64)))
  (import "tessera" "region_part" (func $part (param i64 i64 i64 i32) (result i64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "REQUEST_DATA")
  (data (i32.const 1024) "MODULE_DATA")
  (global $spawner i64 (i64.const 0x100000000))
  (global $factory i64 (i64.const 0x100000001))
  (func $expect (param $step i32) (param $found i64) (param $wanted i64)
    (if (i64.ne (local.get $found) (local.get $wanted)) (then (drop (call $exit (local.get $step))))))
  (func $of_bytes (param $at i32) (param $len i32) (param $draft i32) (result i64)
    (call $spawn_bytes (global.get $spawner) (i32.const 0) (i32.const REQUEST_LEN)
      (local.get $at) (local.get $len) (local.get $draft)))
  (func $of_region (param $region i64) (param $len i32) (param $draft i32) (result i64)
    (call $spawn_region (global.get $spawner) (i32.const 0) (i32.const REQUEST_LEN)
      (local.get $region) (local.get $len) (local.get $draft)))
  ;; How it ended: the kind of reason, of fault, and the code, in this order from the lowest byte on.
  (func $end_of (param $step i32) (param $actor i64) (result i64)
    (call $expect (local.get $step) (call $wait (local.get $actor) (i32.const 8192) (i64.const -1)) (i64.const 0))
    (call $expect (local.get $step) (call $drop (local.get $actor)) (i64.const 0))
    (i64.and (i64.load (i32.const 8192)) (i64.const 0xffffffffffff)))
  (func $exits_with_seven (param $step i32) (param $actor i64)
    (call $expect (local.get $step) (call $end_of (local.get $step) (local.get $actor)) (i64.const 0x70000)))
  (func $is_malformed (param $step i32) (param $actor i64)
    (call $expect (local.get $step) (call $end_of (local.get $step) (local.get $actor))
      (i64.or (i64.const 1) (i64.shl (i64.const MALFORMED) (i64.const 8)))))
  (func (export "_start")
    (local $region i64)
    (local $draft i64)
    (call $exits_with_seven (i32.const 1) (call $of_bytes (i32.const 1024) (i32.const MODULE_LEN) (i32.const 0)))
    ;; From a region, as a draft: what is written there before it begins changes nothing.
    (local.set $region (call $create (global.get $factory) (i64.const 4096)))
    (call $expect (i32.const 2)
      (call $write (local.get $region) (i64.const 0) (i32.const 1024) (i32.const MODULE_LEN)) (i64.const 0))
    (local.set $draft (call $of_region (local.get $region) (i32.const MODULE_LEN) (i32.const 1)))
    (call $expect (i32.const 3)
      (call $write (local.get $region) (i64.const 0) (i32.const 16384) (i32.const MODULE_LEN)) (i64.const 0))
    (call $expect (i32.const 4) (call $resume (local.get $draft)) (i64.const 0))
    (call $exits_with_seven (i32.const 5) (local.get $draft))
    (call $is_malformed (i32.const 6) (call $of_region (local.get $region) (i32.const MODULE_LEN) (i32.const 0)))
    ;; Nothing, a half, one changed byte.
    (call $is_malformed (i32.const 7) (call $of_bytes (i32.const 1024) (i32.const 0) (i32.const 0)))
    (call $is_malformed (i32.const 8) (call $of_bytes (i32.const 1024) (i32.const MODULE_HALF) (i32.const 0)))
    (i32.store8 (i32.const 1032) (i32.const 0x7f))
    (call $is_malformed (i32.const 9) (call $of_bytes (i32.const 1024) (i32.const MODULE_LEN) (i32.const 0)))
    ;; Too long, outside memory, outside the region, neither now nor a draft, not to be read, no region.
    (call $expect (i32.const 10) (call $of_bytes (i32.const 0) (i32.const 0x1000001) (i32.const 0)) (i64.const -15))
    (call $expect (i32.const 11) (call $of_bytes (i32.const 65000) (i32.const 537) (i32.const 0)) (i64.const -16))
    (call $expect (i32.const 12) (call $of_region (local.get $region) (i32.const 4097) (i32.const 0)) (i64.const -17))
    (call $expect (i32.const 13) (call $of_bytes (i32.const 1024) (i32.const 8) (i32.const 2)) (i64.const -17))
    (local.set $region (call $part (local.get $region) (i64.const 0) (i64.const 8) (i32.const 2)))
    (call $expect (i32.const 14) (call $of_region (local.get $region) (i32.const 8) (i32.const 0)) (i64.const -4))
    (call $expect (i32.const 15) (call $of_region (global.get $factory) (i32.const 8) (i32.const 0)) (i64.const -3))))
"#;
