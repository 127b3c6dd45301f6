//! Where several actors meet (reader-writer locks, values made once, conditions, barriers), as far as one actor can see it,
//! against the fake kernel. What takes several at once is shown by the actor `meet`.

use actor_sdk::abi::HostCall;
use actor_sdk::fake::{Kernel, Parcel};
use actor_sdk::sync::{Arrival, Barrier, Channel, Condvar, Mutex, Once, RwLock, Semaphore, Shared};
use actor_sdk::{Endpoint, Error, Factory, NEVER, NOW, Plan, Rights, Spawner};

fn kernel() -> (Kernel, Factory) {
    let mut kernel = Kernel::new();
    let factory = kernel.grant("factory");
    (kernel, factory)
}

#[test]
fn a_party_is_given_at_spawn_what_it_needs_under_its_name() {
    let (mut kernel, factory) = kernel();
    let spawner = kernel.grant::<Spawner>("spawner");
    let (sender, receiver) = Channel::Bounded(1).open::<u64>(&factory).unwrap();
    let (lanes, start) = (Semaphore::new(&factory, 1).unwrap(), Barrier::new(&factory, 2).unwrap());
    let (book, bell) = (RwLock::new(&factory, 2).unwrap(), Condvar::new(&factory).unwrap());
    let plan = Plan::new("worker", "worker").share("lanes", &lanes).share("start", &start);
    let plan = plan.share("book", &book).share("bell", &bell).share("to", &sender).share("from", &receiver);
    spawner.spawn(&plan).unwrap();
    let caps = &kernel.spawned()[0].caps;
    let party = Rights::SEND.union(Rights::RECEIVE).union(Rights::GRANT);
    let whole = [
        "lanes",
        "start.state",
        "start.even",
        "start.odd",
        "book.turn",
        "book.room",
        "bell.wait",
        "bell.wake",
    ];
    let rights = |name: &str| caps.iter().find(|cap| cap.0 == name).map(|cap| cap.2);
    assert_eq!(whole.map(rights), [Some(party); 8]);
    assert_eq!(rights("to"), Some(Rights::SEND.union(Rights::GRANT)));
    assert_eq!(rights("from"), Some(Rights::RECEIVE.union(Rights::GRANT)));
    let long = Plan::new("worker", "worker").share("eleven_byte", &start);
    assert_eq!(spawner.spawn(&long).err(), Some(Error::TooLong));
}

#[test]
fn a_writer_is_alone_and_gives_everything_back_also_when_he_waited_in_vain() {
    let (kernel, factory) = kernel();
    let lock = RwLock::new(&factory, 3).unwrap();
    let reader = lock.read(NOW).unwrap();
    assert_eq!((lock.write(200).err(), kernel.now_ns()), (Some(Error::TimedOut), 200));
    let others = [lock.read(NOW).unwrap(), lock.read(NOW).unwrap()];
    assert_eq!(lock.read(NOW).err(), Some(Error::WouldBlock), "there is room for three");
    drop((reader, others));
    let writer = lock.write(NOW).unwrap();
    assert_eq!(
        (lock.read(NOW).err(), lock.write(NOW).err()),
        (Some(Error::WouldBlock), Some(Error::WouldBlock))
    );
    drop(writer);
    assert_eq!(lock.replace_lost_reader(), Err(Error::QueueFull));
    core::mem::forget(lock.read(NOW).unwrap()); // Whoever had it ended.
    assert_eq!(lock.write(NOW).err(), Some(Error::WouldBlock));
    assert_eq!(lock.replace_lost_reader(), Ok(()));
    assert!(lock.write(NOW).is_ok());
}

#[test]
fn what_could_not_be_made_is_made_by_the_next_and_then_never_again() {
    let mut kernel = Kernel::new();
    kernel.grant::<Endpoint>("seed");
    kernel.push("seed", Parcel::new(0));
    let [one, other] = [(); 2].map(|()| Once::<String>::find("seed").unwrap());
    assert_eq!(one.get_or_make(NOW, || Err(Error::NotFound)), Err(Error::NotFound));
    assert_eq!(one.get_or_make(NOW, || Ok("x".repeat(4096))), Err(Error::TooLong), "one byte is its own");
    assert_eq!(one.get_or_make(NOW, || Ok(String::new())).map(String::as_str), Ok(""));
    assert_eq!(other.get_or_make(NOW, || Ok("again".into())).map(String::as_str), Ok(""));
    kernel.refuse(HostCall::Recv, Error::Closed);
    assert!(other.get_or_make(NOW, || Ok("again".into())).is_ok(), "it has its own copy");
}

#[test]
fn a_wait_for_a_condition_ends_unlocked_at_its_deadline_and_leaves_nothing_behind() {
    let (mut kernel, factory) = kernel();
    let (level, changed) = (Mutex::new(&factory, &0_u64).unwrap(), Condvar::new(&factory).unwrap());
    changed.wake_all(NOW).unwrap();
    let waited = changed.wait(level.lock(NOW).unwrap(), 600);
    assert_eq!((waited.err(), kernel.now_ns()), (Some(Error::TimedOut), 600), "there was nobody to wake");
    assert!(level.lock(NOW).is_ok());
    changed.wake_one(NOW).unwrap();
    let waited = changed.wait(level.lock(NOW).unwrap(), 800);
    assert_eq!(waited.err(), Some(Error::TimedOut), "who waited has counted himself off");
    kernel.refuse(HostCall::Send, Error::NoMemory);
    let waited = changed.wait(level.lock(NOW).unwrap(), 900);
    assert_eq!(waited.err(), Some(Error::NoMemory), "those who wait could not be counted");
}

#[test]
fn whoever_comes_in_vain_to_a_barrier_has_not_come() {
    let (mut kernel, factory) = kernel();
    for parties in [0, 1025] {
        assert_eq!(Barrier::new(&factory, parties).err(), Some(Error::InvalidArgument));
    }
    let alone = Barrier::new(&factory, 1).unwrap();
    assert_eq!([alone.wait(NOW), alone.wait(NOW)], [Ok(Arrival::Last); 2]);
    let pair = Barrier::new(&factory, 2).unwrap();
    assert_eq!((pair.wait(500), kernel.now_ns()), (Err(Error::TimedOut), 500));
    assert_eq!(pair.wait(NOW), Err(Error::WouldBlock), "the first has left");
    kernel.refuse_after(HostCall::Recv, 1, Error::Cancelled);
    assert_eq!(pair.wait(NEVER), Err(Error::Cancelled));
    assert_eq!(pair.wait(NOW), Err(Error::WouldBlock));
}

#[test]
fn a_party_that_is_let_through_as_its_deadline_passes_is_let_through() {
    let mut kernel = Kernel::new();
    for name in ["b.state", "b.even", "b.odd"] {
        kernel.grant::<Endpoint>(name);
    }
    // This party comes in round 0; meanwhile the other has come too, opened the gate and begun round 1.
    kernel.push("b.state", Parcel::new(0).word(0, 2));
    kernel.push("b.state", Parcel::new(0).word(0, 2).word(2, 1));
    kernel.push("b.even", Parcel::new(0));
    kernel.refuse_after(HostCall::Recv, 1, Error::TimedOut);
    assert_eq!(Barrier::find("b").unwrap().wait(500), Ok(Arrival::Earlier));
    assert!(kernel.sent("b.even").is_empty(), "the pass is left over");
}

#[test]
fn a_pass_that_a_dead_party_left_behind_lets_nobody_through() {
    let mut kernel = Kernel::new();
    for name in ["b.state", "b.even", "b.odd"] {
        kernel.grant::<Endpoint>(name);
    }
    // Round 1 of two parties, and a pass of round 0.
    kernel.push("b.state", Parcel::new(0).word(0, 2).word(2, 1));
    kernel.push("b.even", Parcel::new(0));
    let barrier = Barrier::find("b").unwrap();
    assert_eq!(barrier.wait(500), Err(Error::TimedOut));
    // The other has come: this one opens the gate, and empties that of the round before and the next.
    kernel.sent("b.state");
    kernel.push("b.state", Parcel::new(0).word(0, 2).word(1, 1).word(2, 1));
    assert_eq!(barrier.wait(NOW), Ok(Arrival::Last));
    assert_eq!((kernel.sent("b.even").len(), kernel.sent("b.odd").len()), (0, 1));
}
