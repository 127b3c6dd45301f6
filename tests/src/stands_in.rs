//! A module that starts actors in others' places, and reads whom they stand in for.
//!
//! Owns its text, made from the ABI's own records. Slots: 0 a spawner, 1 an actor that has faulted, 2 one that lives, 3 one
//! that it may not wait for, 4 the system. It waits for ever, and so keeps the last one that it has made, when each step was
//! answered as it should be; otherwise it exits with the step's number, from 1 on.

use crate::requests::spawn_request;
use tessera_abi::{Error, Handle, LineageRecord, Shape, SpawnCap, Subject};

/// What it is called in the image.
pub const NAME: &str = "stands_in";

/// Where the requests lie, and the record.
const REQUESTS_AT: usize = 0;
const RECORD_AT: usize = 4096;

/// Where the record has what is summed up: restarts, and faults.
const RESTARTS: usize = 4;
const FAULTS: usize = 24;

/// The first handle of a slot.
const fn slot(index: u32) -> Handle {
    Handle::new(Handle::FIRST_GENERATION, index)
}

/// Requests that name what is in these slots as who is stood in for: the last is where the first one made lands.
const NAMED: [u32; 5] = [2, 3, 0, 1, 5];

fn requests() -> Vec<Vec<u8>> {
    let request = |index| spawn_request("nothing", Shape::Main, &[SpawnCap::predecessor(slot(index))], "");
    NAMED.into_iter().map(request).collect()
}

/// Each step, true if it went well.
fn steps(len: usize) -> Vec<String> {
    let spawn = |place: usize| {
        let at = REQUESTS_AT + place * len;
        format!("(call $spawn_draft (i64.const {}) (i32.const {at}) (i32.const {len}))", slot(0).bits())
    };
    let is = |call: String, answer: i64| format!("(i64.eq {call} (i64.const {answer}))");
    let refused = |place, error: Error| is(spawn(place), error.to_answer());
    let made = |place, index| is(spawn(place), slot(index).bits().cast_signed());
    let sum = |offset, expected| is(format!("(call $sum (i32.const {offset}))"), expected);
    let first = slot(5).bits();
    vec![
        refused(0, Error::InvalidArgument),
        refused(1, Error::MissingRight),
        refused(2, Error::WrongKind),
        made(3, 5),
        is(format!("(call $actor_kill (i64.const {first}))"), 0),
        is(format!("(call $actor_wait (i64.const {first}) (i32.const {RECORD_AT}) (i64.const -1))"), 0),
        made(4, 6),
        // Of all that live only this last one stands in for anybody: for two, of whom one faulted.
        sum(RESTARTS, 2),
        sum(FAULTS, 1),
    ]
}

/// The module's text.
pub fn module() -> String {
    let requests = requests();
    let len = requests.first().map_or(0, Vec::len);
    let data = requests.concat().iter().fold(String::new(), |text, byte| format!("{text}\\{byte:02x}"));
    let steps: String = (1..)
        .zip(steps(len))
        .map(|(number, step)| {
            format!("(if (i32.eqz {step}) (then (drop (call $exit (i32.const {number})))))\n")
        })
        .collect();
    let (system, subject, size) = (slot(4).bits(), Subject::Lineage.number(), LineageRecord::SIZE);
    let last = slot(6).bits();
    format!(
        r#"(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "spawn_draft" (func $spawn_draft (param i64 i32 i32) (result i64)))
  (import "tessera" "actor_kill" (func $actor_kill (param i64) (result i64)))
  (import "tessera" "actor_wait" (func $actor_wait (param i64 i32 i64) (result i64)))
  (import "tessera" "inspect" (func $inspect (param i64 i32 i64 i32 i32) (result i64)))
  (memory (export "memory") 1)
  (data (i32.const {REQUESTS_AT}) "{data}")
  ;; What the word at this offset of all actors' records adds up to.
  (func $sum (param $offset i32) (result i64)
    (local $index i64) (local $sum i64)
    (block $all
      (loop $next
        (br_if $all (i64.lt_s
          (call $inspect (i64.const {system}) (i32.const {subject}) (local.get $index) (i32.const {RECORD_AT}) (i32.const {size}))
          (i64.const 0)))
        (local.set $sum (i64.add (local.get $sum)
          (i64.load32_u (i32.add (i32.const {RECORD_AT}) (local.get $offset)))))
        (local.set $index (i64.add (i64.load32_u (i32.const {RECORD_AT})) (i64.const 1)))
        (br $next)))
    (local.get $sum))
  (func (export "_start")
    {steps}
    (drop (call $actor_wait (i64.const {last}) (i32.const {RECORD_AT}) (i64.const -1)))))"#
    )
}
