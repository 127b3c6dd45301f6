//! Models of actors that wait for fuel: the kernel's own account, line, purse, gate and actor, in every interleaving.
//! The first in line is one of the model's threads; the second stands in line and is looked at in the end.
//!
//! What counts is that nobody is left in line while fuel is free. Each model has twins in which one step is wrong or
//! left out; a twin must panic, else the model sees nothing.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

mod support;

use khal::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use support::{actor, kernel, model};
use tessera_abi::{Amounts, Name, Priority};
use tessera_core::account::{Account, Joins};
use tessera_core::actor::Actor;
use tessera_core::sched::gate::{Cause, Wake};

/// A metered account without fuel, and two of its actors. Both lack one unit.
struct Stage {
    account: Arc<Account>,
    first: Arc<Actor>,
    second: Arc<Actor>,
    /// The first has gone on.
    over: AtomicBool,
}

impl Stage {
    fn new() -> Self {
        let kernel = kernel();
        let amounts = Amounts { memory: 4 << 20, slots: 100, actors: 2, fuel: 1, ..Amounts::NONE };
        let account = kernel.account().split(Name::EMPTY, &amounts).unwrap();
        assert_eq!(account.draw_fuel(1), 1);
        let [first, second] = [(); 2].map(|()| actor(&kernel, Priority::Normal, Some(&account), vec![]));
        Stage { account, first, second, over: AtomicBool::new(false) }
    }

    fn first_sleeps(&self) -> bool {
        self.first.purse_for_model().is_some_and(|purse| purse.starves())
    }

    /// Puts the second in line behind the first, as one that waits.
    fn second_waits(&self) {
        while !self.first_sleeps() {
            khal::sync::relax();
        }
        let ticket = self.second.gate().arm();
        self.account.starved().join(&self.second, ticket, Joins::Last);
    }

    /// Whether the second waits while there is fuel, and nobody is about to see to it.
    fn second_is_left(&self) -> bool {
        self.account.has_fuel() && self.second.gate().ticket().is_some()
    }

    /// Whether the first waits while there is fuel. Then its wait is ended, as nobody else would.
    fn first_is_left(&self) -> bool {
        while !self.over.load(Ordering::Acquire) {
            if self.first_sleeps()
                && self.account.has_fuel()
                && let Some(claim) = self.first.gate().claim_any()
            {
                assert_eq!(claim.fire(Cause::TimedOut), Wake::NotOwed);
                return true;
            }
            khal::sync::relax();
        }
        false
    }
}

/// How the first comes by fuel; how much it has drawn.
type FuelUp = fn(&Stage) -> u64;

/// As its activation does.
fn fuel_up(stage: &Stage) -> u64 {
    stage.first.fuel_for_model(1).map_or(0, u64::from)
}

/// Somebody brings one unit while the first runs out of fuel.
fn refill_against_starving(fuel_up: FuelUp) {
    model(move || {
        let stage = Arc::new(Stage::new());
        let at_first = stage.clone();
        let runs = loom::thread::spawn(move || {
            let drawn = fuel_up(&at_first);
            at_first.over.store(true, Ordering::Release);
            drawn
        });
        stage.account.refund_fuel(1);
        let left = stage.first_is_left();
        let drawn = runs.join().unwrap();
        assert!(!left, "left in line while there is fuel");
        assert_eq!(drawn, 1);
    });
}

#[test]
fn whoever_runs_out_of_fuel_gets_what_comes_meanwhile() {
    refill_against_starving(fuel_up);
}

/// Stands in line and sleeps, as `Actor::starve` does between its looks for fuel.
fn stand_in_line(stage: &Stage) {
    let Stage { account, first, .. } = stage;
    let purse = first.purse_for_model().unwrap();
    let ticket = first.gate().arm();
    account.starved().join(first, ticket, Joins::Last);
    purse.note_starving(true);
    while !first.gate().is_fired() {
        khal::sync::relax();
    }
    first.gate().finish();
    purse.note_starving(false);
}

/// The planted bug: whether there is fuel is looked at before joining the line.
#[test]
#[should_panic(expected = "left in line while there is fuel")]
fn whoever_looks_before_it_joins_the_line_is_found() {
    refill_against_starving(|stage| {
        if !stage.account.has_fuel() {
            stand_in_line(stage);
        }
        stage.account.draw_fuel(1)
    });
}

/// Fuel for two comes, of whom one is woken.
fn one_refill_for_two(fuel_up: FuelUp) {
    model(move || {
        let stage = Arc::new(Stage::new());
        let at_first = stage.clone();
        let runs = loom::thread::spawn(move || fuel_up(&at_first));
        stage.second_waits();
        stage.account.refund_fuel(2);
        assert_eq!(runs.join().unwrap(), 1);
        assert!(!stage.second_is_left(), "the next was not told");
    });
}

#[test]
fn what_the_first_in_line_leaves_is_for_the_next() {
    one_refill_for_two(fuel_up);
}

/// The planted bug: who was woken keeps it to itself.
#[test]
#[should_panic(expected = "the next was not told")]
fn whoever_does_not_pass_the_word_on_is_found() {
    one_refill_for_two(|stage| {
        stand_in_line(stage);
        stage.account.draw_fuel(1)
    });
}

/// Fuel for one comes while the first in line is killed.
fn a_kill_against_a_refill(fuel_up: FuelUp) {
    model(move || {
        let stage = Arc::new(Stage::new());
        let (at_first, at_killer) = (stage.clone(), stage.clone());
        let runs = loom::thread::spawn(move || fuel_up(&at_first));
        stage.second_waits();
        let kills = loom::thread::spawn(move || at_killer.first.kill());
        stage.account.refund_fuel(1);
        kills.join().unwrap();
        runs.join().unwrap();
        assert!(!stage.second_is_left(), "the next was not told");
    });
}

#[test]
fn what_came_for_one_that_is_killed_is_for_the_next() {
    a_kill_against_a_refill(fuel_up);
}

/// The planted bug: who is woken to end does not look whether it was woken for fuel, too.
#[test]
#[should_panic(expected = "the next was not told")]
fn whoever_is_killed_and_keeps_the_word_is_found() {
    a_kill_against_a_refill(|stage| {
        stand_in_line(stage);
        if stage.first.must_stop() {
            return 0;
        }
        let drawn = stage.account.draw_fuel(1);
        stage.account.offer_fuel();
        drawn
    });
}
