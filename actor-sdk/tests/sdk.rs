//! What the SDK promises an author, shown against the fake kernel: refusals arrive as errors, slots come
//! back, bytes and capabilities travel, waiting ends.

use actor_sdk::abi::{HostCall, Line, RevokeReceipt, RevokeScope};
use actor_sdk::fake::{Ended, Kernel, Parcel};
use actor_sdk::{
    Capability, Clock, Console, EndReason, Endpoint, Error, Factory, FaultKind, Log, NEVER, NOW,
    Notification, Outgoing, Plan, Policy, Random, Rights, Select, Shape, Spawner, Unmet,
};

#[test]
fn a_capability_is_found_by_name_and_only_as_its_own_kind() {
    let mut kernel = Kernel::new();
    kernel.grant::<Log>("log");
    assert!(Log::find("log").is_ok());
    assert_eq!(Clock::find("log").err(), Some(Error::WrongKind));
    assert_eq!(Log::find("lag").err(), Some(Error::NotFound));
}

#[test]
fn a_call_without_the_right_is_refused_and_a_narrowed_copy_lacks_it() {
    let mut kernel = Kernel::new();
    let clock = kernel.grant_with::<Clock>("clock", Rights::READ.union(Rights::WAIT));
    let reader = clock.narrowed(Rights::READ).unwrap();
    assert_eq!(reader.sleep_until(5), Err(Error::MissingRight));
    let copy = reader.narrowed(Rights::READ.union(Rights::WAIT)).unwrap();
    assert_eq!(copy.sleep_until(5), Err(Error::MissingRight), "it asked for more than there was to copy");
    assert_eq!(clock.sleep_until(5), Ok(()));
    assert_eq!(reader.now_ns(), Ok(5));
}

#[test]
fn what_was_copied_can_be_taken_back_with_a_count_beforehand() {
    let mut kernel = Kernel::new();
    let clock = kernel.grant_with::<Clock>("clock", Rights::READ.union(Rights::WAIT));
    let reader = clock.narrowed(Rights::READ).unwrap();
    let again = reader.narrowed(Rights::READ).unwrap();
    let two = RevokeReceipt { nodes: 2, actors: 1, waiters: 0 };
    assert_eq!(clock.revoke(RevokeScope::CountBelow), Ok(two));
    assert!(again.now_ns().is_ok(), "counting takes nothing back");
    assert_eq!(clock.revoke(RevokeScope::Below), Ok(two));
    assert_eq!((reader.now_ns(), again.now_ns()), (Err(Error::Revoked), Err(Error::Revoked)));
    assert!(clock.now_ns().is_ok());
    clock.revoke(RevokeScope::Whole).unwrap();
    assert_eq!(clock.revoke(RevokeScope::Whole), Err(Error::Revoked));
}

#[test]
fn dropping_a_made_capability_gives_its_slot_back_and_a_wired_one_stays() {
    let mut kernel = Kernel::new();
    kernel.grant::<Factory>("factory");
    let before = kernel.slots_used();
    drop(Factory::find("factory").unwrap().endpoint(4).unwrap());
    assert_eq!(kernel.slots_used(), before);
    assert!(Factory::find("factory").is_ok());
}

#[test]
fn a_handle_of_an_emptied_slot_is_stale_and_one_never_given_is_bad() {
    let mut kernel = Kernel::new();
    let factory = kernel.grant::<Factory>("factory");
    let endpoint = factory.endpoint(4).unwrap();
    let stale = Endpoint::from_slot(actor_sdk::capability::Slot::wired(endpoint.handle()));
    drop(endpoint);
    assert_eq!(stale.recv(NOW).err(), Some(Error::StaleHandle));
    let forged = actor_sdk::abi::Handle::new(1, 1000);
    let forged = Endpoint::from_slot(actor_sdk::capability::Slot::wired(forged));
    assert_eq!(forged.recv(NOW).err(), Some(Error::BadHandle));
}

#[test]
fn bytes_of_every_length_up_to_the_limit_travel_and_longer_ones_are_refused() {
    let mut kernel = Kernel::new();
    let own = Endpoint::own();
    for len in [0, 1, 127, 128, 129, 4096] {
        let bytes = vec![0xa5; len];
        own.send(&Outgoing::new(1).bytes(&bytes), NOW).unwrap();
        assert_eq!(own.recv(NOW).unwrap().bytes, bytes);
    }
    assert_eq!(own.send(&Outgoing::new(1).bytes(&[0; 4097]), NOW), Err(Error::TooLong));
    assert!(kernel.sent("").is_empty());
}

#[test]
fn a_message_that_says_too_much_is_never_sent() {
    let mut kernel = Kernel::new();
    let own = Endpoint::own();
    assert_eq!(own.send(&Outgoing::new(1).word(4, 1), NOW), Err(Error::InvalidArgument));
    let five = (0..5).fold(Outgoing::new(1), |message, _| message.share(&own, Rights::SEND));
    assert_eq!(own.send(&five, NOW), Err(Error::InvalidArgument));
    assert!(kernel.sent("").is_empty());
}

#[test]
fn a_capability_travels_with_fewer_rights_and_a_moved_one_leaves() {
    let mut kernel = Kernel::new();
    let factory = kernel.grant::<Factory>("factory");
    let peer = kernel.grant::<Endpoint>("peer");
    let signal = factory.notification().unwrap();
    peer.send(&Outgoing::new(1).share(&signal, Rights::SIGNAL), NOW).unwrap();
    let before = kernel.slots_used();
    peer.send(&Outgoing::new(2).hand_over(&signal, Rights::WAIT), NOW).unwrap();
    assert_eq!(kernel.slots_used(), before - 1);
    assert_eq!(signal.signal(1), Err(Error::StaleHandle));
    let rights: Vec<_> = kernel.sent("peer").iter().map(|parcel| parcel.capabilities()[0].1).collect();
    assert_eq!(rights, [Rights::SIGNAL, Rights::WAIT]);
}

#[test]
fn a_capability_without_the_right_to_grant_stays_and_nothing_is_sent() {
    let mut kernel = Kernel::new();
    let peer = kernel.grant::<Endpoint>("peer");
    let clock = kernel.grant_with::<Clock>("clock", Rights::READ);
    assert_eq!(peer.send(&Outgoing::new(1).share(&clock, Rights::READ), NOW), Err(Error::MissingRight));
    assert!(kernel.sent("peer").is_empty());
}

#[test]
fn a_message_whose_capabilities_find_no_slot_stays_in_the_queue() {
    let mut kernel = Kernel::new();
    let own = Endpoint::own();
    let clock = kernel.grant::<Clock>("clock");
    own.send(&Outgoing::new(1).share(&clock, Rights::READ), NOW).unwrap();
    kernel.limit_slots(kernel.slots_used());
    assert_eq!(own.recv(NOW).err(), Some(Error::TableFull));
    kernel.limit_slots(kernel.slots_used() + 1);
    let mut message = own.recv(NOW).unwrap();
    assert_eq!(message.take::<Clock>(0).unwrap().now_ns(), Ok(0));
    assert_eq!(message.take::<Clock>(0).err(), Some(Error::NotFound));
}

#[test]
fn a_full_endpoint_does_as_its_policy_says_and_nobody_waits() {
    let mut kernel = Kernel::new();
    let factory = kernel.grant::<Factory>("factory");
    let policies: [(Policy, u32, &[u64], Option<Error>); 6] = [
        (Policy::Block, 2, &[1, 2], Some(Error::QueueFull)),
        (Policy::Block, 0, &[], Some(Error::QueueFull)),
        (Policy::Reject, 2, &[1, 2], Some(Error::QueueFull)),
        (Policy::DropOldest, 2, &[2, 3], None),
        (Policy::DropNewest, 2, &[1, 2], None),
        (Policy::Conflate, 1, &[3], None),
    ];
    for (policy, capacity, left, refused) in policies {
        let endpoint = factory.endpoint_with(capacity, policy).unwrap();
        let sent: Vec<_> = (1..=3).map(|label| endpoint.try_send(&Outgoing::new(label))).collect();
        assert_eq!(sent[2].err(), refused, "{}", policy.name());
        let taken = core::iter::from_fn(|| endpoint.try_recv().unwrap()).map(|message| message.label);
        assert_eq!(taken.collect::<Vec<_>>(), left, "{}", policy.name());
    }
    assert_eq!(factory.endpoint_with(0, Policy::Conflate).err(), Some(Error::InvalidArgument));
    let rejecting = factory.endpoint_with(0, Policy::Reject).unwrap();
    assert_eq!(rejecting.send(&Outgoing::new(1), NEVER), Err(Error::QueueFull));
}

#[test]
fn a_closed_endpoint_says_so_to_everybody() {
    let mut kernel = Kernel::new();
    let door = kernel.grant::<Endpoint>("door");
    kernel.answer("door", |_| Ok(Parcel::new(0)));
    door.try_send(&Outgoing::new(1)).unwrap();
    let sender = door.narrowed(Rights::SEND).unwrap();
    assert_eq!(sender.close(), Err(Error::MissingRight));
    assert_eq!((door.close(), door.close()), (Ok(()), Ok(())));
    assert_eq!(sender.send(&Outgoing::new(2), NEVER), Err(Error::Closed));
    assert_eq!(sender.call(&Outgoing::new(2), NEVER).err(), Some(Error::Closed));
    assert_eq!(door.try_recv().err(), Some(Error::Closed));
    assert_eq!(
        Select::new().message(&door).wait(NEVER).err(),
        Some(Unmet { error: Error::Closed, place: Some(0) })
    );
}

#[test]
fn an_answer_is_sent_once_and_the_slot_is_free_afterwards() {
    let mut kernel = Kernel::new();
    struct Twice;
    impl actor_sdk::Handler for Twice {
        fn start() -> Self {
            Self
        }
        fn handle(&mut self, mut message: actor_sdk::Incoming) {
            assert_eq!(message.reply(&Outgoing::new(2)), Ok(()));
            assert_eq!(message.reply(&Outgoing::new(3)), Err(Error::NotFound));
        }
    }
    let before = kernel.slots_used();
    assert_eq!(kernel.deliver(&mut Twice, Parcel::new(1)).map(|answer| answer.label), Some(2));
    assert_eq!(kernel.slots_used(), before);
}

#[test]
fn a_funded_call_tells_its_server_what_it_lends() {
    let mut kernel = Kernel::new();
    let server = kernel.grant::<Endpoint>("server");
    kernel.answer("server", |request| Ok(Parcel::new(0).word(0, request.fuel).bytes(&request.bytes)));
    let ask = |fuel| server.call_funded(&Outgoing::new(1).bytes(b"text"), fuel, NEVER);
    let answer = ask(5000).unwrap();
    assert_eq!((answer.word(0), answer.bytes.as_slice()), (5000, &b"text"[..]));
    assert_eq!(server.call(&Outgoing::new(1), NEVER).unwrap().word(0), 0);
    assert_eq!(ask(1 << 63).err(), Some(Error::InvalidArgument));
    kernel.refuse(HostCall::CallFunded, Error::OverQuota);
    assert_eq!(ask(5000).err(), Some(Error::OverQuota));
}

#[test]
fn a_call_is_handed_on_and_one_that_cannot_be_is_still_there_to_answer() {
    let mut kernel = Kernel::new();
    struct Stage(Endpoint);
    impl actor_sdk::Handler for Stage {
        fn start() -> Self {
            Self(Endpoint::find("next").unwrap())
        }
        fn handle(&mut self, mut message: actor_sdk::Incoming) {
            if let Err(error) = message.forward(&self.0, &Outgoing::new(message.label + 1), NOW) {
                message.reply(&Outgoing::new(u64::from(error.number()))).unwrap();
            }
            assert!(!message.is_call());
        }
    }
    kernel.grant::<Endpoint>("next");
    let before = kernel.slots_used();
    let mut stage = <Stage as actor_sdk::Handler>::start();
    assert!(kernel.deliver(&mut stage, Parcel::new(1)).is_none(), "it was answered here");
    let sent = kernel.sent("next");
    assert_eq!((sent.len(), sent[0].label, sent[0].is_call()), (1, 2, true));
    kernel.refuse(HostCall::Forward, Error::QueueFull);
    let full = u64::from(Error::QueueFull.number());
    assert_eq!(kernel.deliver(&mut stage, Parcel::new(1)).map(|answer| answer.label), Some(full));
    assert_eq!(kernel.slots_used(), before);
}

#[test]
fn waiting_ends_at_the_deadline_and_time_has_passed() {
    let mut kernel = Kernel::new();
    let signal = kernel.grant::<Notification>("signal");
    assert_eq!(signal.wait(NOW), Err(Error::WouldBlock));
    assert_eq!(signal.wait(700), Err(Error::TimedOut));
    assert_eq!(kernel.now_ns(), 700);
    signal.signal(0b101).unwrap();
    assert_eq!(signal.wait(NEVER), Ok(0b101));
    assert_eq!(signal.wait(NOW), Err(Error::WouldBlock));
}

#[test]
#[should_panic(expected = "recv waits for ever")]
fn a_wait_that_nothing_can_end_stops_the_test() {
    let _kernel = Kernel::new();
    let _message = Endpoint::own().recv(NEVER);
}

#[test]
fn an_injected_refusal_comes_once_and_where_it_was_asked_for() {
    let mut kernel = Kernel::new();
    let random = kernel.grant::<Random>("random");
    kernel.refuse_after(HostCall::RandomFill, 1, Error::Revoked);
    assert!(random.number().is_ok());
    assert_eq!(random.number(), Err(Error::Revoked));
    assert!(random.number().is_ok());
}

#[test]
#[should_panic(expected = "random_fill never refuses with peer-dead")]
fn a_refusal_that_no_kernel_gives_stops_the_test() {
    let mut kernel = Kernel::new();
    let random = kernel.grant::<Random>("random");
    kernel.refuse(HostCall::RandomFill, Error::PeerDead);
    let _number = random.number();
}

#[test]
fn every_way_to_end_is_told_apart() {
    let mut kernel = Kernel::new();
    let exited = |code| Ended::As(EndReason::Exited(code), String::new());
    assert_eq!(kernel.run(|| ()), exited(0));
    assert_eq!(kernel.run(|| Err(Error::Closed)), exited(12));
    assert_eq!(kernel.run(|| -> i32 { actor_sdk::exit(-3) }), exited(-3));
    let fault = |text: &str| Ended::As(EndReason::Fault(FaultKind::ActorPanic), text.into());
    assert_eq!(kernel.run(|| -> i32 { actor_sdk::fault("no way on") }), fault("no way on"));
    assert_eq!(kernel.run(|| -> i32 { panic!("lost") }), fault("lost"));
}

#[test]
fn a_long_log_text_is_cut_into_lines_and_nothing_is_lost() {
    let mut kernel = Kernel::new();
    kernel.grant::<Log>("log");
    let text = "é".repeat(200);
    actor_sdk::warn!("{text}");
    assert!(kernel.log_lines().iter().all(|line| line.len() <= Line::CAPACITY));
    assert_eq!(kernel.log_lines().concat(), text);
}

#[test]
fn logging_without_a_log_is_silent() {
    let kernel = Kernel::new();
    actor_sdk::info!("nobody hears");
    assert!(kernel.log_lines().is_empty());
}

#[test]
fn a_plan_hands_over_what_it_says_and_its_end_is_signalled() {
    let mut kernel = Kernel::new();
    let spawner = kernel.grant::<Spawner>("spawner");
    let done = kernel.grant::<Notification>("done");
    let console = kernel.grant::<Console>("console");
    let plan = Plan::new("echo-1", "echo")
        .shape(Shape::Handler)
        .grant("", &Endpoint::own(), Rights::RECEIVE)
        .grant("console", &console, Rights::WRITE)
        .on_end(&done, 2);
    let actor = spawner.spawn(&plan).unwrap();
    assert_eq!(kernel.spawned()[0].caps[1].2, Rights::WRITE);
    assert_eq!(actor.wait(NOW).err(), Some(Error::WouldBlock));
    kernel.end_actor("echo-1", EndReason::Killed, "");
    assert_eq!(done.wait(NOW), Ok(2));
    assert_eq!(actor.wait(NOW).map(|end| end.reason), Ok(EndReason::Killed));
}

#[test]
fn console_input_is_read_as_it_comes() {
    let mut kernel = Kernel::new();
    let console = kernel.grant::<Console>("console");
    kernel.type_in("hello");
    let mut buffer = [0; 3];
    assert_eq!(console.read(&mut buffer, NEVER), Ok(3));
    assert_eq!(console.read(&mut buffer, NEVER), Ok(2));
    assert_eq!(console.read(&mut buffer, NOW), Err(Error::WouldBlock));
}
