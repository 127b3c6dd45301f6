//! Root against a packed image: it starts what the manifest names with what it grants, and notices ends.

extern crate std;

use super::*;
use actor_sdk::abi::HostCall;
use actor_sdk::abi::image::{
    Entry, EntryName, IMAGE_MAGIC, IMAGE_VERSION, ImageHead, MANIFEST_VERSION, ManifestActor, ManifestCap,
    ManifestHead, NO_ACTOR, Restart, Strategy,
};
use actor_sdk::abi::{Name, Priority, Shape, SlotName};
use actor_sdk::fake::{Ended, Kernel};
use actor_sdk::{Clock, Console, Log, ObjectKind, Random, Rights, Spawner, System};
use std::string::String;

const LOG_RIGHTS: Rights = Rights::WRITE.union(Rights::GRANT);

fn actor(name: &str, mailbox: u32, caps: &[ManifestCap], args: &str) -> Vec<u8> {
    let record = ManifestActor {
        name: Name::new_truncated(name),
        module: Name::new_truncated("any"),
        shape: if mailbox == 0 { Shape::Main } else { Shape::Handler },
        priority: Priority::Normal,
        restart: Restart::Never,
        strategy: Strategy::OneForOne,
        restart_limit: 0,
        restart_window_ms: 0,
        back_off_ms: 0,
        supervisor: if name == "root" { NO_ACTOR } else { 0 },
        memory_max_bytes: 1 << 16,
        stack_max_bytes: 0,
        slots_max: 0,
        mailbox,
        cap_count: caps.len() as u32,
        args_len_bytes: args.len() as u32,
    };
    let mut bytes = record.encode().to_vec();
    caps.iter().for_each(|cap| bytes.extend(cap.encode()));
    bytes.extend(args.as_bytes());
    bytes
}

fn cap(slot: &str, kind: ObjectKind, rights: Rights, target: u32) -> ManifestCap {
    ManifestCap { slot: SlotName::new_truncated(slot), kind, reserved: [0; 3], rights, badge: 0, target }
}

/// Root, a handler called echo, and a client with a log and a way to send to echo.
fn image() -> Vec<u8> {
    let mut manifest = ManifestHead { version: MANIFEST_VERSION, actor_count: 3 }.encode().to_vec();
    manifest.extend(actor("root", 0, &[], ""));
    manifest.extend(actor("echo", 4, &[], "quietly"));
    let log = cap("log", ObjectKind::Log, LOG_RIGHTS, NO_ACTOR);
    let server = cap("server", ObjectKind::Endpoint, Rights::SEND, 1);
    manifest.extend(actor("client", 0, &[log, server], ""));
    let offset = (ImageHead::SIZE + Entry::SIZE) as u64;
    let name = EntryName::new_truncated(super::MANIFEST);
    let len_bytes = manifest.len() as u64;
    let entry = Entry { kind: EntryKind::Manifest, reserved: 0, name, offset, len_bytes };
    let head = ImageHead {
        magic: IMAGE_MAGIC,
        version: IMAGE_VERSION,
        entry_count: 1,
        len_bytes: offset + len_bytes,
        checksum: 0,
    };
    [&head.encode()[..], &entry.encode(), &manifest].concat()
}

fn kernel() -> Kernel {
    let mut kernel = Kernel::new();
    kernel.set_image(&image());
    kernel.grant::<Log>("log");
    kernel.grant::<Clock>("clock");
    kernel.grant::<Random>("random");
    kernel.grant::<Factory>("factory");
    kernel.grant::<Spawner>("spawner");
    kernel.grant::<Console>("console");
    kernel.grant::<Image>("image");
    kernel.grant::<System>("system");
    kernel
}

/// Runs root until it waits with nothing that could wake it, which these tests make the second wait.
fn run_until_wait(kernel: &mut Kernel, waits: usize) -> Ended {
    kernel.refuse_after(HostCall::NotificationWait, waits, Error::Cancelled);
    kernel.run(run)
}

#[test]
fn every_actor_gets_exactly_what_the_manifest_grants() {
    let mut kernel = kernel();
    run_until_wait(&mut kernel, 0);
    let spawned = kernel.spawned();
    let names: Vec<_> = spawned.iter().map(|one| (one.name.as_str(), one.args.as_str())).collect();
    assert_eq!(names, [("echo", "quietly"), ("client", "")]);
    assert_eq!(
        spawned[0].caps,
        [(String::new(), ObjectKind::Endpoint, Rights::RECEIVE.union(Rights::SEND).union(Rights::GRANT))]
    );
    let client: Vec<_> =
        spawned[1].caps.iter().map(|(name, kind, rights)| (name.as_str(), *kind, *rights)).collect();
    assert_eq!(
        client,
        [("log", ObjectKind::Log, LOG_RIGHTS), ("server", ObjectKind::Endpoint, Rights::SEND)]
    );
}

#[test]
fn an_actor_that_is_refused_is_reported_and_the_others_start() {
    let mut kernel = kernel();
    kernel.refuse(HostCall::Spawn, Error::BadModule);
    run_until_wait(&mut kernel, 0);
    assert_eq!(kernel.spawned().len(), 1);
    assert!(kernel.log_lines()[0].starts_with("echo was not started: The module cannot be loaded"));
    assert_eq!(kernel.log_lines()[1], "1 of 2 actors started");
}

#[test]
fn an_end_is_reported_with_its_reason_and_closes_the_endpoint() {
    let mut kernel = kernel();
    let factory = Factory::find("factory").unwrap();
    let ends = factory.notification().unwrap();
    let image = Image::find("image").unwrap();
    let bytes = image.file(EntryKind::Manifest, super::MANIFEST).unwrap();
    let manifest = Manifest::parse(&bytes).unwrap();
    let mut wiring = Wiring::new(&manifest, &factory).unwrap();
    let mut children = start_all(&manifest, &mut wiring, &ends);
    let before = kernel.slots_used();
    kernel.end_actor("echo", EndReason::Fault(actor_sdk::FaultKind::ActorPanic), "lib.rs:3: no");
    let bits = ends.wait(NOW).unwrap();
    children.retain(|child| bits & bit(child.index) == 0 || still_runs(child, &mut wiring));
    assert_eq!(kernel.log_lines(), ["echo faulted: actor-panic: lib.rs:3: no"]);
    assert_eq!(children.len(), 1);
    assert_eq!(kernel.slots_used(), before - 3, "its endpoint and both capabilities for it");
}

#[test]
fn an_image_without_manifest_ends_root_with_the_reason() {
    let mut kernel = kernel();
    kernel.set_image(&[]);
    let expected = i32::from(Error::NotFound.number());
    assert_eq!(kernel.run(run), Ended::As(EndReason::Exited(expected), String::new()));
}
