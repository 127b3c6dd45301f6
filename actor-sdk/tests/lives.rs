//! What the SDK promises an author about limits and lives, shown against the fake kernel: capabilities run out, actors
//! are held back, watched, linked, and asked for again.

use actor_sdk::abi::{GrantState, LimitsRecord};
use actor_sdk::fake::{Kernel, Parcel};
use actor_sdk::protocol::supervisor;
use actor_sdk::{
    Capability, Clock, EndReason, Endpoint, Error, Factory, NEVER, NOW, Outgoing, Plan, RevokeScope, Rights,
    SUPERVISOR, Select, Spawner, Unmet, renewed,
};
use core::time::Duration;

#[test]
fn a_capability_that_runs_out_says_so_and_what_is_left() {
    let mut kernel = Kernel::new();
    let clock = kernel.grant::<Clock>("clock");
    let twice = clock.derive().rights(Rights::READ).uses(2).get().unwrap();
    let copy = twice.narrowed(Rights::READ).unwrap();
    assert_eq!(twice.sleep_until(5), Err(Error::MissingRight), "and that is no use");
    assert_eq!(twice.derive().uses(3).get().err(), Some(Error::MissingRight));
    assert!(twice.now_ns().is_ok() && copy.now_ns().is_ok());
    assert_eq!((twice.now_ns(), copy.now_ns()), (Err(Error::Expired), Err(Error::Expired)));
    assert_eq!(twice.narrowed(Rights::READ).err(), Some(Error::Expired));
    let left = copy.limits().unwrap();
    assert_eq!((left.uses_left, left.state), (0, GrantState::Expired));
    assert_eq!(clock.limits(), Ok(LimitsRecord::NONE));
}

#[test]
fn a_copy_has_no_right_that_the_first_lacks_and_no_other_badge() {
    let mut kernel = Kernel::new();
    let reads = kernel.grant::<Clock>("clock").narrowed(Rights::READ).unwrap();
    assert_eq!(
        reads.narrowed(Rights::READ.union(Rights::WAIT)).and_then(|copy| copy.rights()),
        Ok(Rights::READ)
    );
    assert_eq!(reads.narrowed(Rights::WAIT).and_then(|copy| copy.rights()), Ok(Rights::NONE));
    let factory = kernel.grant::<Factory>("factory");
    let marked = factory.endpoint(1).unwrap().badged(7, Rights::SEND).unwrap();
    assert!(marked.badged(7, Rights::SEND).is_ok(), "it is its own");
    assert_eq!(marked.badged(8, Rights::SEND).err(), Some(Error::MissingRight));
}

#[test]
fn a_wait_ends_when_its_capability_expires_and_a_rate_asks_for_patience() {
    let mut kernel = Kernel::new();
    let clock = kernel.grant::<Clock>("clock");
    let short = clock.derive().expires_at(1_000).get().unwrap();
    assert_eq!(short.sleep_until(500), Ok(()));
    assert_eq!(short.sleep_until(NEVER), Err(Error::Expired));
    assert_eq!(kernel.now_ns(), 1_000);
    let slow = clock.derive().rate(2, Duration::from_millis(1), 1).get().unwrap();
    assert_eq!((slow.now_ns(), slow.now_ns()), (Ok(1_000), Err(Error::Busy)));
    clock.sleep(Duration::from_micros(500)).unwrap();
    assert!(slow.now_ns().is_ok());
    assert_eq!(slow.derive().rate(9, Duration::from_millis(1), 1).get().err(), Some(Error::MissingRight));
    assert_eq!(clock.derive().rate(9, Duration::ZERO, 1).get().err(), Some(Error::InvalidArgument));
}

#[test]
fn a_wait_for_several_ends_with_the_first_that_expires() {
    let mut kernel = Kernel::new();
    let (factory, door) = (kernel.grant::<Factory>("factory"), kernel.grant::<Endpoint>("door"));
    let [late, soon] = [9_000, 2_000].map(|at_ns| {
        let bell = factory.notification().unwrap();
        bell.derive().expires_at(at_ns).get().unwrap()
    });
    let mut any = Select::new().message(&door).bits(&late).bits(&soon);
    assert_eq!(any.wait(1_000).err(), Some(Unmet { error: Error::TimedOut, place: None }));
    assert_eq!(any.wait(NEVER).err(), Some(Unmet { error: Error::Expired, place: Some(2) }));
    assert_eq!(kernel.now_ns(), 2_000);
}

#[test]
fn an_actor_is_held_back_and_let_go_by_the_right_to() {
    let mut kernel = Kernel::new();
    let spawner = kernel.grant::<Spawner>("spawner");
    let actor = spawner.draft(&Plan::new("worker", "any")).unwrap();
    assert!(kernel.spawned()[0].suspended);
    actor.resume().unwrap();
    assert!(!kernel.spawned()[0].suspended);
    let watcher = actor.narrowed(Rights::WAIT).unwrap();
    assert_eq!((watcher.suspend(), watcher.resume()), (Err(Error::MissingRight), Err(Error::MissingRight)));
    actor.suspend().unwrap();
    assert!(kernel.spawned()[0].suspended);
}

#[test]
fn whoever_monitors_an_actor_is_told_of_its_end_before_or_after() {
    let mut kernel = Kernel::new();
    let (spawner, factory) = (kernel.grant::<Spawner>("spawner"), kernel.grant::<Factory>("factory"));
    let bell = factory.notification().unwrap();
    let actor = spawner.spawn(&Plan::new("worker", "any").on_end(&bell, 1)).unwrap();
    actor.monitor(&bell, 2).unwrap();
    kernel.end_actor("worker", EndReason::Killed, "");
    assert_eq!(bell.wait(NOW), Ok(3));
    actor.monitor(&bell, 4).unwrap();
    assert_eq!(bell.wait(NOW), Ok(4));
    let listener = bell.narrowed(Rights::WAIT).unwrap();
    assert_eq!(actor.monitor(&listener, 8), Err(Error::MissingRight));
}

#[test]
fn linked_actors_end_together_when_one_fails_and_not_when_it_is_done() {
    let mut kernel = Kernel::new();
    let spawner = kernel.grant::<Spawner>("spawner");
    for (reason, expected) in
        [(EndReason::Killed, Ok(EndReason::Orphaned)), (EndReason::Exited(0), Err(Error::WouldBlock))]
    {
        let one = spawner.spawn(&Plan::new("one", "any")).unwrap();
        let other = spawner.spawn(&Plan::new("other", "any")).unwrap();
        one.link(&other).unwrap();
        other.link(&one).unwrap();
        kernel.end_actor("one", reason, "");
        assert_eq!(other.wait(NOW).map(|end| end.reason), expected);
        let late = spawner.spawn(&Plan::new("late", "any")).unwrap();
        one.link(&late).unwrap();
        assert_eq!(late.wait(NOW).map(|end| end.reason), expected);
        kernel.end_actor("other", EndReason::Exited(0), "");
        kernel.end_actor("late", EndReason::Exited(0), "");
    }
}

#[test]
fn what_was_started_again_is_asked_of_the_supervisor() {
    let mut kernel = Kernel::new();
    assert_eq!(renewed::<Endpoint>("server", NEVER).err(), Some(Error::NotFound), "nobody to ask");
    kernel.grant::<Endpoint>(SUPERVISOR);
    kernel.grant::<Endpoint>("new");
    let given = kernel.carrying(Parcel::new(supervisor::GIVEN), "new", Rights::SEND);
    kernel.answer(SUPERVISOR, move |question| match question.text().as_str() {
        "server" => Ok(given.clone()),
        "early" => Ok(Parcel::new(supervisor::REFUSED).word(0, Error::Busy.number().into())),
        _ => Ok(Parcel::new(supervisor::REFUSED).word(0, u64::MAX)),
    });
    let server: Endpoint = renewed("server", NEVER).unwrap();
    server.send(&Outgoing::new(7), NOW).unwrap();
    assert_eq!(kernel.sent("new").len(), 1);
    assert_eq!(renewed::<Clock>("server", NEVER).err(), Some(Error::WrongKind));
    assert_eq!(renewed::<Endpoint>("early", NEVER).err(), Some(Error::Busy));
    assert_eq!(renewed::<Endpoint>("odd", NEVER).err(), Some(Error::Unsupported));
}

#[test]
fn an_actor_is_asked_to_end_by_bits_of_its_choice() {
    let mut kernel = Kernel::new();
    assert!(!kernel.terminate(), "it would be killed");
    let bell = kernel.grant::<Factory>("factory").notification().unwrap();
    bell.on_terminate(4).unwrap();
    assert!(kernel.terminate() && kernel.terminate());
    assert_eq!(bell.wait(NOW), Ok(4));
    bell.on_terminate(0).unwrap();
    assert!(!kernel.terminate(), "it would be killed");
}

#[test]
fn an_actor_whose_notification_was_taken_back_cannot_be_asked_to_end() {
    let mut kernel = Kernel::new();
    let factory = kernel.grant::<Factory>("factory");
    for (by_copy, taken_from_copy, scope) in [
        (false, false, RevokeScope::Below),
        (false, false, RevokeScope::Whole),
        (true, false, RevokeScope::Below),
        (true, true, RevokeScope::Below),
    ] {
        let bell = factory.notification().unwrap();
        let copy = bell.narrowed(Rights::SIGNAL).unwrap();
        (if by_copy { &copy } else { &bell }).on_terminate(1).unwrap();
        let taken = if taken_from_copy { &copy } else { &bell };
        taken.revoke(RevokeScope::CountWhole).unwrap();
        assert!(kernel.terminate(), "nothing was taken back");
        taken.revoke(scope).unwrap();
        assert!(!kernel.terminate(), "it would be killed: {by_copy} {taken_from_copy} {scope:?}");
    }
}

#[test]
fn a_draft_takes_no_more_than_its_table_holds() {
    let mut kernel = Kernel::new();
    let (spawner, clock) = (kernel.grant::<Spawner>("spawner"), kernel.grant::<Clock>("clock"));
    let plan = Plan::new("small", "any").slots_max(2).grant("one", &clock, Rights::READ);
    let draft = spawner.draft(&plan).unwrap();
    draft.grant("two", &clock, Rights::READ).unwrap();
    assert_eq!(draft.grant("three", &clock, Rights::READ), Err(Error::TableFull));
    assert_eq!(kernel.spawned()[0].caps.len(), 2);
    let plan = plan.grant("two", &clock, Rights::READ).grant("three", &clock, Rights::READ);
    assert_eq!(spawner.spawn(&plan).err(), Some(Error::TableFull));
}

#[test]
fn a_draft_is_configured_and_then_begins() {
    let mut kernel = Kernel::new();
    let (spawner, clock) = (kernel.grant::<Spawner>("spawner"), kernel.grant::<Clock>("clock"));
    let draft = spawner.draft(&Plan::new("late", "late")).unwrap();
    draft.grant("time", &clock, Rights::READ).unwrap();
    let weak = clock.narrowed(Rights::READ).unwrap();
    assert_eq!(draft.grant("time", &weak, Rights::READ), Err(Error::MissingRight), "not its to give");
    assert_eq!(draft.grant(&"n".repeat(99), &clock, Rights::READ), Err(Error::TooLong));
    draft.resume().unwrap();
    assert_eq!(draft.grant("time", &clock, Rights::READ), Err(Error::InvalidArgument));
    assert_eq!(kernel.spawned()[0].caps, [("time".to_owned(), Clock::KIND, Rights::READ)]);
    draft.terminate().unwrap();
    assert!(kernel.spawned()[0].terminated);
}
