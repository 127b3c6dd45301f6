//! Root against a packed image: it starts what the manifest names with what it grants, and notices ends.

extern crate std;

mod desk;
mod restarts;
mod stops;
mod tree;
mod watch;

use super::*;
use actor_sdk::abi::HostCall;
use actor_sdk::abi::image::{
    Entry, EntryName, IMAGE_MAGIC, IMAGE_VERSION, ImageHead, MANIFEST_VERSION, ManifestActor, ManifestCap,
    ManifestHead, NO_ACTOR, Restart, Strategy,
};
use actor_sdk::abi::{Name, Priority, Shape, SlotName};
use actor_sdk::fake::{Ended, Kernel};
use actor_sdk::{
    Account, Amounts, Clock, Console, EndReason, Factory, FaultKind, Log, ObjectKind, Outgoing, Policy,
    Random, RevokeScope, Rights, Spawner, System,
};
use alloc::vec::Vec;
use std::string::String;

const LOG_RIGHTS: Rights = Rights::WRITE.union(Rights::GRANT);

fn actor(
    (restart, strategy): (Restart, Strategy),
    name: &str,
    mailbox: u32,
    caps: &[ManifestCap],
    args: &str,
) -> Vec<u8> {
    let record = ManifestActor {
        name: Name::new_truncated(name),
        module: Name::new_truncated("any"),
        shape: if name == "echo" { Shape::Handler } else { Shape::Main },
        priority: Priority::Normal,
        restart,
        strategy,
        restart_limit: 2,
        restart_window_ms: 1000,
        back_off_ms: 100,
        watchdog_ms: 0,
        shutdown_ms: 0,
        supervisor: if name == "root" { NO_ACTOR } else { 0 },
        memory_max_bytes: 1 << 16,
        stack_max_bytes: 0,
        slots_max: 0,
        account: Amounts::NONE,
        mailbox,
        policy: Policy::DropOldest,
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

/// Root, a handler called echo, and a client with a log, and two ways to send to echo.
fn image(restart: Restart, strategy: Strategy) -> Vec<u8> {
    let root = actor((Restart::Never, strategy), "root", 8, &[], "");
    let echo = actor((restart, strategy), "echo", 4, &[], "quietly");
    let log = cap("log", ObjectKind::Log, LOG_RIGHTS, NO_ACTOR);
    let server = cap("server", ObjectKind::Endpoint, Rights::SEND, 1);
    let aside = ManifestCap { badge: 7, ..cap("aside", ObjectKind::Endpoint, Rights::SEND, 1) };
    let client = actor((restart, strategy), "client", 0, &[log, server, aside], "");
    packed(&[root, echo, client])
}

/// The image of a manifest of these.
fn packed(actors: &[Vec<u8>]) -> Vec<u8> {
    let head = ManifestHead { version: MANIFEST_VERSION, actor_count: actors.len() as u32 };
    let manifest = [&head.encode()[..], &actors.concat()].concat();
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
    kernel_of(Restart::Never)
}

/// A kernel whose image says so of both actors.
fn kernel_of(restart: Restart) -> Kernel {
    kernel_with(restart, Strategy::OneForOne)
}

/// The same, of actors that return together as root's strategy says.
fn kernel_with(restart: Restart, strategy: Strategy) -> Kernel {
    kernel_from(&image(restart, strategy))
}

fn kernel_from(image: &[u8]) -> Kernel {
    let mut kernel = Kernel::new();
    kernel.set_image(image);
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

/// Runs root until it waits with nothing that could wake it, which stops it.
fn run_until_wait(kernel: &mut Kernel) {
    let Ended::As(EndReason::Fault(_), text) = kernel.run(run) else { panic!("root ended by itself") };
    assert!(text.starts_with("wait_any waits for ever"), "{text}");
}

#[test]
fn every_actor_gets_exactly_what_the_manifest_grants() {
    let mut kernel = kernel();
    run_until_wait(&mut kernel);
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
        [
            ("log", ObjectKind::Log, LOG_RIGHTS),
            ("server", ObjectKind::Endpoint, Rights::SEND),
            ("aside", ObjectKind::Endpoint, Rights::SEND),
        ]
    );
}

#[test]
fn an_actor_that_is_refused_is_reported_and_the_others_start() {
    let mut kernel = kernel();
    kernel.refuse(HostCall::Spawn, Error::NotFound);
    run_until_wait(&mut kernel);
    assert_eq!(kernel.spawned().len(), 1);
    assert!(kernel.log_lines()[0].starts_with("echo was not started: No such module"));
    assert_eq!(kernel.log_lines()[1], "1 of 2 actors started");
}

/// What happens in a house whose actors have been started, told step by step.
fn with_house(kernel: &mut Kernel, play: impl FnOnce(&mut Kernel, &mut House<'_>)) {
    let image = Image::find("image").unwrap();
    let bytes = image.file(EntryKind::Manifest, super::MANIFEST).unwrap();
    let manifest = Manifest::parse(&bytes).unwrap();
    let mut house = House::new(&manifest).unwrap();
    house.act();
    play(kernel, &mut house);
}

/// Root waits once and does what is to be done.
fn turn(house: &mut House<'_>) {
    house.wait();
    house.act();
}

fn end(kernel: &mut Kernel, house: &mut House<'_>, name: &str, reason: EndReason) {
    kernel.end_actor(name, reason, "lib.rs:3: no");
    turn(house);
}

#[test]
fn an_end_is_reported_with_its_reason_and_closes_the_endpoint() {
    let mut kernel = kernel();
    with_house(&mut kernel, |kernel, house| {
        let before = kernel.slots_used();
        end(kernel, house, "echo", EndReason::Fault(FaultKind::ActorPanic));
        assert_eq!(kernel.log_lines(), ["echo faulted: actor-panic: lib.rs:3: no"]);
        assert_eq!((house.count(), house.is_over()), (1, false));
        let told = house.wiring.endpoint(1).unwrap().try_send(&Outgoing::new(1));
        assert_eq!(told, Err(Error::Closed), "also if somebody else could receive there");
        assert_eq!(kernel.slots_used(), before, "both stay, to be granted to whoever returns");
        end(kernel, house, "client", EndReason::Exited(0));
        assert!(house.is_over());
    });
}

#[test]
fn an_actors_endpoint_does_with_too_many_messages_as_the_manifest_says() {
    let mut kernel = kernel_of(Restart::OnFault);
    with_house(&mut kernel, |kernel, house| {
        for start in ["first", "again"] {
            let echo = house.wiring.endpoint(1).unwrap();
            for message in 0..6 {
                assert_eq!(echo.try_send(&Outgoing::new(message)), Ok(()), "{start}, {message} of four");
            }
            assert_eq!(echo.try_recv().unwrap().unwrap().label, 2, "{start}: the oldest are gone");
            end(kernel, house, "echo", EndReason::Killed);
            turn(house);
        }
    });
}

#[test]
fn an_image_without_manifest_ends_root_with_the_reason() {
    let mut kernel = kernel();
    kernel.set_image(&[]);
    let expected = i32::from(Error::NotFound.number());
    assert_eq!(kernel.run(run), Ended::As(EndReason::Exited(expected), String::new()));
}

#[test]
fn an_actor_lives_in_the_account_that_it_is_given_also_when_it_returns() {
    let amounts = Amounts { memory: 1 << 20, slots: 64, mailbox: 100, actors: 1, ..Amounts::NONE };
    let policy = (Restart::OnFault, Strategy::OneForOne);
    let echo = actor(policy, "echo", 4, &[], "");
    let head = ManifestActor { account: amounts, ..ManifestActor::decode(&echo).unwrap() };
    let image = packed(&[
        actor(policy, "root", 8, &[], ""),
        head.encode().to_vec(),
        actor(policy, "client", 0, &[], ""),
    ]);
    let mut kernel = kernel_from(&image);
    let machine = kernel.grant::<Account>("account");
    with_house(&mut kernel, |kernel, house| {
        end(kernel, house, "echo", EndReason::Killed);
        turn(house);
        let spawned = kernel.spawned();
        let seen: Vec<_> = spawned.iter().map(|one| (one.name.as_str(), one.account.as_deref())).collect();
        assert_eq!(seen, [("echo", Some("echo")), ("client", None), ("echo", Some("echo"))]);
        assert_eq!(machine.info().unwrap().given, amounts, "split once");
    });
}
