//! Channels, shown against the fake kernel: each kind treats values as it says, and each half does its part alone.

use actor_sdk::fake::{Kernel, Parcel};
use actor_sdk::sync::{Channel, Receiver, Sender, Shared};
use actor_sdk::{Endpoint, Error, Factory, NEVER, NOW, Outgoing};

fn kernel() -> (Kernel, Factory) {
    let mut kernel = Kernel::new();
    let factory = kernel.grant("factory");
    (kernel, factory)
}

#[test]
fn a_channel_does_with_values_as_its_kind_says() {
    let (kernel, factory) = kernel();
    let (sender, receiver) = Channel::Rendezvous.open::<u64>(&factory).unwrap();
    assert_eq!(sender.send(&1, NOW), Err(Error::QueueFull));
    assert_eq!((sender.send(&1, 400), kernel.now_ns()), (Err(Error::TimedOut), 400));
    assert_eq!(receiver.try_recv(), Ok(None));
    let (sender, receiver) = Channel::Bounded(2).open::<u64>(&factory).unwrap();
    assert_eq!([1, 2, 3].map(|value| sender.send(&value, NOW)), [Ok(()), Ok(()), Err(Error::QueueFull)]);
    assert_eq!((receiver.recv(NEVER), receiver.recv(NEVER)), (Ok(1), Ok(2)));
    assert_eq!((receiver.recv(900), kernel.now_ns()), (Err(Error::TimedOut), 900));
    let (sender, receiver) = Channel::Conflated.open::<u64>(&factory).unwrap();
    assert_eq!([1, 2, 3].map(|value| sender.send(&value, NOW)), [Ok(()); 3]);
    assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(Some(3)), Ok(None)));
    for bound in [0, 1025] {
        assert_eq!(Channel::Bounded(bound).open::<u64>(&factory).err(), Some(Error::InvalidArgument));
    }
}

#[test]
fn the_halves_of_a_channel_can_do_their_own_part_alone() {
    let (mut kernel, factory) = kernel();
    let (sender, receiver) = Channel::Bounded(1).open::<String>(&factory).unwrap();
    assert_eq!(sender.endpoint().recv(NOW).err(), Some(Error::MissingRight));
    assert_eq!(receiver.endpoint().try_send(&Outgoing::new(0)), Err(Error::MissingRight));
    // The sending half travels in a message, and is a half again where it arrives.
    let own = Endpoint::own();
    own.try_send(&Outgoing::new(0).share(sender.endpoint(), Sender::<String>::RIGHTS)).unwrap();
    let arrived = Sender::<String>::from(own.recv(NOW).unwrap().take::<Endpoint>(0).unwrap());
    arrived.send(&"far".into(), NOW).unwrap();
    assert_eq!(receiver.recv(NOW).as_deref(), Ok("far"));
    assert_eq!(sender.send(&"x".repeat(4097), NOW), Err(Error::TooLong));
    receiver.close().unwrap();
    assert_eq!(
        (sender.send(&"late".into(), NEVER), receiver.try_recv()),
        (Err(Error::Closed), Err(Error::Closed))
    );
    kernel.grant::<Endpoint>("words");
    kernel.push("words", Parcel::new(0).bytes(&[0xff]));
    assert_eq!(Receiver::<String>::find("words").unwrap().recv(NOW), Err(Error::InvalidArgument));
}
