//! Modules that supervise: the lower one a server, the upper one the lower, and one for itself a server that can fault.
//!
//! They hold a spawner and the endpoint that the server is to serve, and link what they start to themselves before it
//! begins. The lower one fails by a trap when its server has ended [`ENDS`] times; the others start theirs again however
//! often. Made here, since their spawn requests are the ABI's records.

use crate::requests::{data, slot, spawn_request};
use tessera_abi::{ObjectKind, Rights, Shape, SlotName, SpawnCap};

/// The upper one's name.
pub const UPPER: &str = "oversees";

/// The lower one's name.
pub const LOWER: &str = "supervises";

/// The server that ends up being supervised.
const SERVER: &str = "adder";

/// The one for itself, and its server.
const PATIENT: (&str, &str) = ("starts_again", "adds_unless_told");

/// How often the server ends before the lower one fails.
const ENDS: u32 = 3;

/// The modules' names and texts.
pub fn modules() -> [(&'static str, String); 3] {
    let spawner = SpawnCap::new(SlotName::EMPTY, slot(0), Rights::of(ObjectKind::Spawner));
    let door = SpawnCap::new(SlotName::EMPTY, slot(1), Rights::of(ObjectKind::Endpoint));
    let lower = spawn_request(LOWER, Shape::Main, &[spawner, door], "");
    let server = |module| spawn_request(module, Shape::Handler, &[door], "");
    let (patient, its_server) = PATIENT;
    [
        (UPPER, module(&lower, u32::MAX)),
        (LOWER, module(&server(SERVER), ENDS)),
        (patient, module(&server(its_server), u32::MAX)),
    ]
}

fn module(request: &[u8], ends: u32) -> String {
    let data = data(request);
    let (len, spawner) = (request.len(), slot(0).bits());
    let end = len.next_multiple_of(8);
    format!(
        r#"(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "actor_self" (func $actor_self (result i64)))
  (import "tessera" "spawn_draft" (func $spawn_draft (param i64 i32 i32) (result i64)))
  (import "tessera" "actor_link" (func $actor_link (param i64 i64) (result i64)))
  (import "tessera" "actor_resume" (func $actor_resume (param i64) (result i64)))
  (import "tessera" "actor_wait" (func $actor_wait (param i64 i32 i64) (result i64)))
  (import "tessera" "cap_drop" (func $cap_drop (param i64) (result i64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{data}")
  (func $good (param $answer i64) (result i64)
    (if (i64.lt_s (local.get $answer) (i64.const 0))
      (then (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer)))))))
    (local.get $answer))
  (func (export "_start")
    (local $me i64) (local $child i64) (local $ends i32)
    (local.set $me (call $good (call $actor_self)))
    (loop $again
      (local.set $child (call $good (call $spawn_draft (i64.const {spawner}) (i32.const 0) (i32.const {len}))))
      (drop (call $good (call $actor_link (local.get $me) (local.get $child))))
      (drop (call $good (call $actor_resume (local.get $child))))
      (drop (call $good (call $actor_wait (local.get $child) (i32.const {end}) (i64.const -1))))
      (drop (call $good (call $cap_drop (local.get $child))))
      (local.set $ends (i32.add (local.get $ends) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $ends) (i32.const {ends}))))
    (unreachable)))"#
    )
}
