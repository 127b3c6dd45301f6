//! What `Select` promises an author, shown against the fake kernel.

use actor_sdk::fake::Kernel;
use actor_sdk::{
    Capability, EndReason, Endpoint, Error, Event, NEVER, NOW, Notification, Outgoing, Plan, Rights, Select,
    Spawner, Unmet,
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
