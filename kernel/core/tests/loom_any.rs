//! Models of a wait for any of several things: the kernel's own gate, and two things that have something to hand
//! over while their one waiter registers, sleeps and leaves.
//!
//! Each model has twins in which one step is wrong; a twin must panic, else the model sees nothing. The steps are
//! those of `AnyOf::wait`, of `Endpoint::watch` and of an endpoint's `offer`, on stand-ins with a lock, a count and
//! a line. Who wakes somebody that has left its stack plays the rest of his wait in his place.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

use khal::sync::atomic::{AtomicUsize, Ordering};
use khal::sync::{Mutex, Order, Rank};
use std::sync::Arc;
use tessera_core::sched::gate::{Cause, Gate, Park, Ticket, Wake};

const THING: Rank = Rank::of(&Order { order: 20, name: "thing" });

/// What has come to a thing, and the waits that are registered with it.
#[derive(Default)]
struct Thing {
    items: usize,
    line: Vec<Ticket>,
}

struct World {
    gate: Gate,
    things: [Mutex<Thing>; 2],
    /// One more than the place of what was handed over. Relaxed throughout: the gate alone must carry it across.
    inbox: AtomicUsize,
    /// The places of what the waiter took. No part of the protocol, so not the model's own lock.
    taken: std::sync::Mutex<Vec<usize>>,
}

type Register = fn(&World, Ticket) -> bool;
type Hand = fn(&World, Ticket, usize) -> Option<Wake>;
type Withdraw = fn(&World) -> Option<Cause>;

/// The steps that a twin may replace.
#[derive(Clone, Copy)]
struct Steps {
    register: Register,
    hand: Hand,
    withdraw: Withdraw,
}

const RIGHT: Steps = Steps { register, hand, withdraw: |world| world.gate.withdraw() };

impl World {
    fn new() -> Arc<Self> {
        Arc::new(World {
            gate: Gate::new(),
            things: [Mutex::new(THING, Thing::default()), Mutex::new(THING, Thing::default())],
            inbox: AtomicUsize::new(0),
            taken: std::sync::Mutex::default(),
        })
    }

    /// `AnyOf::look`; whether there was something.
    fn look(&self) -> bool {
        for (place, thing) in self.things.iter().enumerate() {
            let mut thing = thing.lock();
            if thing.items > 0 {
                thing.items -= 1;
                self.taken.lock().unwrap().push(place);
                return true;
            }
        }
        false
    }

    /// What follows a wait that was won: leave every line, take what was handed over.
    fn take_won(&self) {
        self.leave();
        let won = self.inbox.swap(0, Ordering::Relaxed);
        self.taken.lock().unwrap().extend(won.checked_sub(1));
    }

    fn leave(&self) {
        self.things.iter().for_each(|thing| thing.lock().line.clear());
    }

    /// It was made ready, and a core takes it in the same moment.
    fn run(&self) {
        assert_eq!(self.gate.finish(), Cause::Delivered);
        self.take_won();
    }
}

/// `Endpoint::watch` for each thing: under its lock it either has something or has the waiter in line.
fn register(world: &World, ticket: Ticket) -> bool {
    world.things.iter().all(|thing| {
        let mut thing = thing.lock();
        if thing.items == 0 {
            thing.line.push(ticket);
        }
        thing.items == 0
    })
}

/// `Waiter::hand`; the wake that is owed, if the wait was won.
fn hand(world: &World, ticket: Ticket, place: usize) -> Option<Wake> {
    let claim = world.gate.claim(ticket)?;
    world.inbox.store(place + 1, Ordering::Relaxed);
    Some(claim.fire(Cause::Delivered))
}

/// `State::offer`: to the first in line whose wait is still on, or kept.
fn offer(world: &World, place: usize, hand: Hand) {
    let mut thing = world.things[place].lock();
    while let Some(ticket) = thing.line.pop() {
        if let Some(wake) = hand(world, ticket, place) {
            drop(thing);
            if wake == Wake::Owed {
                world.run();
            }
            return;
        }
    }
    thing.items += 1;
}

/// `AnyOf::wait`.
fn wait(world: &World, steps: Steps) {
    while !world.look() {
        let ticket = world.gate.arm();
        if (steps.register)(world, ticket) {
            if world.gate.park() == Park::Awake {
                world.run();
            }
            return;
        }
        match (steps.withdraw)(world) {
            Some(_) => return world.take_won(),
            None => world.leave(),
        }
    }
}

/// Both things get something while one waits for either.
fn race(steps: Steps) {
    loom::model(move || {
        let world = World::new();
        let senders = [0, 1].map(|place| {
            let world = world.clone();
            loom::thread::spawn(move || offer(&world, place, steps.hand))
        });
        wait(&world, steps);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        let taken = world.taken.lock().unwrap().len();
        let left: usize = world.things.iter().map(|thing| thing.lock().items).sum();
        assert_ne!(taken, 0, "a wake was lost");
        assert_eq!((taken, left), (1, 1), "a wait had not one winner");
        let waits = world.things.iter().any(|thing| !thing.lock().line.is_empty());
        assert!(!waits, "a wait that is over is still in line");
    });
}

#[test]
fn one_wins_and_the_other_keeps_what_it_has() {
    race(RIGHT);
}

/// The planted bug: a registration that does not look whether there is something.
#[test]
#[should_panic(expected = "a wake was lost")]
fn a_registration_that_does_not_look_is_found() {
    let register = |world: &World, ticket| {
        world.things.iter().for_each(|thing| thing.lock().line.push(ticket));
        true
    };
    race(Steps { register, ..RIGHT });
}

/// The planted bug: a registration that looks, and then gets in line.
#[test]
#[should_panic(expected = "a wake was lost")]
fn a_registration_in_two_steps_is_found() {
    let register = |world: &World, ticket| {
        world.things.iter().all(|thing| {
            let has_none = thing.lock().items == 0;
            thing.lock().line.push(ticket);
            has_none
        })
    };
    race(Steps { register, ..RIGHT });
}

/// The planted bug: somebody who has lost the wait takes his thing for handed over.
#[test]
#[should_panic(expected = "a wait had not one winner")]
fn a_loser_that_gives_its_thing_away_is_found() {
    let hand = |world: &World, ticket, place| {
        let waits = world.gate.ticket() == Some(ticket);
        hand(world, ticket, place).or(waits.then_some(Wake::NotOwed))
    };
    race(Steps { hand, ..RIGHT });
}

/// The planted bug: what was handed over before the wait was taken back is forgotten.
#[test]
#[should_panic(expected = "a wait had not one winner")]
fn a_withdrawal_that_forgets_what_has_come_is_found() {
    let withdraw = |world: &World| {
        let _forgotten = world.gate.withdraw();
        None
    };
    race(Steps { withdraw, ..RIGHT });
}
