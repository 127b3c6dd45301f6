//! A module that splits an account, starts actors in the part, resizes it and looks at it; and one that is
//! metered.
//!
//! Owns its text, made from the ABI's own records. Slots: 0 the account, 1 a spawner. It exits with 0 when each step
//! was answered as it should be, otherwise with the step's number, from 1 on.

use crate::requests::{data, spawn_request};
use tessera_abi::account::UNMETERED;
use tessera_abi::{AccountRecord, Amounts, Error, Handle, Resource, Shape, SpawnCap};

/// What it is called in the image.
pub const NAME: &str = "keeps_accounts";

/// Where the records lie.
const PART_AT: usize = 0;
const ONE_AT: usize = 64;
const TWO_AT: usize = 128;
const NO_ACTOR_AT: usize = 192;
const BILLED_AT: usize = 256;
const REFILLED_AT: usize = 320;
const RECORD_AT: usize = 512;
const REQUEST_AT: usize = 1024;

/// Where the record tells how much there is of a resource in a figure: its place among limit, used, given, free, owed.
fn amount_at(figure: usize, resource: Resource) -> usize {
    // A word for each resource, in the order of their numbers.
    let place = usize::from(resource.number()) * size_of::<u64>();
    RECORD_AT + AccountRecord::SIZE - (5 - figure) * Amounts::SIZE + place
}

const LIMIT: usize = 0;
const USED: usize = 1;
const FREE: usize = 3;
const OWED: usize = 4;

const ACCOUNT: u64 = Handle::OWN_ENDPOINT.bits();
const SPAWNER: u64 = Handle::new(Handle::FIRST_GENERATION, 1).bits();

/// Where the part lands: in the first slot behind those two.
const PART: Handle = Handle::new(Handle::FIRST_GENERATION, 2);

/// What fuel an account is given that is to be metered.
const BUDGET: u64 = 700;

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
    let split = |at: usize| {
        format!("(call $account_split (i64.const {ACCOUNT}) (i32.const 0) (i32.const 0) (i32.const {at}))")
    };
    let resize_of = |account: &str, parent: u64, at: usize| {
        format!("(call $account_resize (global.get ${account}) (i64.const {parent}) (i32.const {at}))")
    };
    let resize = |parent: u64, at: usize| resize_of("part", parent, at);
    let is = |call: String, answer: i64| format!("(i64.eq {call} (i64.const {answer}))");
    let refused = |call: String, error: Error| is(call, error.to_answer());
    let kept = |call: String, name: &str| {
        format!(
            "(block (result i32) (global.set ${name} {call}) (i64.gt_s (global.get ${name}) (i64.const 0)))"
        )
    };
    let told_of = |account: &str, figure: usize, resource: Resource, amount: u64| {
        let info = format!("(call $account_info (global.get ${account}) (i32.const {RECORD_AT}))");
        let figure = format!("(i64.load (i32.const {}))", amount_at(figure, resource));
        format!("(i32.and {} {})", is(info, 0), is(figure, amount.cast_signed()))
    };
    let told = |figure: usize, actors: u64| told_of("part", figure, Resource::Actors, actors);
    let kill = |name: &str| is(format!("(call $actor_kill (global.get ${name}))"), 0);
    vec![
        kept(split(PART_AT), "part"),
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
        told_of("part", LIMIT, Resource::Fuel, UNMETERED),
        refused(resize(ACCOUNT, REFILLED_AT), Error::InvalidArgument),
        kept(split(BILLED_AT), "billed"),
        told_of("billed", FREE, Resource::Fuel, BUDGET),
        refused(resize_of("billed", 0, REFILLED_AT), Error::MissingRight),
        is(resize_of("billed", ACCOUNT, REFILLED_AT), 0),
        told_of("billed", FREE, Resource::Fuel, 2 * BUDGET),
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
        (BILLED_AT, Amounts { fuel: BUDGET, ..Amounts::NONE }.encode().to_vec()),
        (REFILLED_AT, Amounts { fuel: 2 * BUDGET, ..Amounts::UNCHANGED }.encode().to_vec()),
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
  (global $billed (mut i64) (i64.const 0))
  {data}
  (func (export "_start")
    {steps}))"#
    )
}
