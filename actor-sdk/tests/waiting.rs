//! What is built on waiting for several things: select, tokens; and broadcast. Shown against the fake kernel.

use core::time::Duration;

use actor_sdk::fake::Kernel;
use actor_sdk::{
    Actor, Capability, Clock, EndReason, Endpoint, Error, Event, Factory, NEVER, NOW, Notification, Outgoing,
    Plan, Policy, Published, RevokeScope, Rights, Select, Spawner, Token, Topic, Unmet,
};

#[test]
fn a_select_takes_one_thing_at_a_time_and_each_in_its_turn() {
    let mut kernel = Kernel::new();
    let (left, right) = (kernel.grant::<Endpoint>("left"), kernel.grant::<Endpoint>("right"));
    let bell = kernel.grant::<Notification>("bell");
    let spawner = kernel.grant::<Spawner>("spawner");
    let child = spawner.spawn(&Plan::new("child", "echo")).unwrap();
    let mut any = Select::new().message(&left).message(&right).bits(&bell).end(&child);
    assert_eq!(any.wait(NOW).err(), Some(Unmet { error: Error::WouldBlock, place: None }));
    assert_eq!(any.wait(900).err().map(Error::from), Some(Error::TimedOut));
    for label in 0..2 {
        left.try_send(&Outgoing::new(label).bytes(&[7; 500])).unwrap();
        right.try_send(&Outgoing::new(label)).unwrap();
    }
    bell.signal(5).unwrap();
    kernel.end_actor("child", EndReason::Killed, "");
    let mut came = Vec::new();
    for _ in 0..6 {
        let (place, event) = any.wait(NEVER).unwrap();
        match event {
            Event::Message(message) => assert_eq!(message.bytes.len(), if place == 0 { 500 } else { 0 }),
            Event::Bits(bits) => assert_eq!(bits, 5),
            Event::Ended(end) => assert_eq!(end.reason, EndReason::Killed),
        }
        came.push(place);
    }
    assert_eq!(came, [0, 1, 2, 3, 0, 1]);
}

#[test]
fn a_select_that_is_refused_says_because_of_what() {
    let mut kernel = Kernel::new();
    let (left, right) = (kernel.grant::<Endpoint>("left"), kernel.grant::<Endpoint>("right"));
    let sender = right.narrowed(Rights::SEND).unwrap();
    let mut any = Select::new().message(&left).message(&sender);
    left.try_send(&Outgoing::new(1)).unwrap();
    assert_eq!(any.wait(NOW).err(), Some(Unmet { error: Error::MissingRight, place: Some(1) }));
    assert_eq!(kernel.sent("left").len(), 1, "it was taken by a wait that was refused");
    assert_eq!(Select::new().wait(NOW).err().map(Error::from), Some(Error::InvalidArgument));
}

#[test]
fn a_select_for_the_actor_s_own_end_is_refused() {
    let mut kernel = Kernel::new();
    let (door, own) = (kernel.grant::<Endpoint>("door"), Actor::myself().unwrap());
    door.try_send(&Outgoing::new(1)).unwrap();
    let refused = Unmet { error: Error::WouldDeadlock, place: Some(1) };
    assert_eq!(Select::new().message(&door).end(&own).wait(NEVER).err(), Some(refused));
    assert_eq!(kernel.sent("door").len(), 1);
}

#[test]
fn a_select_that_is_refused_uses_nothing_up() {
    let mut kernel = Kernel::new();
    let (factory, own) = (kernel.grant::<Factory>("factory"), Actor::myself().unwrap());
    let bell = factory.notification().unwrap().derive().uses(2).get().unwrap();
    let slow = factory.notification().unwrap().derive().rate(1, Duration::from_secs(3600), 1).get().unwrap();
    assert_eq!(slow.wait(NOW), Err(Error::WouldBlock));
    let left = || bell.limits().unwrap().uses_left;
    assert_eq!(Select::new().bits(&bell).end(&own).wait(NOW).err().unwrap().error, Error::WouldDeadlock);
    let refused = Unmet { error: Error::Busy, place: Some(1) };
    assert_eq!(Select::new().bits(&bell).bits(&slow).wait(NOW).err(), Some(refused));
    assert_eq!(left(), 2);
    assert_eq!(Select::new().bits(&bell).wait(NOW).err().unwrap().error, Error::WouldBlock);
    assert_eq!(left(), 1);
}

#[test]
fn a_select_refuses_a_thing_that_is_in_it_twice_by_whatever_capability() {
    let mut kernel = Kernel::new();
    let (left, right) = (kernel.grant::<Endpoint>("left"), kernel.grant::<Endpoint>("right"));
    let copy = left.narrowed(Rights::RECEIVE).unwrap();
    let twice = Unmet { error: Error::InvalidArgument, place: Some(2) };
    assert_eq!(Select::new().message(&left).message(&right).message(&copy).wait(NOW).err(), Some(twice));
    assert_eq!(Select::new().message(&left).message(&right).message(&left).wait(NOW).err(), Some(twice));
    // What does not resolve comes first.
    copy.revoke(RevokeScope::Whole).unwrap();
    let revoked = Unmet { error: Error::Revoked, place: Some(2) };
    assert_eq!(Select::new().message(&left).message(&left).message(&copy).wait(NOW).err(), Some(revoked));
}

#[test]
fn cancelling_a_token_cancels_those_below_it_and_no_other() {
    let mut kernel = Kernel::new();
    let factory = kernel.grant::<Factory>("factory");
    let top = Token::new(&factory).unwrap();
    let (left, right) = (top.child().unwrap(), top.child().unwrap());
    let below = left.child().unwrap();
    left.cancel().unwrap();
    assert_eq!(left.cancel(), Ok(()), "cancelling twice");
    let cancelled = Err(Error::Cancelled);
    assert_eq!(
        [top.check(), left.check(), below.check(), right.check()],
        [Ok(()), cancelled, cancelled, Ok(())]
    );
    assert_eq!(left.child().err(), Some(Error::Cancelled));
    assert_eq!((below.sleep_until(NEVER), right.sleep_until(50)), (cancelled, Ok(())));
    assert_eq!(kernel.now_ns(), 50);
    drop(top);
    assert_eq!(right.check(), Ok(()), "dropping is not cancelling");
}

#[test]
fn a_select_ends_with_its_token() {
    let mut kernel = Kernel::new();
    let factory = kernel.grant::<Factory>("factory");
    let door = kernel.grant::<Endpoint>("door");
    let token = Token::new(&factory).unwrap();
    let mut any = Select::new().message(&door).cancelled_by(&token);
    assert_eq!(any.wait(NOW).err().map(Error::from), Some(Error::WouldBlock));
    door.try_send(&Outgoing::new(3)).unwrap();
    token.cancel().unwrap();
    // The kernel takes nothing by a wait that is refused.
    assert_eq!(any.wait(NEVER).err(), Some(Unmet { error: Error::Cancelled, place: Some(1) }));
    assert_eq!(kernel.sent("door").len(), 1);
}

#[test]
fn a_topic_reaches_everybody_and_waits_for_nobody() {
    let mut kernel = Kernel::new();
    let factory = kernel.grant::<Factory>("factory");
    let keeps = |policy| factory.endpoint_with(1, policy).unwrap();
    let (all, latest) = (keeps(Policy::Reject), keeps(Policy::Conflate));
    let (closed, lent) = (keeps(Policy::Block), keeps(Policy::Block));
    let mut topic = Topic::new();
    for subscriber in [&all, &latest, &closed, &lent] {
        topic.subscribe(subscriber.narrowed(Rights::SEND).unwrap());
    }
    assert_eq!(topic.publish(&Outgoing::new(1)), Ok(Published { taken: 4, refused: 0, gone: 0 }));
    closed.close().unwrap();
    lent.revoke(RevokeScope::Below).unwrap();
    assert_eq!(topic.publish(&Outgoing::new(2)), Ok(Published { taken: 1, refused: 1, gone: 2 }));
    assert_eq!(topic.subscribers(), 2);
    let label = |endpoint: &Endpoint| endpoint.try_recv().unwrap().map(|message| message.label);
    assert_eq!((label(&all), label(&latest)), (Some(1), Some(2)));
    let clock = kernel.grant::<Clock>("clock");
    let moved = Outgoing::new(3).hand_over(&clock, Rights::READ);
    assert_eq!(topic.publish(&moved), Err(Error::InvalidArgument));
    assert_eq!(topic.publish(&Outgoing::new(3).share(&clock, Rights::READ)).map(|all| all.taken), Ok(2));
}
