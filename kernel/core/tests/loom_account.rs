//! Models of accounts: the kernel's own, between those who charge and give back, without a lock, and those who
//! split and shrink, under the ledger's.
//!
//! What counts is that nobody gets what is not there, that the sum is never wrong, and that what was owed has gone
//! up when nothing is in use any more. Each model has a twin in which one step looks first and acts then; a twin
//! must panic, else the model sees nothing. The twins act on the kernel's own balances.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

use std::sync::Arc;
use tessera_abi::{Amounts, Name, Resource};
use tessera_core::account::{Account, Balance, Figures};

const SLOTS: Resource = Resource::Slots;

fn machine(slots: u64) -> Arc<Account> {
    let amounts = Amounts::NONE.with(SLOTS, slots).with(Resource::Memory, 1 << 20);
    Account::machine(Name::EMPTY, &amounts)
}

/// Two that charge one each, where there is one.
fn two_charge(take: fn(&Balance) -> bool) {
    loom::model(move || {
        let balance = Arc::new(Balance::new(1));
        let other = balance.clone();
        let charger = loom::thread::spawn(move || take(&other));
        let charged = u32::from(take(&balance)) + u32::from(charger.join().unwrap());
        assert_eq!(charged, 1, "one has it");
    });
}

#[test]
fn what_is_there_once_is_charged_once() {
    two_charge(|balance| balance.take(1));
}

/// The planted bug: whether there is enough is asked in a step of its own.
#[test]
#[should_panic(expected = "one has it")]
fn a_charge_that_looks_first_is_found() {
    two_charge(|balance| {
        let enough = balance.figures().free >= 1;
        if enough {
            balance.lower(1);
        }
        enough
    });
}

/// Two that draw fuel, where there is one.
fn two_draw(draw: fn(&Balance) -> u64) {
    loom::model(move || {
        let balance = Arc::new(Balance::new(1));
        let other = balance.clone();
        let drawer = loom::thread::spawn(move || draw(&other));
        let drawn = draw(&balance) + drawer.join().unwrap();
        assert_eq!(drawn, 1, "it is drawn once");
    });
}

#[test]
fn what_fuel_is_there_is_drawn_once() {
    two_draw(|balance| balance.take_up_to(3));
}

/// The planted bug: how much there is is looked at in a step of its own.
#[test]
#[should_panic(expected = "it is drawn once")]
fn a_draw_that_looks_first_is_found() {
    two_draw(|balance| {
        let free = balance.figures().free;
        balance.lower(free);
        free
    });
}

/// Somebody draws all the fuel that there is, and gives some of it back, while it is split off and comes back.
#[test]
fn a_split_and_draws_to_exhaustion_share_the_fuel() {
    loom::model(|| {
        let amounts = Amounts::NONE.with(Resource::Fuel, 3).with(Resource::Memory, 1 << 19);
        let whole = machine(0).split(Name::EMPTY, &amounts).unwrap();
        let at_drawer = whole.clone();
        let drawer = loom::thread::spawn(move || {
            let drawn = at_drawer.draw_fuel(2);
            at_drawer.refund_fuel(drawn / 2);
            drawn - drawn / 2
        });
        let part = whole.split(Name::EMPTY, &Amounts::NONE.with(Resource::Fuel, 2)).ok();
        let used_there = part.as_ref().map_or(0, |part| part.draw_fuel(1));
        drop(part);
        let used = drawer.join().unwrap() + used_there;
        let free = 3 - used;
        assert_eq!(whole.figures(Resource::Fuel), Figures { limit: 3, used, given: 0, free, owed: 0 });
    });
}

/// Somebody charges, gives back, and charges, while the account is split of all that it has.
#[test]
fn a_split_and_charges_to_exhaustion_share_what_there_is() {
    loom::model(|| {
        let whole = machine(2);
        let at_charger = whole.clone();
        let charger = loom::thread::spawn(move || {
            let first = at_charger.charge(SLOTS, 1).is_ok();
            if first {
                at_charger.give_back(SLOTS, 1);
            }
            u64::from(at_charger.charge(SLOTS, 2).is_ok()) * 2
        });
        let part = whole.split(Name::EMPTY, &Amounts::NONE.with(SLOTS, 2)).ok();
        let used = charger.join().unwrap();
        let given = if part.is_some() { 2 } else { 0 };
        let figures = whole.figures(SLOTS);
        assert_eq!(figures, Figures { limit: 2, used, given, free: 2 - used - given, owed: 0 });
        drop(part);
        whole.give_back(SLOTS, used);
        assert_eq!(whole.figures(SLOTS).free, 2, "all of it is back");
    });
}

/// The account is shrunk to nothing while one of the two that it has is given back.
#[test]
fn what_was_in_use_when_an_account_was_shrunk_goes_up_when_it_comes_back() {
    loom::model(|| {
        let whole = machine(2);
        let part = whole.split(Name::EMPTY, &Amounts::NONE.with(SLOTS, 2)).unwrap();
        part.charge(SLOTS, 1).unwrap();
        let at_user = part.clone();
        let user = loom::thread::spawn(move || at_user.give_back(SLOTS, 1));
        part.resize(None, &Amounts::UNCHANGED.with(SLOTS, 0)).unwrap();
        user.join().unwrap();
        assert_eq!(part.figures(SLOTS), Figures::default());
        assert_eq!(whole.figures(SLOTS).free, 2, "the parent has both");
    });
}

/// A parent and its part, as `Account` has them; the part has one free and is shrunk to nothing while somebody
/// charges it.
fn shrink_against_charge(shrink: fn(&Balance) -> u64) {
    loom::model(move || {
        let part = Arc::new(Balance::new(1));
        let at_user = part.clone();
        let user = loom::thread::spawn(move || at_user.take(1));
        let back = shrink(&part);
        let used = u64::from(user.join().unwrap());
        assert_eq!(back + used, 1, "it is with one of them");
    });
}

#[test]
fn what_a_shrunk_account_gives_up_nobody_is_charged() {
    shrink_against_charge(|part| part.lower(1));
}

/// The planted bug: what goes to the parent is what was free a moment ago.
#[test]
#[should_panic(expected = "it is with one of them")]
fn a_shrink_that_looks_first_is_found() {
    shrink_against_charge(|part| {
        let back = part.figures().free;
        part.lower(1);
        back
    });
}

/// Two give one back each, of which one was owed.
fn two_give_back(put: fn(&Balance) -> u64) {
    loom::model(move || {
        let part = Arc::new(Balance::new(2));
        assert!(part.take(2));
        assert_eq!(part.lower(1), 0, "all is in use");
        let other = part.clone();
        let user = loom::thread::spawn(move || put(&other));
        let paid = put(&part) + user.join().unwrap();
        assert_eq!(paid, 1, "the debt is paid once");
    });
}

#[test]
fn a_debt_is_paid_once() {
    two_give_back(|part| part.put(1));
}

/// The planted bug: the debt is read before what comes back is put there.
#[test]
#[should_panic(expected = "the debt is paid once")]
fn a_debt_that_is_looked_at_first_is_found() {
    two_give_back(|part| {
        let owed = part.figures().owed;
        let _from_the_one_step = part.put(1);
        owed.min(1)
    });
}
