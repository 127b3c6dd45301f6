//! Accounts, against the fake kernel.

use actor_sdk::abi::account::{AMOUNT_MOST, UNMETERED};
use actor_sdk::abi::{HostCall, Resource};
use actor_sdk::{Account, Amounts, Error, Plan, Rights, Spawner, System, fake};

const PART: Amounts = Amounts { memory: 1 << 20, slots: 100, mailbox: 4096, actors: 4, ..Amounts::NONE };

fn actors(actors: u64) -> Amounts {
    Amounts::UNCHANGED.with(Resource::Actors, actors)
}

#[test]
fn a_part_is_out_of_what_is_free_and_is_resized() {
    let mut kernel = fake::Kernel::new();
    let whole = kernel.grant::<Account>("account");
    let part = whole.split("part", &PART).unwrap();
    assert_eq!(part.split("more", &PART.with(Resource::Actors, 5)).unwrap_err(), Error::OverQuota);
    assert_eq!(part.info().unwrap().given, Amounts::NONE, "all of it or nothing");
    part.grow(&whole, &actors(6)).unwrap();
    assert_eq!(part.shrink(&actors(7)), Err(Error::MissingRight));
    assert_eq!(part.grow(&part, &actors(7)), Err(Error::InvalidArgument));
    part.shrink(&actors(2)).unwrap();
    let (whole, part) = (whole.info().unwrap(), part.info().unwrap());
    let two = PART.with(Resource::Actors, 2);
    let without_end = two.with(Resource::Fuel, UNMETERED);
    assert_eq!((part.limit, part.free), (without_end, without_end));
    assert_eq!((part.name.as_str(), part.parent), ("part", whole.index));
    assert_eq!(whole.given, two);
}

/// How many actors it may have, has given, has free, owes.
fn four(account: &Account) -> Result<[u64; 4], Error> {
    let record = account.info()?;
    Ok([record.limit, record.given, record.free, record.owed].map(|amounts| amounts.of(Resource::Actors)))
}

#[test]
fn a_part_that_is_refused_leaves_nothing() {
    let mut kernel = fake::Kernel::new();
    let whole = kernel.grant::<Account>("account");
    let system = kernel.grant::<System>("system");
    let small = whole.split("small", &PART).unwrap();
    let accounts = || system.accounts().count();
    assert_eq!(small.split("more", &PART.with(Resource::Actors, 5)).unwrap_err(), Error::OverQuota);
    assert_eq!(
        small.split("all", &PART.with(Resource::Slots, u64::MAX)).unwrap_err(),
        Error::InvalidArgument
    );
    assert_eq!(accounts(), 2);
    kernel.limit_slots(kernel.slots_used());
    assert_eq!(small.split("part", &PART).unwrap_err(), Error::TableFull);
    assert_eq!((accounts(), four(&small)), (2, Ok([4, 0, 4, 0])));
}

#[test]
fn what_a_shrunk_account_has_given_on_it_owes_until_it_comes_back() {
    let mut kernel = fake::Kernel::new();
    let whole = kernel.grant::<Account>("account");
    let with = |actors, memory| Amounts { actors, memory, ..Amounts::NONE };
    let top = whole.split("top", &with(10, 1 << 20)).unwrap();
    let middle = top.split("middle", &with(8, 1 << 16)).unwrap();
    let leaf = middle.split("leaf", &Amounts::NONE.with(Resource::Actors, 6)).unwrap();
    middle.shrink(&actors(1)).unwrap();
    assert_eq!([four(&top), four(&middle)], [Ok([10, 6, 4, 0]), Ok([1, 6, 0, 5])]);
    assert_eq!(leaf.grow(&middle, &actors(7)), Err(Error::OverQuota), "nothing is to be had of who owes");
    middle.grow(&top, &actors(3)).unwrap();
    assert_eq!(
        [four(&top), four(&middle)],
        [Ok([10, 6, 4, 0]), Ok([3, 6, 0, 3])],
        "it pays what is owed first"
    );
    leaf.shrink(&actors(2)).unwrap();
    assert_eq!(
        [four(&top), four(&middle), four(&leaf)],
        [Ok([10, 3, 7, 0]), Ok([3, 2, 1, 0]), Ok([2, 0, 2, 0])]
    );
}

fn fuel(fuel: u64) -> Amounts {
    Amounts::UNCHANGED.with(Resource::Fuel, fuel)
}

/// An account's limit of fuel, what it has given of it, and what it has left.
fn fuel_of(account: &Account) -> Result<[u64; 3], Error> {
    let record = account.info()?;
    Ok([record.limit, record.given, record.free].map(|amounts| amounts.fuel))
}

#[test]
fn fuel_is_counted_in_metered_accounts_alone() {
    let mut kernel = fake::Kernel::new();
    let whole = kernel.grant::<Account>("account");
    let free = whole.split("free", &PART).unwrap();
    assert!(!free.info().unwrap().is_metered());
    assert_eq!(
        (free.grow(&whole, &fuel(5)), free.grow(&whole, &fuel(0))),
        (Err(Error::InvalidArgument), Ok(()))
    );
    let billed = whole.split("billed", &PART.with(Resource::Fuel, 100)).unwrap();
    let below = billed.split("below", &Amounts::NONE).unwrap();
    assert!(below.info().unwrap().is_metered(), "nobody gets out by splitting");
    assert_eq!(below.grow(&billed, &fuel(101)), Err(Error::OverQuota));
    below.grow(&billed, &fuel(60)).unwrap();
    assert_eq!([fuel_of(&whole), fuel_of(&billed)], [Ok([UNMETERED, 0, UNMETERED]), Ok([100, 60, 40])]);
    billed.grow(&whole, &fuel(150)).unwrap();
    billed.shrink(&fuel(10)).unwrap();
    assert_eq!(fuel_of(&billed), Ok([60, 60, 0]), "what it has given it does not owe");
    below.shrink(&fuel(20)).unwrap();
    assert_eq!([fuel_of(&billed), fuel_of(&below)], [Ok([60, 20, 40]), Ok([20, 0, 20])]);
    assert_eq!(billed.grow(&whole, &fuel(AMOUNT_MOST + 1)), Err(Error::OverQuota));
}

#[test]
fn what_an_account_capability_lacks_is_refused() {
    let mut kernel = fake::Kernel::new();
    let looks = kernel.grant_with::<Account>("account", Rights::INSPECT);
    assert!(looks.info().is_ok());
    assert_eq!(looks.split("part", &PART).unwrap_err(), Error::MissingRight);
    assert_eq!(looks.shrink(&actors(0)), Err(Error::MissingRight));
    assert_eq!(looks.split(&"long".repeat(50), &PART).unwrap_err(), Error::MissingRight);
}

#[test]
fn an_actor_lives_in_the_account_of_its_plan() {
    let mut kernel = fake::Kernel::new();
    let (whole, spawner) = (kernel.grant::<Account>("account"), kernel.grant::<Spawner>("spawner"));
    let part = whole.split("guests", &PART).unwrap();
    let plan = Plan::new("guest", "echo").account(&part);
    drop((spawner.spawn(&plan).unwrap(), spawner.draft(&plan).unwrap()));
    drop(spawner.spawn(&Plan::new("own", "echo")).unwrap());
    let spawned = kernel.spawned();
    let seen: Vec<_> = spawned.iter().map(|one| (one.account.as_deref(), one.suspended)).collect();
    assert_eq!(seen, [(Some("guests"), false), (Some("guests"), true), (None, false)]);
    assert!(spawned.iter().all(|one| one.caps.is_empty()), "the account is not handed over");
    kernel.refuse(HostCall::Spawn, Error::OverQuota);
    assert_eq!(spawner.spawn(&plan).unwrap_err(), Error::OverQuota);
    let looks = kernel.grant_with::<Account>("other", Rights::INSPECT);
    assert_eq!(spawner.spawn(&Plan::new("guest", "echo").account(&looks)).unwrap_err(), Error::MissingRight);
}

#[test]
fn an_account_costs_its_record_and_is_split_to_a_bounded_depth() {
    let mut kernel = fake::Kernel::new();
    let whole = kernel.grant::<Account>("account");
    let small = whole.split("small", &PART).unwrap();
    let part = Amounts::NONE.with(Resource::Memory, PART.memory);
    assert_eq!(
        small.split("all of it", &part).unwrap_err(),
        Error::OverQuota,
        "its record is to be paid for too"
    );
    let rest = small.split("nearly", &part.with(Resource::Memory, PART.memory - 4096)).unwrap();
    let (small, rest) = (small.info().unwrap(), rest.info().unwrap());
    assert_eq!(small.given.memory, rest.limit.memory);
    assert!((1..4096).contains(&small.used.memory), "{}", small.used.memory);
    assert_eq!(small.limit.memory, small.used.memory + small.given.memory + small.free.memory);
    let mut deepest = whole.split("1", &PART).unwrap();
    for depth in 2..=16 {
        let left = Amounts::NONE.with(Resource::Memory, deepest.info().unwrap().free.memory - 4096);
        deepest = deepest.split(&depth.to_string(), &left).unwrap();
    }
    assert_eq!(deepest.split("17", &Amounts::NONE).unwrap_err(), Error::Full);
}
