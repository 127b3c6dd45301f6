//! A module that makes random host calls, made from the ABI's own table: a call that is added to the
//! table is called here without another line.
//!
//! Owns how an argument of each meaning is drawn: mostly plausible, sometimes at a border, sometimes
//! absurd. The actor expects in slot N the first capability of the kind at place N of them all (but for replies), and
//! works on a memory of one page that begins with a message and a spawn request, restored now and then.
//! Invariant: every call that can come back is made; a call that waits does so for a moment only.

use std::fmt::Write as _;

use crate::requests::{data, spawn_request};
use tessera_abi::call::Parameter;
use tessera_abi::{
    Handle, HostCall, IMPORT_MODULE, Message, Needs, ObjectKind, Rights, Row, Shape, SlotName, SpawnCap,
    TABLE, Transfer, TransferMode, ValueType,
};

/// Calls that one actor makes.
const CALLS: u32 = 3000;
/// Calls between two restorations of the memory's beginning.
const FRESH_EVERY: u32 = 16;
/// Where the spawn request lies, behind the message.
const REQUEST_AT: usize = 256;

/// The module's text.
pub fn module() -> String {
    let rows: Vec<&Row> = TABLE.iter().filter(|row| !ends_the_actor(row.call)).collect();
    let mut text = String::from("(module\n");
    rows.iter().for_each(|row| import(&mut text, row));
    let start = data(&beginning());
    let _never_fails = writeln!(text, "{HELPERS}(data $start \"{start}\")");
    for (index, row) in rows.iter().enumerate() {
        let arguments: String = row.parameters.iter().map(|one| argument(row, one)).collect();
        let _never_fails = writeln!(text, "(func $make{index} (drop (call ${}{arguments})))", row.name);
    }
    let _never_fails = writeln!(text, "{}", start_function(rows.len()));
    text + ")\n"
}

fn ends_the_actor(call: HostCall) -> bool {
    matches!(call, HostCall::Exit | HostCall::Panic)
}

fn import(text: &mut String, row: &Row) {
    let types: String = row.parameters.iter().map(|one| format!(" {}", one.value_type.name())).collect();
    let _never_fails = writeln!(
        text,
        "(import \"{IMPORT_MODULE}\" \"{0}\" (func ${0} (param{types}) (result i64)))",
        row.name
    );
}

/// Draws, and the kinds of argument.
const HELPERS: &str = r#"(memory (export "memory") 1)
(global $state (mut i64) (i64.const 1))
(func $roll (result i64)
  (global.set $state (i64.xor (global.get $state) (i64.shl (global.get $state) (i64.const 13))))
  (global.set $state (i64.xor (global.get $state) (i64.shr_u (global.get $state) (i64.const 7))))
  (global.set $state (i64.xor (global.get $state) (i64.shl (global.get $state) (i64.const 17))))
  (global.get $state))
(func $below (param $n i64) (result i64) (i64.rem_u (i64.shr_u (call $roll) (i64.const 11)) (local.get $n)))
(func $one_in (param $n i64) (result i32) (i64.eqz (call $below (local.get $n))))
(func $handle (param $usual i64) (result i64)
  (if (i32.and (i64.ne (local.get $usual) (i64.const 0)) (call $one_in (i64.const 2)))
    (then (return (local.get $usual))))
  (if (call $one_in (i64.const 9)) (then (return (call $roll))))
  (i64.or (i64.shl (i64.add (call $below (i64.const 4)) (i64.const 1)) (i64.const 32)) (call $below (i64.const 18))))
(func $address (result i32)
  (if (call $one_in (i64.const 2)) (then (return (i32.const 0))))
  (if (call $one_in (i64.const 3)) (then (return (i32.wrap_i64 (i64.sub (i64.const 65536) (call $below (i64.const 200)))))))
  (if (call $one_in (i64.const 5)) (then (return (i32.wrap_i64 (call $roll)))))
  (i32.wrap_i64 (call $below (i64.const 65536))))
(func $length (result i32)
  (if (call $one_in (i64.const 9)) (then (return (i32.wrap_i64 (call $roll)))))
  (i32.wrap_i64 (call $below (i64.const 5000))))
(func $number (result i32)
  (if (call $one_in (i64.const 9)) (then (return (i32.wrap_i64 (call $roll)))))
  (i32.wrap_i64 (call $below (i64.const 6))))
(func $rights (result i32)
  (if (call $one_in (i64.const 9)) (then (return (i32.wrap_i64 (call $roll)))))
  (i32.wrap_i64 (i64.and (call $roll) (i64.const 0x3fff))))
(func $word (result i64)
  (if (call $one_in (i64.const 3)) (then (return (call $roll))))
  (call $below (i64.const 70)))
(func $deadline (result i64) (call $below (i64.const 3)))
"#;

fn argument(row: &Row, one: &Parameter) -> String {
    match (one.meaning, one.value_type) {
        ("Handle", _) => format!(" (call $handle (i64.const {}))", usual(row).bits()),
        // A spawn request is rarely read from anywhere but where it lies.
        ("Address", _) if one.name == "request" => format!(
            " (select (i32.const {REQUEST_AT}) (call $address) (i32.wrap_i64 (call $below (i64.const 4))))"
        ),
        ("Length", _) if one.name == "len" && takes_request(row) => format!(
            " (select (i32.const {}) (call $length) (i32.wrap_i64 (call $below (i64.const 4))))",
            request().len()
        ),
        ("Address", _) => " (call $address)".to_owned(),
        ("Length", _) => " (call $length)".to_owned(),
        ("Number", _) => " (call $number)".to_owned(),
        ("RightBits", _) => " (call $rights)".to_owned(),
        ("Deadline", _) => " (call $deadline)".to_owned(),
        (_, ValueType::I64) => " (call $word)".to_owned(),
        (_, ValueType::I32) => " (i32.wrap_i64 (call $roll))".to_owned(),
    }
}

fn takes_request(row: &Row) -> bool {
    row.parameters.iter().any(|one| one.name == "request")
}

/// The handle under which the actor began with what the call needs.
fn usual(row: &Row) -> Handle {
    match row.needs {
        Needs::Kind(kind) => first(kind),
        Needs::Any | Needs::Nothing => Handle::NONE,
    }
}

fn first(kind: ObjectKind) -> Handle {
    let place = ObjectKind::ALL.iter().position(|one| *one == kind).unwrap_or(0);
    Handle::new(Handle::FIRST_GENERATION, place as u32)
}

fn start_function(calls: usize) -> String {
    let targets: String = (0..calls).map(|index| format!(" {index}")).collect();
    let opens = "(block ".repeat(calls);
    let made: String = (0..calls).map(|index| format!(")\n(call $make{index}) (br $round)")).collect();
    format!(
        r#"(func (export "_start") (local $n i32)
  (memory.init $start (i32.const 0) (i32.const 0) (i32.const {length}))
  (drop (call $random_fill (i64.const {random}) (i32.const 4096) (i32.const 8)))
  (global.set $state (i64.or (i64.load (i32.const 4096)) (i64.const 1)))
  (loop $again
    (if (i32.eqz (i32.rem_u (local.get $n) (i32.const {FRESH_EVERY})))
      (then (memory.init $start (i32.const 0) (i32.const 0) (i32.const {length}))))
    (block $round
      {opens}(br_table{targets} (i32.wrap_i64 (call $below (i64.const {calls})))){made})
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $n) (i32.const {CALLS})))))"#,
        length = beginning().len(),
        random = first(ObjectKind::Random).bits(),
    )
}

/// The memory's first bytes: a message that carries capabilities, and a spawn request.
fn beginning() -> Vec<u8> {
    let mut message = Message { label: 7, bytes_len: 100, bytes_capacity: 200, ..Message::EMPTY };
    message.bytes_address = 2048;
    for (place, (kind, mode)) in message
        .caps
        .iter_mut()
        .zip([(ObjectKind::Clock, TransferMode::Copy), (ObjectKind::Notification, TransferMode::Move)])
    {
        *place = Transfer { handle: first(kind), rights: Rights::ALL, mode };
    }
    let mut bytes = message.encode().to_vec();
    bytes.resize(REQUEST_AT, 0);
    bytes.extend(request());
    bytes
}

fn request() -> Vec<u8> {
    let clock = SpawnCap::new(SlotName::EMPTY, first(ObjectKind::Clock), Rights::READ);
    spawn_request("nothing", Shape::Main, &[clock], "--quick")
}
