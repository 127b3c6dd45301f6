//! Intervals, timeouts and scopes, shown against the fake kernel, whose time is virtual.

use actor_sdk::abi::HostCall;
use actor_sdk::fake::Kernel;
use actor_sdk::sync::{Ending, Interval, Missed, Scope};
use actor_sdk::{Clock, EndReason, Endpoint, Error, NEVER, NOW, Plan, Spawner};
use core::time::Duration;

#[test]
fn ticks_that_were_missed_are_treated_as_the_interval_says() {
    let mut kernel = Kernel::new();
    let clock = kernel.grant::<Clock>("clock");
    let period = Duration::from_nanos(10);
    assert_eq!(Interval::new(&clock, Duration::ZERO, Missed::Skip).err(), Some(Error::InvalidArgument));
    for (missed, left_out, then) in [
        (Missed::Burst, [0, 0, 0, 0], [25, 25, 30, 40]),
        (Missed::Skip, [1, 0, 0, 0], [25, 30, 40, 50]),
        (Missed::Delay, [1, 0, 0, 0], [25, 35, 45, 55]),
    ] {
        let start_ns = clock.now_ns().unwrap();
        let mut beat = Interval::new(&clock, period, missed).unwrap();
        clock.sleep(Duration::from_nanos(25)).unwrap();
        let ticks = [(); 4].map(|()| (beat.tick().unwrap(), clock.now_ns().unwrap() - start_ns));
        assert_eq!((ticks.map(|tick| tick.0), ticks.map(|tick| tick.1)), (left_out, then), "{missed:?}");
    }
}

#[test]
fn a_tick_that_was_refused_is_still_to_come() {
    let mut kernel = Kernel::new();
    let clock = kernel.grant::<Clock>("clock");
    let mut beat = Interval::new(&clock, Duration::from_nanos(10), Missed::Burst).unwrap();
    kernel.refuse(HostCall::SleepUntil, Error::Cancelled);
    assert_eq!((beat.tick(), beat.next_ns()), (Err(Error::Cancelled), 10));
    assert_eq!((beat.tick(), kernel.now_ns()), (Ok(0), 10));
}

#[test]
fn all_steps_of_a_timeout_share_one_deadline() {
    let mut kernel = Kernel::new();
    let clock = kernel.grant::<Clock>("clock");
    let door = kernel.grant::<Endpoint>("door");
    clock.sleep_until(100).unwrap();
    let waited = clock.timeout(Duration::from_nanos(50), |deadline_ns| {
        clock.sleep_until(130)?;
        door.recv(deadline_ns).map(|message| message.label)
    });
    assert_eq!((waited, kernel.now_ns()), (Err(Error::TimedOut), 150));
    assert_eq!(clock.timeout(Duration::MAX, Ok), Ok(NEVER));
}

#[test]
fn a_scope_ends_as_it_says_and_tells_how_each_did() {
    let mut kernel = Kernel::new();
    let spawner = kernel.grant::<Spawner>("spawner");
    for (ending, third) in [(Ending::WaitAll, EndReason::Exited(0)), (Ending::FailFast, EndReason::Killed)] {
        let names = ["a", "b", "c"].map(|name| format!("{name}-{ending:?}"));
        let mut scope = Scope::new(&spawner, ending);
        assert_eq!(scope.wait(NOW), Ok(vec![]), "of none, all have ended");
        let handles = names.each_ref().map(|name| scope.spawn(&Plan::new(name, "any")).unwrap());
        kernel.end_actor(&names[0], EndReason::Exited(0), "");
        assert_eq!(scope.wait(NOW).err(), Some(Error::WouldBlock));
        kernel.end_actor(&names[1], EndReason::Exited(7), "");
        assert_eq!(handles[2].join(NOW).err(), Some(Error::WouldBlock), "nobody has waited for the scope");
        let waited = scope.wait(NOW);
        kernel.end_actor(&names[2], EndReason::Exited(0), "");
        assert_eq!(waited.is_ok(), ending == Ending::FailFast);
        let reasons: Vec<_> = scope.wait(NEVER).unwrap().iter().map(|end| end.reason).collect();
        assert_eq!(reasons, [EndReason::Exited(0), EndReason::Exited(7), third]);
    }
}

#[test]
fn a_scope_that_goes_takes_its_actors_along() {
    let mut kernel = Kernel::new();
    let spawner = kernel.grant::<Spawner>("spawner");
    let before = kernel.slots_used();
    let mut scope = Scope::new(&spawner, Ending::FailFast);
    let handle = scope.spawn(&Plan::new("one", "any")).unwrap();
    kernel.refuse(HostCall::CapCopy, Error::TableFull);
    assert_eq!(scope.spawn(&Plan::new("two", "any")).err(), Some(Error::TableFull));
    assert_eq!(kernel.spawned().iter().map(|one| one.killed).collect::<Vec<_>>(), [false, true]);
    kernel.refuse(HostCall::SpawnDraft, Error::NotFound);
    assert_eq!(scope.spawn(&Plan::new("three", "any")).err(), Some(Error::NotFound));
    assert_eq!(scope.wait(NOW).err(), Some(Error::WouldBlock), "what was not started has not failed");
    drop(scope);
    assert_eq!(handle.join(NOW).map(|end| end.reason), Ok(EndReason::Killed));
    drop(handle);
    assert_eq!(kernel.slots_used(), before);
}
