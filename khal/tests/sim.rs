//! The simulated machine: clocks, kicks, sleep, console and power, all without waiting.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use khal::cpu::{self, CoreId};
use khal::host::sim::{self, PowerCall};
use khal::thread::{Stack, Thread};
use khal::time::{self, Instant};
use khal::{console, contain, entropy, power};

fn core(index: usize) -> CoreId {
    CoreId::new(index).unwrap()
}

#[test]
fn each_core_has_its_clock() {
    sim::begin(2, 1);
    time::pass(Duration::from_micros(5));
    sim::enter_core(core(1));
    assert_eq!((cpu::current(), cpu::count()), (core(1), 2));
    assert_eq!(time::now(), Instant::ZERO);
    sim::set_time(core(1), Instant::from_nanos(9000));
    sim::set_time(core(1), Instant::from_nanos(8000));
    assert_eq!(time::now(), Instant::from_nanos(9000), "time does not go back");
    assert_eq!(sim::time(core(0)), Instant::from_nanos(5000));
}

#[test]
fn a_kick_sticks_until_it_is_acknowledged() {
    sim::begin(2, 1);
    cpu::kick(core(1));
    cpu::kick(core(1));
    assert!(sim::kicked(core(1)) && !sim::kicked(core(0)));
    sim::enter_core(core(1));
    assert!(cpu::resched_due());
    cpu::idle(Some(Instant::from_nanos(100)));
    assert_eq!(time::now(), Instant::ZERO, "a kicked core does not sleep");
    assert!(cpu::acknowledge_kick());
    assert!(!cpu::acknowledge_kick());
    cpu::clear_resched();
    assert!(!cpu::resched_due());
    cpu::idle(Some(Instant::from_nanos(100)));
    assert_eq!(time::now(), Instant::from_nanos(100));
    assert_eq!(cpu::stats(core(1)).idle_ns, 100);
    assert_eq!(cpu::stats(core(0)).ipis_sent, 2);
}

#[test]
fn the_one_shot_rises_once() {
    sim::begin(1, 1);
    time::arm(Instant::from_nanos(1000));
    time::pass(Duration::from_nanos(999));
    assert!(!cpu::resched_due());
    time::pass(Duration::from_nanos(1));
    assert!(cpu::resched_due());
    cpu::clear_resched();
    time::pass(Duration::from_secs(1));
    assert!(!cpu::resched_due());
    assert_eq!(cpu::stats(core(0)).timer_ticks, 1);
    time::arm(Instant::from_nanos(2_000_000_000));
    cpu::idle(None);
    assert_eq!(time::now(), Instant::from_nanos(2_000_000_000));
    assert!(cpu::resched_due());
}

#[test]
fn the_console_is_two_buffers() {
    sim::begin(1, 1);
    console::write(b"out");
    assert_eq!(sim::take_output(), b"out");
    assert!(!console::has_input());
    sim::feed_console(b"input");
    assert!(console::has_input() && sim::kicked(core(0)));
    let mut piece = [0; 3];
    assert_eq!(console::read(&mut piece), 3);
    assert_eq!(&piece, b"inp");
    assert_eq!(console::read(&mut piece), 2);
    assert_eq!(console::read(&mut piece), 0);
}

#[test]
fn power_calls_end_the_simulation_from_any_depth() {
    sim::begin(1, 1);
    assert_eq!(sim::until_power_call(|| 5), Ok(5));
    let deep = || -> () {
        let body = || {
            let meter = contain::Meter::new(1 << 20);
            let _ = contain::enter(&meter, || contain::leave(|| power::exit(3)));
        };
        Thread::new(Stack::allocate().unwrap(), Box::new(body)).resume();
    };
    assert_eq!(sim::until_power_call(deep), Err(PowerCall::Exit(3)));
    assert_eq!(sim::until_power_call(|| power::off()), Err::<(), _>(PowerCall::Off));
}

#[test]
fn the_same_seed_gives_the_same_randomness() {
    let draws = |seed| {
        sim::begin(1, seed);
        [entropy::seed(), entropy::seed()]
    };
    assert_eq!(draws(7), draws(7));
    assert_ne!(draws(7), draws(8));
    let [first, second] = draws(7);
    assert_ne!(first, second);
}
