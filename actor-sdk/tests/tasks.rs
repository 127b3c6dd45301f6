//! What tasks promise an author, shown against the fake kernel: who goes on when, what a dropped future leaves, and how
//! a wait of all of them ends.

use core::cell::{Cell, RefCell};

use actor_sdk::abi::HostCall;
use actor_sdk::fake::Kernel;
use actor_sdk::task::{Either, Tasks, both, either};
use actor_sdk::{
    Capability, Clock, EndReason, Endpoint, Error, NEVER, Notification, Outgoing, Plan, RevokeScope, Rights,
    Spawner,
};

fn clock(kernel: &mut Kernel) -> Clock {
    kernel.grant::<Clock>("clock")
}

fn say(door: &Endpoint, label: u64) {
    assert_eq!(door.try_send(&Outgoing::new(label)), Ok(()));
}

#[test]
fn each_task_gets_what_it_waits_for_whatever_comes_first() {
    let mut kernel = Kernel::new();
    let (clock, spawner) = (clock(&mut kernel), kernel.grant::<Spawner>("spawner"));
    let (door, bell) = (kernel.grant::<Endpoint>("door"), kernel.grant::<Notification>("bell"));
    let child = spawner.spawn(&Plan::new("child", "any")).unwrap();
    let tasks = Tasks::new(&clock);
    let order = RefCell::new(Vec::new());
    let note = |what: &'static str| order.borrow_mut().push(what);
    let message = async {
        assert_eq!(tasks.recv(&door).await.unwrap().label, 7);
        note("message");
    };
    let bits = async {
        assert_eq!(tasks.bits(&bell).await, Ok(6));
        note("bits");
        say(&door, 7);
    };
    let moment = async {
        tasks.until(5_000).await.unwrap();
        note("moment");
        bell.signal(6).unwrap();
    };
    let end = async {
        assert_eq!(tasks.end(&child).await.map(|end| end.reason), Ok(EndReason::Exited(3)));
        note("end");
    };
    kernel.end_actor("child", EndReason::Exited(3), "");
    tasks.run(both(both(message, bits), both(moment, end))).unwrap();
    assert_eq!((order.take(), kernel.now_ns()), (vec!["end", "moment", "bits", "message"], 5_000));
}

#[test]
fn a_task_that_was_spawned_goes_on_beside_the_first_and_is_joined() {
    let mut kernel = Kernel::new();
    let clock = clock(&mut kernel);
    let tasks = Tasks::new(&clock);
    let own = tasks.clone();
    let join = tasks.spawn(async move {
        own.until(3_000).await.unwrap();
        let inner = own.clone();
        own.spawn(async move { inner.until(1_000).await.map(|()| 41) }).await.unwrap() + 1
    });
    assert_eq!(tasks.run(join), Ok(42));
    assert_eq!(kernel.now_ns(), 3_000, "a moment that has passed is waited for no longer");
}

#[test]
fn a_run_within_a_run_leaves_the_others_to_it() {
    let mut kernel = Kernel::new();
    let clock = clock(&mut kernel);
    let done = RefCell::new(Vec::new());
    let tasks = Tasks::new(&clock);
    let after = |moment_ns| {
        let (own, done) = (tasks.clone(), &done);
        tasks.spawn(async move {
            own.until(moment_ns).await.unwrap();
            done.borrow_mut().push(moment_ns);
        })
    };
    let (early, late) = (after(1_000), after(5_000));
    let outer = tasks.run(async {
        let inner = tasks.run(async {
            let spawned = after(4_000);
            tasks.until(3_000).await.map(|()| spawned)
        });
        assert_eq!(done.take(), [1_000], "others go on meanwhile");
        inner.unwrap().unwrap().await;
        both(early, late).await;
        after(6_000).detach();
    });
    assert_eq!((outer, done.take()), (Ok(()), vec![4_000, 5_000]));
    assert_eq!(tasks.run(tasks.until(7_000)), Ok(Ok(())));
    assert_eq!(done.take(), [], "what the outermost leaves is dropped");
}

#[test]
fn several_that_wait_for_one_thing_get_it_by_turns_in_their_order() {
    let mut kernel = Kernel::new();
    let (clock, door) = (clock(&mut kernel), kernel.grant::<Endpoint>("door"));
    (1..=4).for_each(|label| say(&door, label));
    let tasks = Tasks::new(&clock);
    let twice = || async {
        let first = tasks.recv(&door).await.unwrap().label;
        (first, tasks.recv(&door).await.unwrap().label)
    };
    assert_eq!(tasks.run(both(twice(), twice())), Ok(((1, 3), (2, 4))));
}

#[test]
fn several_that_wait_for_one_thing_by_copies_get_it_by_turns_too() {
    let mut kernel = Kernel::new();
    let (clock, door) = (clock(&mut kernel), kernel.grant::<Endpoint>("door"));
    let [copy, other] = [(), ()].map(|()| door.narrowed(Rights::RECEIVE).unwrap());
    (1..=6).for_each(|label| say(&door, label));
    let tasks = Tasks::new(&clock);
    let twice = async |endpoint| {
        let first = tasks.recv(endpoint).await.unwrap().label;
        (first, tasks.recv(endpoint).await.unwrap().label)
    };
    let heard = tasks.run(both(twice(&door), both(twice(&copy), twice(&other)))).unwrap();
    assert_eq!(heard, ((1, 4), ((2, 5), (3, 6))));
}

#[test]
fn an_end_is_told_to_all_who_wait_for_it_by_whatever_capability() {
    let mut kernel = Kernel::new();
    let (clock, spawner) = (clock(&mut kernel), kernel.grant::<Spawner>("spawner"));
    let (child, bell) = (spawner.spawn(&Plan::new("child", "any")).unwrap(), kernel.grant("bell"));
    let copy = child.narrowed(Rights::WAIT).unwrap();
    let tasks = Tasks::new(&clock);
    let ends = async {
        let ends = both(tasks.end(&child), tasks.end(&copy)).await;
        (ends.0.map(|end| end.reason), ends.1.map(|end| end.reason))
    };
    // It has not ended when the two begin to wait.
    let first = async {
        tasks.until(1_000).await.unwrap();
        Notification::signal(&bell, 1).unwrap();
        tasks.bits(&bell).await.unwrap();
        child.kill().unwrap();
    };
    let killed = Ok(EndReason::Killed);
    assert_eq!(tasks.run(both(ends, first)).unwrap().0, (killed, killed));
}

#[test]
fn what_always_has_something_holds_up_neither_others_nor_the_clock() {
    let mut kernel = Kernel::new();
    let clock = clock(&mut kernel);
    let (busy, other) = (kernel.grant::<Endpoint>("busy"), kernel.grant::<Endpoint>("other"));
    (0..16).for_each(|label| say(&busy, label));
    (0..3).for_each(|label| say(&other, label));
    clock.sleep_until(1_000).unwrap();
    let tasks = Tasks::new(&clock);
    let taken = Cell::new(0);
    let flood = async {
        loop {
            tasks.recv(&busy).await.unwrap();
            taken.set(taken.get() + 1);
        }
    };
    let three = async {
        for _ in 0..3 {
            tasks.recv(&other).await.unwrap();
        }
        let seen = taken.get();
        tasks.until(clock.now_ns().unwrap()).await.unwrap();
        seen
    };
    let (seen, done) = match tasks.run(either(flood, three)).unwrap() {
        Either::First(()) => unreachable!("it has no end"),
        Either::Second(seen) => (seen, taken.get()),
    };
    assert!(seen <= 4 && done <= 6, "{seen} of the others before the third, {done} in all");
}

#[test]
fn a_message_that_came_for_a_future_that_was_dropped_is_kept_for_the_next() {
    let mut kernel = Kernel::new();
    let (clock, door) = (clock(&mut kernel), kernel.grant::<Endpoint>("door"));
    let bell = kernel.grant::<Notification>("bell");
    say(&door, 7);
    bell.signal(1).unwrap();
    let tasks = Tasks::new(&clock);
    let heard = tasks.run(async {
        // Both have come when the first is looked at: the moment has passed when the message is taken.
        let first = either(tasks.until(0), tasks.recv(&door)).await;
        assert!(matches!(first, Either::First(Ok(()))), "{first:?}");
        tasks.recv(&door).await.map(|message| message.label)
    });
    assert_eq!(heard, Ok(Ok(7)));
    assert_eq!(tasks.run(tasks.bits(&bell)), Ok(Ok(1)));
    // To somebody who waits already it goes at once.
    say(&door, 8);
    let next = tasks.recv(&door);
    let heard = tasks.run(both(either(tasks.until(0), tasks.recv(&door)), next));
    assert_eq!(heard.unwrap().1.unwrap().label, 8);
}

#[test]
fn a_task_ends_where_it_waits_when_its_join_is_dropped_and_goes_on_when_it_is_let_go() {
    let mut kernel = Kernel::new();
    let clock = clock(&mut kernel);
    let (dropped, let_go) = (Cell::new(false), Cell::new(false));
    let tasks = Tasks::new(&clock);
    let (own, flag) = (tasks.clone(), &dropped);
    let join = tasks.spawn(async move {
        own.until(2_000).await.unwrap();
        flag.set(true);
    });
    let (own, flag) = (tasks.clone(), &let_go);
    tasks
        .spawn(async move {
            own.until(2_000).await.unwrap();
            flag.set(true);
        })
        .detach();
    tasks
        .run(async {
            tasks.until(1_000).await.unwrap();
            drop(join);
            tasks.until(3_000).await.unwrap();
        })
        .unwrap();
    assert_eq!((dropped.get(), let_go.get()), (false, true));
}

#[test]
fn a_timeout_drops_what_comes_too_late_and_passes_on_what_does_not() {
    let mut kernel = Kernel::new();
    let (clock, door) = (clock(&mut kernel), kernel.grant::<Endpoint>("door"));
    let tasks = Tasks::new(&clock);
    let late = tasks.run(tasks.timeout(4_000, tasks.recv(&door))).unwrap();
    assert_eq!((late.err(), kernel.now_ns()), (Some(Error::TimedOut), 4_000));
    say(&door, 9);
    assert_eq!(tasks.run(tasks.timeout(NEVER, tasks.recv(&door))).unwrap().unwrap().label, 9);
}

#[test]
fn a_refusal_goes_to_the_task_that_it_concerns() {
    let mut kernel = Kernel::new();
    let clock = clock(&mut kernel);
    let (lost, door) = (kernel.grant::<Endpoint>("lost"), kernel.grant::<Endpoint>("door"));
    lost.revoke(RevokeScope::Whole).unwrap();
    let tasks = Tasks::new(&clock);
    let both = tasks.run(both(tasks.recv(&lost), async {
        say(&door, 1);
        tasks.recv(&door).await.map(|message| message.label)
    }));
    let (lost, found) = both.unwrap();
    assert_eq!((lost.err(), found), (Some(Error::Revoked), Ok(1)));
}

#[test]
fn a_wait_of_all_that_is_refused_ends_the_run_and_drops_the_tasks() {
    let mut kernel = Kernel::new();
    let (clock, door) = (clock(&mut kernel), kernel.grant::<Endpoint>("door"));
    let tasks = Tasks::new(&clock);
    let join = tasks.spawn(core::future::pending::<()>());
    assert_eq!(tasks.run(join).err(), Some(Error::WouldDeadlock), "nothing of the kernel's is waited for");
    kernel.refuse(HostCall::WaitAny, Error::NoMemory);
    assert_eq!(tasks.run(tasks.recv(&door)).err(), Some(Error::NoMemory));
    kernel.refuse(HostCall::SleepUntil, Error::NoMemory);
    assert_eq!(tasks.run(tasks.until(1)).err(), Some(Error::NoMemory));
    say(&door, 2);
    assert_eq!(tasks.run(tasks.recv(&door)).unwrap().unwrap().label, 2, "the next run begins anew");
}

/// An actor's stack has 16 KiB.
#[test]
fn futures_of_futures_take_no_more_room_with_each_level() {
    let mut kernel = Kernel::new();
    let (clock, door) = (clock(&mut kernel), kernel.grant::<Endpoint>("door"));
    let tasks = Tasks::new(&clock);
    let flat = both(tasks.recv(&door), tasks.recv(&door));
    let room = size_of_val(&flat);
    let deep = both(both(tasks.timeout(1, async { Ok(flat.await) }), tasks.until(1)), tasks.until(1));
    let deepest = either(either(tasks.timeout(1, async { Ok(deep.await) }), tasks.until(1)), tasks.until(1));
    assert!(size_of_val(&deepest) <= room, "{} and {room} bytes", size_of_val(&deepest));
}
