//! A module that asks for everything that takes of an account which has nothing left.
//!
//! Owns its text, made from the ABI's own records: the spawn request and the message are data segments. Slots: 0 an
//! endpoint that it receives one call from, 1 a factory, 2 a spawner, 3 its own account, 4 an endpoint to send to.
//! It exits with 0 when each request was refused with over-quota, otherwise with which was not, from 1 on; the call
//! is answered in the end.

use crate::requests::{data, spawn_request};
use tessera_abi::{
    Error, Handle, Message, NOW, ObjectKind, Rights, Shape, SlotName, SpawnCap, Transfer, TransferMode,
};

/// What it is called in the image.
pub const NAME: &str = "takes_over_quota";

/// Where the records lie.
const PLAIN_AT: usize = 0;
const BYTES_AT: usize = 256;
const CAPS_AT: usize = 512;
const AMOUNTS_AT: usize = 768;
const REQUEST_AT: usize = 1024;

/// The handle of slot `index` in its first generation.
fn slot(index: u32) -> u64 {
    Handle::new(Handle::FIRST_GENERATION, index).bits()
}

/// A message with bytes, and one that carries the factory.
fn messages() -> [Message; 2] {
    let mut carrying = Message::EMPTY;
    let rights = Rights::of(ObjectKind::Factory);
    let factory = Transfer { handle: Handle::from_bits(slot(1)), rights, mode: TransferMode::Copy };
    if let Some(place) = carrying.caps.first_mut() {
        *place = factory;
    }
    [Message { bytes_address: REQUEST_AT as u32, bytes_len: 100, ..Message::EMPTY }, carrying]
}

fn request() -> Vec<u8> {
    let rights = Rights::of(ObjectKind::Factory);
    let factory = SpawnCap::new(SlotName::EMPTY, Handle::from_bits(slot(1)), rights);
    spawn_request("nothing", Shape::Main, &[factory], "")
}

/// Every request, as the call's text.
fn requests() -> Vec<String> {
    let len = request().len();
    let [factory, spawner, account, other] = [1, 2, 3, 4].map(slot);
    let mut all = vec![
        format!("(call $endpoint_create (i64.const {factory}) (i32.const 1024) (i32.const 0))"),
        format!("(call $region_create (i64.const {factory}) (i64.const 65536))"),
        format!("(call $spawn (i64.const {spawner}) (i32.const {REQUEST_AT}) (i32.const {len}))"),
        format!("(call $spawn_draft (i64.const {spawner}) (i32.const {REQUEST_AT}) (i32.const {len}))"),
        format!(
            "(call $account_split (i64.const {account}) (i32.const 0) (i32.const 0) (i32.const {AMOUNTS_AT}))"
        ),
    ];
    for at in [BYTES_AT, CAPS_AT] {
        all.push(format!("(call $send (i64.const {other}) (i32.const {at}) (i64.const {NOW}))"));
        all.push(format!("(call $call (i64.const {other}) (i32.const {at}) (i64.const {NOW}))"));
        all.push(format!("(call $reply (global.get $reply) (i32.const {at}))"));
        all.push(format!(
            "(call $forward (global.get $reply) (i64.const {other}) (i32.const {at}) (i64.const {NOW}))"
        ));
    }
    all
}

/// The calls, with their parameters.
const IMPORTS: [(&str, &str); 11] = [
    ("exit", "i32"),
    ("recv", "i64 i32 i64"),
    ("endpoint_create", "i64 i32 i32"),
    ("region_create", "i64 i64"),
    ("spawn", "i64 i32 i32"),
    ("spawn_draft", "i64 i32 i32"),
    ("account_split", "i64 i32 i32 i32"),
    ("send", "i64 i32 i64"),
    ("call", "i64 i32 i64"),
    ("reply", "i64 i32"),
    ("forward", "i64 i64 i32 i64"),
];

/// The module's text.
pub fn module() -> String {
    let imports: String = IMPORTS
        .map(|(name, types)| {
            format!("(import \"tessera\" \"{name}\" (func ${name} (param {types}) (result i64)))\n")
        })
        .concat();
    let [bytes, caps] = messages().map(|message| data(&message.encode()));
    let request = data(&request());
    let refused = -(Error::OverQuota as i64);
    let tried: String = (1..)
        .zip(requests())
        .map(|(number, call)| {
            format!(
                "(if (i64.ne {call} (i64.const {refused})) (then (drop (call $exit (i32.const {number})))))\n"
            )
        })
        .collect();
    // The reply's handle follows label, words and badge.
    let reply_at = PLAIN_AT + 8 + 8 * tessera_abi::MESSAGE_WORDS + 8;
    format!(
        r#"(module
  {imports}
  (memory (export "memory") 1)
  (global $reply (mut i64) (i64.const 0))
  (data (i32.const {BYTES_AT}) "{bytes}")
  (data (i32.const {CAPS_AT}) "{caps}")
  (data (i32.const {slots_at}) "\10")
  (data (i32.const {REQUEST_AT}) "{request}")
  (func (export "_start")
    (drop (call $recv (i64.const {own}) (i32.const {PLAIN_AT}) (i64.const -1)))
    (global.set $reply (i64.load (i32.const {reply_at})))
    {tried}
    (memory.fill (i32.const {PLAIN_AT}) (i32.const 0) (i32.const 256))
    (drop (call $exit (i32.wrap_i64 (call $reply (global.get $reply) (i32.const {PLAIN_AT})))))))"#,
        own = slot(0),
        // Of the amounts, slots come second.
        slots_at = AMOUNTS_AT + 8,
    )
}
