//! A module that splits an account, starts actors in the part, resizes it and looks at it.
//!
//! Owns its text, made from the ABI's own records. Slots: 0 the account, 1 a spawner. It exits with 0 when each step
//! was answered as it should be, otherwise with the step's number, from 1 on.

use crate::requests::{data, spawn_request};
use tessera_abi::{AccountRecord, Amounts, Error, Handle, Shape, SpawnCap};

/// What it is called in the image.
pub const NAME: &str = "keeps_accounts";

/// Where the records lie.
const PART_AT: usize = 0;
const ONE_AT: usize = 64;
const TWO_AT: usize = 128;
const NO_ACTOR_AT: usize = 192;
const RECORD_AT: usize = 512;
const REQUEST_AT: usize = 1024;

/// Where the record tells how many actors there are of a figure: its place among limit, used, given, free, owed.
const fn actors_at(figure: usize) -> usize {
    // The last field but fuel and what is reserved.
    let actors = Amounts::SIZE - 8 - size_of::<[u64; 4]>();
    RECORD_AT + AccountRecord::SIZE - (5 - figure) * Amounts::SIZE + actors
}

const USED: usize = 1;
const OWED: usize = 4;

const ACCOUNT: u64 = Handle::OWN_ENDPOINT.bits();
const SPAWNER: u64 = Handle::new(Handle::FIRST_GENERATION, 1).bits();

/// Where the part lands: in the first slot behind those two.
const PART: Handle = Handle::new(Handle::FIRST_GENERATION, 2);

/// An actor that lives in the part and runs until it is killed.
fn request() -> Vec<u8> {
    spawn_request("forever", Shape::Main, &[SpawnCap::account(PART)], "")
}

fn actors(actors: u64) -> Amounts {
    Amounts { actors, ..Amounts::UNCHANGED }
}

/// Each step, true if it went well.
fn steps() -> Vec<String> {
    let len = request().len();
    let spawn = |call: &str| {
        format!("(call ${call} (i64.const {SPAWNER}) (i32.const {REQUEST_AT}) (i32.const {len}))")
    };
    let resize = |parent: u64, at: usize| {
        format!("(call $account_resize (global.get $part) (i64.const {parent}) (i32.const {at}))")
    };
    let is = |call: String, answer: i64| format!("(i64.eq {call} (i64.const {answer}))");
    let refused = |call: String, error: Error| is(call, error.to_answer());
    let kept = |call: String, name: &str| {
        format!(
            "(block (result i32) (global.set ${name} {call}) (i64.gt_s (global.get ${name}) (i64.const 0)))"
        )
    };
    let told = |figure: usize, actors: i64| {
        let info = format!("(call $account_info (global.get $part) (i32.const {RECORD_AT}))");
        let figure = format!("(i64.load (i32.const {}))", actors_at(figure));
        format!("(i32.and {} {})", is(info, 0), is(figure, actors))
    };
    let kill = |name: &str| is(format!("(call $actor_kill (global.get ${name}))"), 0);
    vec![
        kept(
            format!(
                "(call $account_split (i64.const {ACCOUNT}) (i32.const 0) (i32.const 0) (i32.const {PART_AT}))"
            ),
            "part",
        ),
        kept(spawn("spawn"), "first"),
        refused(spawn("spawn"), Error::OverQuota),
        refused(resize(0, TWO_AT), Error::MissingRight),
        refused(resize(SPAWNER, TWO_AT), Error::WrongKind),
        is(resize(ACCOUNT, TWO_AT), 0),
        kept(spawn("spawn_draft"), "second"),
        told(USED, 2),
        is(resize(0, NO_ACTOR_AT), 0),
        told(OWED, 2),
        refused(spawn("spawn"), Error::OverQuota),
        is(resize(ACCOUNT, ONE_AT), 0),
        told(OWED, 1),
        kill("first"),
        kill("second"),
    ]
}

/// The calls, with their parameters.
const IMPORTS: [(&str, &str); 7] = [
    ("exit", "i32"),
    ("account_split", "i64 i32 i32 i32"),
    ("account_resize", "i64 i64 i32"),
    ("account_info", "i64 i32"),
    ("spawn", "i64 i32 i32"),
    ("spawn_draft", "i64 i32 i32"),
    ("actor_kill", "i64"),
];

/// The module's text.
pub fn module() -> String {
    let imports = IMPORTS
        .map(|(name, types)| {
            format!("(import \"tessera\" \"{name}\" (func ${name} (param {types}) (result i64)))\n")
        })
        .concat();
    let part = Amounts { memory: 1 << 20, slots: 200, mailbox: 0, actors: 1, ..Amounts::NONE };
    let data: String = [
        (PART_AT, part.encode().to_vec()),
        (ONE_AT, actors(1).encode().to_vec()),
        (TWO_AT, actors(2).encode().to_vec()),
        (NO_ACTOR_AT, actors(0).encode().to_vec()),
        (REQUEST_AT, request()),
    ]
    .map(|(at, bytes)| format!("(data (i32.const {at}) \"{}\")\n", data(&bytes)))
    .concat();
    let steps: String = (1..)
        .zip(steps())
        .map(|(number, step)| {
            format!("(if (i32.eqz {step}) (then (drop (call $exit (i32.const {number})))))\n")
        })
        .collect();
    format!(
        r#"(module
  {imports}
  (memory (export "memory") 1)
  (global $part (mut i64) (i64.const 0))
  (global $first (mut i64) (i64.const 0))
  (global $second (mut i64) (i64.const 0))
  {data}
  (func (export "_start")
    {steps}))"#
    )
}
