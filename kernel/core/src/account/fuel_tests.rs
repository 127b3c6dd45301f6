//! Fuel by itself, and along random operations.

use super::*;
use alloc::vec::Vec;
use tessera_abi::account::UNMETERED;

const FUEL: Resource = Resource::Fuel;

/// Memory for the records of accounts.
const ROOM: u64 = 1 << 20;

fn fuel(amount: u64) -> Amounts {
    Amounts::NONE.with(FUEL, amount)
}

fn machine() -> Arc<Account> {
    Account::machine(Name::EMPTY, &Amounts::NONE.with(Resource::Memory, ROOM))
}

/// A metered account with so much fuel, and memory to be split.
fn metered(amount: u64) -> Arc<Account> {
    split(&machine(), &fuel(amount).with(Resource::Memory, ROOM / 2))
}

fn split(parent: &Arc<Account>, amounts: &Amounts) -> Arc<Account> {
    parent.split(Name::EMPTY, amounts).unwrap()
}

/// Limit, used, given, free.
fn four(account: &Account) -> [u64; 4] {
    let Figures { limit, used, given, free, owed } = account.figures(FUEL);
    assert_eq!(owed, 0, "of fuel there is no debt");
    [limit, used, given, free]
}

#[test]
fn an_account_is_metered_from_its_beginning_on_or_never() {
    let machine = machine();
    let free = split(&machine, &fuel(0));
    for account in [&machine, &free] {
        assert!(!account.is_metered() && account.has_fuel());
        assert_eq!(account.draw_fuel(1000), 1000);
        account.refund_fuel(77);
        assert_eq!(four(account), [UNMETERED, 0, 0, UNMETERED]);
    }
    assert_eq!(free.resize(Some(&machine), &fuel(1)), Err(Error::InvalidArgument));
    assert_eq!(
        free.resize(Some(&machine), &fuel(0)),
        Ok(()),
        "which a program says that knows nothing of fuel"
    );
    assert_eq!(free.resize(Some(&machine), &Amounts::UNCHANGED), Ok(()));
    assert_eq!(machine.split(Name::EMPTY, &fuel(UNMETERED)).unwrap_err(), Error::InvalidArgument);
}

#[test]
fn whatever_is_split_from_a_metered_account_is_metered() {
    let whole = metered(10);
    let poor = split(&whole, &fuel(0));
    assert!(poor.is_metered() && !poor.has_fuel());
    assert_eq!((poor.draw_fuel(1), four(&poor)), (0, [0; 4]));
    poor.resize(Some(&whole), &fuel(3)).unwrap();
    assert_eq!((poor.draw_fuel(9), four(&whole)), (3, [10, 0, 3, 7]));
}

#[test]
fn no_more_is_drawn_than_is_free_and_what_is_used_stays_used() {
    let account = metered(30);
    assert_eq!((account.draw_fuel(10), account.draw_fuel(0)), (10, 0));
    account.refund_fuel(4);
    assert_eq!(four(&account), [30, 6, 0, 24]);
    assert_eq!((account.draw_fuel(u64::MAX), account.draw_fuel(1)), (24, 0));
    assert_eq!(four(&account), [30, 30, 0, 0]);
}

#[test]
fn what_an_account_has_used_is_used_above_when_it_goes_and_the_rest_is_back() {
    let top = metered(100);
    let middle = split(&top, &fuel(60).with(Resource::Memory, ROOM / 4));
    let leaf = split(&middle, &fuel(40));
    assert_eq!((top.draw_fuel(5), middle.draw_fuel(7), leaf.draw_fuel(25)), (5, 7, 25));
    assert_eq!((four(&top), four(&middle)), ([100, 5, 60, 35], [60, 7, 40, 13]));
    drop(leaf);
    assert_eq!((four(&top), four(&middle)), ([100, 5, 60, 35], [60, 32, 0, 28]));
    drop(middle);
    assert_eq!(four(&top), [100, 37, 0, 63]);
}

#[test]
fn a_lowered_limit_keeps_what_is_used_and_given() {
    let whole = metered(100);
    let part = split(&whole, &fuel(60).with(Resource::Memory, ROOM / 4));
    let below = split(&part, &fuel(10));
    assert_eq!(part.draw_fuel(25), 25);
    part.resize(None, &Amounts::UNCHANGED.with(FUEL, 50)).unwrap();
    assert_eq!((four(&whole), four(&part)), ([100, 0, 50, 50], [50, 25, 10, 15]));
    part.resize(None, &Amounts::UNCHANGED.with(FUEL, 0)).unwrap();
    assert_eq!((four(&whole), four(&part)), ([100, 0, 35, 65], [35, 25, 10, 0]));
    drop(below);
    assert_eq!(four(&part), [35, 25, 0, 10], "what was given is free now, and was not promised to anybody");
}

#[test]
fn more_comes_out_of_what_is_free_above() {
    let machine = machine();
    let whole = split(&machine, &fuel(20).with(Resource::Memory, ROOM / 2));
    let part = split(&whole, &fuel(5));
    assert_eq!(part.draw_fuel(5), 5);
    assert_eq!(part.resize(None, &Amounts::UNCHANGED.with(FUEL, 6)), Err(Error::MissingRight));
    assert_eq!(part.resize(Some(&whole), &Amounts::UNCHANGED.with(FUEL, 21)), Err(Error::OverQuota));
    part.resize(Some(&whole), &Amounts::UNCHANGED.with(FUEL, 9)).unwrap();
    assert_eq!((four(&whole), four(&part)), ([20, 0, 9, 11], [9, 5, 0, 4]));
    // One that is not metered has any amount to give, up to the most that is counted.
    whole.resize(Some(&machine), &Amounts::UNCHANGED.with(FUEL, AMOUNT_MOST)).unwrap();
    assert_eq!(four(&whole), [AMOUNT_MOST, 0, 9, AMOUNT_MOST - 9]);
    let too_much = Amounts::UNCHANGED.with(FUEL, AMOUNT_MOST + 1);
    assert_eq!(whole.resize(Some(&machine), &too_much), Err(Error::OverQuota));
}

#[test]
fn fuel_that_was_taken_for_a_change_that_is_refused_is_back() {
    let machine = Account::machine(Name::EMPTY, &Amounts::MOST);
    let whole = split(&machine, &Amounts::NONE.with(Resource::Memory, ROOM).with(FUEL, 20));
    let without_actors = fuel(5).with(Resource::Actors, 1);
    assert_eq!(whole.split(Name::EMPTY, &without_actors).unwrap_err(), Error::OverQuota);
    let part = split(&whole, &fuel(1));
    let over = Amounts::UNCHANGED.with(FUEL, 30).with(Resource::Memory, 1000);
    assert_eq!(part.resize(Some(&whole), &over), Err(Error::OverQuota));
    assert_eq!((four(&whole), four(&part)), ([20, 0, 1, 19], [1, 0, 0, 1]));
    assert_eq!(part.figures(Resource::Memory).limit, 0);
}

#[test]
fn a_metered_account_s_actors_pay_for_their_place_in_line() {
    let machine = Account::machine(Name::EMPTY, &Amounts::MOST);
    let account = split(&machine, &Amounts { memory: ROOM, slots: 9, actors: 2, fuel: 50, ..Amounts::NONE });
    let memory = || account.figures(Resource::Memory).used as usize;
    let tenancy = Tenancy::take(&account, 1, 1).unwrap();
    assert_eq!(memory(), 1 + Line::PLACE_BYTES);
    tenancy.take_more(99).unwrap();
    assert_eq!(memory(), 100 + Line::PLACE_BYTES);
    assert_eq!(tenancy.take_more(ROOM as usize), Err(Error::OverQuota));
    tenancy.leave();
    assert_eq!(memory(), 0);
}

/// Accounts as they should be: which one each was split from, and what has been used there.
struct World {
    accounts: Vec<(Arc<Account>, Option<usize>, u64)>,
    dice: u64,
}

impl World {
    fn roll(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 20) % sides
    }

    /// One operation; what is refused is as good as what is done.
    fn act(&mut self) {
        let at = self.roll(self.accounts.len() as u64) as usize;
        let (account, parent, _) = self.accounts[at].clone();
        let amount = self.roll(300);
        match self.roll(6) {
            0 if self.accounts.len() < 12 => {
                let memory = account.figures(Resource::Memory).free / 2;
                if let Ok(part) = account.split(Name::EMPTY, &fuel(amount).with(Resource::Memory, memory)) {
                    self.accounts.push((part, Some(at), 0));
                }
            }
            1 | 2 => {
                let parent = parent.map(|parent| self.accounts[parent].0.clone());
                let _refused = account.resize(parent.as_ref(), &Amounts::UNCHANGED.with(FUEL, amount));
            }
            // The last one is nobody's parent, and what it has used goes to its own.
            3 if self.accounts.len() > 1 => {
                drop(account);
                let (_, parent, used) = self.accounts.pop().unwrap();
                self.accounts[parent.unwrap()].2 += used;
            }
            _ => {
                let drawn = account.draw_fuel(amount);
                let back = self.roll(drawn + 1);
                account.refund_fuel(back);
                self.accounts[at].2 += drawn - back;
            }
        }
    }

    fn check(&self) {
        for (at, (account, _, spent)) in self.accounts.iter().enumerate() {
            let [limit, used, given, free] = four(account);
            assert_eq!((limit, used), (free + used + given, *spent));
            let parts = self.accounts.iter().filter(|(_, parent, _)| *parent == Some(at));
            assert_eq!(given, parts.map(|(part, ..)| four(part)[0]).sum::<u64>());
        }
    }
}

#[test]
fn after_any_sequence_fuel_is_free_or_given_or_was_used_once() {
    for seed in 1..=40 {
        let mut world = World { accounts: [(metered(2000), None, 0)].into(), dice: seed * 0x9e37_79b9 };
        for _ in 0..1000 {
            world.act();
            world.check();
        }
        while world.accounts.len() > 1 {
            let (_, parent, used) = world.accounts.pop().unwrap();
            world.accounts[parent.unwrap()].2 += used;
        }
        world.check();
    }
}
