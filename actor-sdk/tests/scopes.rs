//! Intervals and timeouts, shown against the fake kernel, whose time is virtual.

use actor_sdk::abi::HostCall;
use actor_sdk::fake::Kernel;
use actor_sdk::sync::{Interval, Missed};
use actor_sdk::{Clock, Endpoint, Error, NEVER};
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
