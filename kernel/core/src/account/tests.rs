//! Accounts by themselves, and along random operations.

use super::*;
use alloc::vec::Vec;

const SLOTS: Resource = Resource::Slots;
const MEMORY: Resource = Resource::Memory;

/// Memory for the records of accounts, besides what a test asks for.
const ROOM: u64 = 1 << 20;

fn slots(amount: u64) -> Amounts {
    Amounts::NONE.with(SLOTS, amount)
}

fn machine(slots: u64) -> Arc<Account> {
    let amounts = Amounts::NONE.with(SLOTS, slots).with(MEMORY, ROOM);
    Account::machine(Name::new_truncated("machine"), &amounts)
}

fn split(parent: &Arc<Account>, amounts: &Amounts) -> Arc<Account> {
    parent.split(Name::new_truncated("part"), amounts).unwrap()
}

/// Limit, in use, given, free, owed.
fn five(account: &Account) -> [u64; 5] {
    let Figures { limit, used, given, free, owed } = account.figures(SLOTS);
    [limit, used, given, free, owed]
}

#[test]
fn what_is_charged_comes_back_and_nothing_over_the_limit_is_charged() {
    let account = machine(10);
    let charge = Charge::take(&account, SLOTS, 7).unwrap();
    assert_eq!(five(&account), [10, 7, 0, 3, 0]);
    assert_eq!(Charge::take(&account, SLOTS, 4).unwrap_err(), Error::OverQuota);
    assert_eq!(account.charge(SLOTS, u64::MAX), Err(Error::OverQuota));
    drop(charge);
    assert_eq!(five(&account), [10, 0, 0, 10, 0]);
}

#[test]
fn a_part_is_taken_out_of_what_is_free_and_comes_back_with_its_last_reference() {
    let whole = machine(10);
    let part = split(&whole, &slots(6));
    assert_eq!((five(&whole), five(&part)), ([10, 0, 6, 4, 0], [6, 0, 0, 6, 0]));
    let held = Charge::take(&part, SLOTS, 6).unwrap();
    drop(part);
    assert_eq!(five(&whole), [10, 0, 6, 4, 0], "what is charged keeps its account");
    drop(held);
    assert_eq!(five(&whole), [10, 0, 0, 10, 0]);
    assert_eq!(whole.figures(MEMORY).free, ROOM, "its record too");
}

#[test]
fn what_is_not_free_is_given_to_nobody() {
    let whole = machine(10);
    let amounts = slots(3).with(Resource::Actors, 1);
    assert_eq!(whole.split(Name::EMPTY, &amounts).unwrap_err(), Error::OverQuota);
    assert_eq!(whole.split(Name::EMPTY, &slots(u64::MAX)).unwrap_err(), Error::InvalidArgument);
    assert_eq!(five(&whole), [10, 0, 0, 10, 0], "all of it or nothing");
    assert_eq!(whole.figures(MEMORY).free, ROOM);
    let without_memory = Account::machine(Name::EMPTY, &slots(9));
    assert_eq!(without_memory.split(Name::EMPTY, &slots(1)).unwrap_err(), Error::OverQuota);
}

#[test]
fn accounts_are_split_to_a_bounded_depth() {
    let mut deepest = machine(1);
    for _ in 0..DEPTH_MOST {
        deepest =
            split(&deepest, &Amounts::NONE.with(MEMORY, deepest.figures(MEMORY).free - ACCOUNT_BYTES as u64));
    }
    assert_eq!(deepest.split(Name::EMPTY, &Amounts::NONE).unwrap_err(), Error::Full);
}

#[test]
fn a_shrunk_account_gives_up_what_is_free_at_once_and_the_rest_as_it_comes_back() {
    let whole = machine(10);
    let part = split(&whole, &slots(8));
    let [first, second] = [2, 3].map(|amount| Charge::take(&part, SLOTS, amount).unwrap());
    part.resize(None, &Amounts::UNCHANGED.with(SLOTS, 1)).unwrap();
    assert_eq!((five(&whole), five(&part)), ([10, 0, 5, 5, 0], [1, 5, 0, 0, 4]));
    drop(first);
    assert_eq!((five(&whole), five(&part)), ([10, 0, 3, 7, 0], [1, 3, 0, 0, 2]));
    assert!(Charge::take(&part, SLOTS, 1).is_err(), "nothing is charged to who owes");
    drop(second);
    assert_eq!((five(&whole), five(&part)), ([10, 0, 1, 9, 0], [1, 0, 0, 1, 0]));
}

#[test]
fn a_debt_is_paid_through_all_who_owe() {
    let whole = machine(10);
    let middle = split(&whole, &slots(8).with(MEMORY, ROOM / 2));
    let leaf = split(&middle, &slots(8));
    let held = Charge::take(&leaf, SLOTS, 8).unwrap();
    middle.resize(None, &Amounts::UNCHANGED.with(SLOTS, 2)).unwrap();
    leaf.resize(None, &Amounts::UNCHANGED.with(SLOTS, 1)).unwrap();
    assert_eq!((five(&middle), five(&leaf)), ([2, 0, 8, 0, 6], [1, 8, 0, 0, 7]));
    drop(held);
    assert_eq!(
        (five(&whole), five(&middle), five(&leaf)),
        ([10, 0, 2, 8, 0], [2, 0, 1, 1, 0], [1, 0, 0, 1, 0])
    );
}

#[test]
fn more_comes_from_the_parent_and_pays_a_debt_first() {
    let whole = machine(10);
    let part = split(&whole, &slots(6));
    let held = Charge::take(&part, SLOTS, 6).unwrap();
    part.resize(None, &Amounts::UNCHANGED.with(SLOTS, 0)).unwrap();
    assert_eq!(part.resize(None, &slots(1)), Err(Error::MissingRight));
    assert_eq!(part.resize(Some(&part), &slots(1)), Err(Error::InvalidArgument));
    assert_eq!(part.resize(Some(&whole), &slots(5)), Err(Error::OverQuota), "4 are free");
    part.resize(Some(&whole), &Amounts::UNCHANGED.with(SLOTS, 4)).unwrap();
    assert_eq!((five(&whole), five(&part)), ([10, 0, 6, 4, 0], [4, 6, 0, 0, 2]));
    drop(held);
    assert_eq!((five(&whole), five(&part)), ([10, 0, 4, 6, 0], [4, 0, 0, 4, 0]));
}

#[test]
fn limits_change_all_or_none() {
    let whole = Account::machine(Name::EMPTY, &slots(5).with(MEMORY, ROOM).with(Resource::Actors, 5));
    let part = split(&whole, &slots(3));
    let wanted = Amounts::UNCHANGED.with(MEMORY, 0).with(SLOTS, 5).with(Resource::Actors, 6);
    assert_eq!(part.resize(Some(&whole), &wanted), Err(Error::OverQuota));
    assert_eq!((five(&whole), five(&part)), ([5, 0, 3, 2, 0], [3, 0, 0, 3, 0]));
}

#[test]
fn an_actor_s_is_given_back_once() {
    let account = Account::machine(Name::EMPTY, &Amounts::MOST);
    let tenancy = Tenancy::take(&account, 64, 0).unwrap();
    let used = |resource| account.figures(resource).used;
    assert_eq!((used(SLOTS), used(MEMORY), used(Resource::Actors)), (64, 1, 1));
    tenancy.leave();
    assert_eq!((used(SLOTS), used(MEMORY), used(Resource::Actors)), (0, 0, 0));
    drop(tenancy);
    assert_eq!(five(&account)[1], 0);
    let poor = Account::machine(Name::EMPTY, &Amounts::MOST.with(Resource::Actors, 0));
    assert_eq!(Tenancy::take(&poor, 64, 9).unwrap_err(), Error::OverQuota);
    assert_eq!((poor.figures(SLOTS).used, poor.figures(MEMORY).used), (0, 0), "a refusal leaves nothing");
}

/// What the random operations hold: accounts with the one each was split from, and charges.
struct World {
    accounts: Vec<(Arc<Account>, Option<usize>)>,
    charges: Vec<(usize, u64, Charge)>,
    dice: u64,
}

impl World {
    fn roll(&mut self, sides: usize) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 20) as usize % sides
    }

    /// One operation; what is refused is as good as what is done.
    fn act(&mut self) {
        let at = self.roll(self.accounts.len());
        let (account, parent) = self.accounts[at].clone();
        let amount = self.roll(60);
        match self.roll(8) {
            0 if self.accounts.len() < 12 => {
                let amounts = slots(amount as u64).with(MEMORY, amount as u64 * 1000);
                if let Ok(part) = account.split(Name::EMPTY, &amounts) {
                    self.accounts.push((part, Some(at)));
                }
            }
            1 | 2 => {
                let parent = parent.map(|parent| self.accounts[parent].0.clone());
                let limits = Amounts::UNCHANGED.with(SLOTS, amount as u64);
                let _refused = account.resize(parent.as_ref(), &limits);
            }
            // The last one is nobody's parent.
            3 if self.accounts.len() > 1 => {
                let last = self.accounts.len() - 1;
                self.charges.retain(|(at, ..)| *at != last);
                self.accounts.pop();
            }
            4 | 5 if !self.charges.is_empty() => {
                let at = self.roll(self.charges.len());
                self.charges.swap_remove(at);
            }
            _ => {
                if let Ok(charge) = Charge::take(&account, SLOTS, amount) {
                    self.charges.push((at, amount as u64, charge));
                }
            }
        }
    }

    /// Compares every account's figures with what the test itself has counted.
    fn check(&self) {
        for (at, (account, _)) in self.accounts.iter().enumerate() {
            let [limit, used, given, free, owed] = five(account);
            assert_eq!(limit + owed, free + used + given);
            assert!(free == 0 || owed == 0);
            let charged: u64 = self.charges.iter().filter(|(by, ..)| *by == at).map(|one| one.1).sum();
            assert_eq!(used, charged);
            let parts = self.accounts.iter().filter(|(_, parent)| *parent == Some(at));
            let held: u64 = parts.map(|(part, _)| five(part)).map(|five| five[0] + five[4]).sum();
            assert_eq!(given, held);
        }
    }
}

#[test]
fn after_any_sequence_every_account_adds_up() {
    for seed in 1..=40 {
        let mut world =
            World { accounts: [(machine(200), None)].into(), charges: Vec::new(), dice: seed * 0x9e37_79b9 };
        for _ in 0..1000 {
            world.act();
            world.check();
        }
        world.charges.clear();
        world.accounts.truncate(1);
        assert_eq!(five(&world.accounts[0].0), [200, 0, 0, 200, 0]);
    }
}
