//! Every mistake in tests/bad is found at its line and said as its first line says; a good manifest packs
//! into an image that reads back as it was written.

use std::fs;
use std::path::Path;

use tessera_abi::image::{EntryKind, NO_ACTOR, Restart};
use tessera_abi::{Amounts, Image, ObjectKind, Policy, Priority, Rights, Shape};
use tessera_pack::{Memory, Problem, Report, pack};

const MODULES: &[(&str, &str)] = &[
    ("root", "(module (memory (export \"memory\") 1) (func (export \"_start\")))"),
    (
        "clock",
        "(module (import \"tessera\" \"clock_now\" (func (param i64) (result i64))) (func (export \"_start\")))",
    ),
    (
        "echo",
        "(module (import \"tessera\" \"recv\" (func (param i64 i32 i64) (result i64))) (func (export \"handle\")))",
    ),
    ("strange", "(module (import \"env\" \"system\" (func)) (func (export \"_start\")))"),
    (
        "outdated",
        "(module (import \"tessera\" \"clock_now\" (func (result i64))) (func (export \"_start\")))",
    ),
    ("argues", "(module (func (export \"_start\") (param i32)))"),
];

#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the test's own modules")]
fn inputs() -> Memory {
    let mut inputs = Memory::default();
    for (name, text) in MODULES {
        inputs.modules.insert((*name).into(), wat::parse_str(text).unwrap());
    }
    let truncated = inputs.modules["root"].split_last_chunk::<3>().unwrap().0.to_vec();
    inputs.modules.insert("truncated".into(), truncated);
    inputs.files.insert("greeting.txt".into(), b"hello".to_vec());
    inputs
}

const GOOD: &str = r#"
modules = ["clock"]

[files]
motd = "greeting.txt"

[[actor]]
name = "root"
priority = "high"
[actor.capabilities]
log = { rights = ["write", "grant"] }
clock = { rights = ["read", "grant"] }

[[actor]]
name = "echo-1"
module = "echo"
shape = "handler"
memory_kib = 64
supervisor = "root"
restart = "on-fault"
args = "loud"
[actor.account]
memory_kib = 512
slots = 64
mailbox_bytes = 1000
actors = 1

[[actor]]
name = "now"
module = "clock"
supervisor = "root"
[actor.account]
memory_kib = 4096
slots = 64
mailbox_bytes = 0
actors = 1
fuel = 5_000_000_000
[actor.capabilities]
clock = { rights = ["read"] }
echo = { kind = "endpoint", of = "echo-1", rights = ["send"], badge = 9 }
"#;

#[test]
fn a_good_manifest_reads_back_from_the_image() {
    let image = pack("system.toml", GOOD, &inputs()).unwrap();
    let image = Image::parse(&image).unwrap();
    assert_eq!(image.find(EntryKind::File, "motd"), Some(&b"hello"[..]));
    assert_eq!(image.module("clock"), Some(&inputs().modules["clock"][..]));
    let manifest = image.manifest().unwrap();
    let actors: Vec<_> = manifest.actors().collect();
    assert_eq!((actors[0].head.supervisor, actors[0].head.priority), (NO_ACTOR, Priority::High));
    assert_eq!((actors[1].head.shape, actors[1].head.mailbox, actors[1].args), (Shape::Handler, 16, "loud"));
    assert_eq!((actors[1].head.restart, actors[1].head.memory_max_bytes), (Restart::OnFault, 65536));
    let account = Amounts { memory: 512 << 10, slots: 64, mailbox: 1000, actors: 1, ..Amounts::NONE };
    let billed = Amounts { memory: 4 << 20, mailbox: 0, fuel: 5_000_000_000, ..account };
    let accounts = [0, 1, 2].map(|actor| actors[actor].head.account);
    assert_eq!(accounts, [Amounts::NONE, account, billed]);
    let caps: Vec<_> = actors[2].caps().collect();
    assert_eq!((caps[0].kind, caps[0].rights), (ObjectKind::Clock, Rights::READ));
    assert_eq!((caps[1].slot.as_str(), caps[1].target, caps[1].badge), ("echo", 1, 9));
}

/// Root with so many handlers.
fn of_handlers(count: usize, slots: &str) -> Result<Vec<u8>, Vec<Report>> {
    let mut text = format!("[[actor]]\nname = \"root\"\n{slots}\n");
    for index in 0..count {
        text += &format!("[[actor]]\nname = \"h{index}\"\nmodule = \"echo\"\nshape = \"handler\"\n");
    }
    pack("system.toml", &text, &inputs())
}

#[test]
fn the_first_actor_has_room_for_what_it_starts() {
    // An endpoint and an actor each, and 17 that do not depend on them.
    for (handlers, slots) in [(1, 64), (23, 64), (24, 128), (2039, 4096)] {
        let image = of_handlers(handlers, "").unwrap();
        let first = Image::parse(&image).unwrap().manifest().unwrap().actors().next().unwrap();
        assert_eq!(first.head.slots_max, slots, "{handlers} handlers");
    }
    assert_eq!(of_handlers(2040, "").unwrap_err()[0].problem, Problem::FirstTooSmall(4097));
    assert!(of_handlers(2, "slots = 21").is_ok() && of_handlers(2, "slots = 20").is_err());
}

#[test]
fn a_mailbox_has_the_policy_that_its_actor_names() {
    for (lines, capacity, policy) in [
        ("", 16, Policy::Block),
        ("policy = \"reject\"", 16, Policy::Reject),
        ("policy = \"drop-oldest\"\nmailbox = 4", 4, Policy::DropOldest),
        ("policy = \"conflate\"", 1, Policy::Conflate),
    ] {
        let echo = "[[actor]]\nname = \"echo\"\nshape = \"handler\"\n";
        let text = format!("[[actor]]\nname = \"root\"\n{echo}{lines}\n");
        let image = pack("system.toml", &text, &inputs()).unwrap();
        let head = Image::parse(&image).unwrap().manifest().unwrap().actors().nth(1).unwrap().head;
        assert_eq!((head.mailbox, head.policy), (capacity, policy), "{lines}");
    }
}

#[test]
fn actors_may_be_granted_whoever_starts_without_them() {
    let text = r#"
        [[actor]]
        name = "root"
        [[actor]]
        name = "first"
        module = "root"
        capabilities.later = { kind = "actor", of = "later", rights = ["wait"] }
        capabilities.below = { kind = "actor", of = "below", rights = ["wait"] }
        capabilities.again = { kind = "actor", of = "later", rights = ["kill"] }
        [[actor]]
        name = "later"
        module = "root"
        strategy = "one-for-all"
        capabilities.below = { kind = "endpoint", of = "below", rights = ["send"] }
        [[actor]]
        name = "below"
        module = "root"
        supervisor = "later"
        mailbox = 1
        [[actor]]
        name = "last"
        module = "root"
        supervisor = "later"
        capabilities.front = { kind = "actor", of = "below", rights = ["wait"] }
        capabilities.above = { kind = "actor", of = "later", rights = ["wait"] }
    "#;
    assert_eq!(pack("system.toml", text, &inputs()).err(), None);
}

#[test]
fn a_circle_of_actors_is_told_once_and_another_beside_it_too() {
    let actor = |name, other| {
        format!(
            "[[actor]]\nname = \"{name}\"\nmodule = \"root\"\ncapabilities.other = {{ kind = \"actor\", of = \"{other}\", rights = [\"wait\"] }}\n"
        )
    };
    let circles = [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c"), ("e", "a")];
    let text: String = circles.iter().map(|(name, other)| actor(name, other)).collect();
    let reports = pack("system.toml", &format!("[[actor]]\nname = \"root\"\n{text}"), &inputs()).unwrap_err();
    let circle = |names: [&str; 3]| Problem::StartsBehindItself(names.map(String::from).into());
    let told: Vec<_> = reports.into_iter().map(|report| report.problem).collect();
    assert_eq!(told, [circle(["a", "b", "a"]), circle(["c", "d", "c"])]);
}

#[test]
fn the_same_manifest_packs_into_the_same_bytes() {
    assert_eq!(pack("a", GOOD, &inputs()).unwrap(), pack("b", GOOD, &inputs()).unwrap());
}

#[test]
fn a_kind_that_may_be_lacking_needs_no_grant() {
    let text = "[[actor]]\nname = \"root\"\nmodule = \"clock\"\nmay_lack = [\"clock\"]\n";
    assert!(pack("system.toml", text, &inputs()).is_ok());
}

#[test]
fn every_bad_manifest_is_refused_with_the_message_on_its_first_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 40, "only {} bad manifests were found", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let expected = format!("system.toml:{}", text.lines().next().unwrap().trim_start_matches("# "));
        let found = pack("system.toml", &text, &inputs()).err().unwrap_or_default();
        if !found.first().is_some_and(|report| report.to_string().starts_with(&expected)) {
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            wrong.push(format!("{}\n  expected {expected}\n  found {found:#?}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_lines() {
    let text = "[[actor]]\nname = \"root\"\nshape = \"x\"\npriority = \"y\"\nrestart = \"z\"\n";
    let lines: Vec<_> = pack("m", text, &inputs()).unwrap_err().iter().map(|report| report.line).collect();
    assert_eq!(lines, [3, 4, 5]);
}
