//! Accounts: who takes too much stops at his own, and all that was taken comes back.

use crate::revocation::waits;
use crate::stage::{Stage, authority, by_kernel, endpoint, endpoint_of, guest, region, request};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use khal::thread::Stack;
use khal::time::Instant;
use tessera_abi::account::overhead_bytes;
use tessera_abi::{
    Amounts, EndReason, Error, FaultKind, Name, ObjectKind, Priority, Resource, Rights, Shape,
};
use tessera_core::account::{Account, Figures};
use tessera_core::actor::Actor;
use tessera_core::actor::spawn::{Spawn, spawn};
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Object, Scope};
use tessera_core::ipc::{Message, Notification};

const OVER_QUOTA: EndReason = EndReason::Exited(Error::OverQuota as i32);
const DONE: EndReason = EndReason::Exited(0);

const ALL: [Resource; 4] = [Resource::Memory, Resource::Slots, Resource::Mailbox, Resource::Actors];

/// The linear memory of those that have one page.
const PAGE_BYTES: u64 = 64 << 10;

/// What `gives_and_keeps` gives each time.
const GIVEN_BYTES: u64 = 40_000;

/// Enough for a few small actors.
const SOME: Amounts = Amounts { memory: 4 << 20, slots: 1000, mailbox: 10_000, actors: 10, ..Amounts::NONE };

/// An account with so much out of the machine's.
fn account(stage: &Stage<'_>, amounts: &Amounts) -> Result<Arc<Account>, Failure> {
    Ok(stage.kernel.account().split(Name::new_truncated("guests"), amounts)?)
}

fn is_whole(account: &Account) -> bool {
    ALL.iter().all(|resource| {
        let Figures { limit, free, .. } = account.figures(*resource);
        limit == free
    })
}

/// Lets the machine run until nothing of `account` is in use or given.
fn comes_back(stage: &mut Stage<'_>, account: &Account) -> Verdict {
    stage.until("the account is whole again", || is_whole(account))
}

/// A server and its client in the machine's account get on as if nothing were.
fn others_go_on(stage: &mut Stage<'_>) -> Verdict {
    let door = endpoint(2)?;
    let server =
        stage.actor("adder", Shape::Handler, Priority::Normal, vec![door.derive(Rights::ALL, 0)?])?;
    let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&client, DONE)?;
    server.kill();
    stage.ends(&server, EndReason::Killed)
}

pub fn a_fork_bomb_stops_at_its_own_account(stage: &mut Stage<'_>) -> Verdict {
    let account = account(stage, &Amounts { actors: 4, ..SOME })?;
    let spawner = authority(ObjectKind::Spawner)?;
    let first = guest(stage, &account, "forks", vec![spawner.derive(Rights::ALL, 0)?])?;
    // Those that it has started go on where it is refused.
    stage.ends(&first, OVER_QUOTA)?;
    others_go_on(stage)?;
    let used = account.figures(Resource::Actors).used;
    check!((1..=4).contains(&used), "{used} of 4 actors");
    Subtree::of(&spawner, Scope::Below)?.revoke(&stage.kernel, || {})?;
    comes_back(stage, &account)
}

pub fn a_bomb_of_endpoints_stops_at_its_own_account(stage: &mut Stage<'_>) -> Verdict {
    // Its memory, what its engine needs, and a little for what it makes.
    let amounts = Amounts { memory: Stack::BYTES as u64 + (160 << 10), ..SOME };
    let account = account(stage, &amounts)?;
    let factory = authority(ObjectKind::Factory)?;
    let caps = vec![factory.derive(Rights::ALL, 0)?];
    let request = Spawn {
        slots_max: 200,
        account: Some(account.clone()),
        ..request("makes", Shape::Main, Priority::Normal, caps)
    };
    let maker = spawn(&stage.kernel, request)?;
    stage.ends(&maker, OVER_QUOTA)?;
    others_go_on(stage)?;
    comes_back(stage, &account)
}

pub fn a_flood_of_bytes_stops_at_its_own_account(stage: &mut Stage<'_>) -> Verdict {
    let account = account(stage, &Amounts { mailbox: 1050, ..SOME })?;
    let door = endpoint(64)?;
    let queue = endpoint_of(&door)?;
    let flood = guest(stage, &account, "floods_bytes", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&flood, OVER_QUOTA)?;
    check!(queue.counters().queued == 10, "{} messages of 100 bytes in 1050", queue.counters().queued);
    let other = stage.main("sends_once", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&other, DONE)?;
    // What is under way stays the sender's, who is over; received or dropped, it comes back.
    let under_way = || account.figures(Resource::Mailbox).used;
    check!(under_way() == 1000, "{} bytes under way", under_way());
    drop(queue.recv(by_kernel(&other), 4096, Instant::ZERO)?);
    check!(under_way() == 900, "{} bytes under way", under_way());
    queue.close(&tessera_core::cap::Pass::KERNEL)?;
    comes_back(stage, &account)
}

/// Its regions' frames are charged to who makes them, wherever they have gone since.
pub fn a_bomb_of_regions_stops_at_its_own_account(stage: &mut Stage<'_>) -> Verdict {
    let account = account(stage, &SOME)?;
    let caps = vec![authority(ObjectKind::Factory)?];
    let bomb = Spawn {
        slots_max: 200,
        account: Some(account.clone()),
        ..request("makes_regions", Shape::Main, Priority::Normal, caps)
    };
    let bomb = spawn(&stage.kernel, bomb)?;
    stage.ends(&bomb, OVER_QUOTA)?;
    others_go_on(stage)?;
    comes_back(stage, &account)?;
    let caps = vec![authority(ObjectKind::Factory)?, endpoint(1)?];
    let holder = guest(stage, &account, "holds_regions", caps)?;
    stage.until("it holds its regions", || waits(&holder))?;
    let used = account.figures(Resource::Memory).used;
    check!(used > 41 * 4096, "{used} bytes are charged for 41 frames and their maker");
    holder.kill();
    stage.ends(&holder, EndReason::Killed)?;
    comes_back(stage, &account)
}

/// The memory that an account is charged besides what an actor's meter has drawn.
fn but_for_its_engine(account: &Account, actor: &Actor) -> u64 {
    account.figures(Resource::Memory).used - actor.meter().drawn() as u64
}

/// Lets an actor that waits for messages go on to where it waits for the next.
fn step(stage: &mut Stage<'_>, actor: &Arc<Actor>, door: &Capability) -> Verdict {
    let queue = endpoint_of(door)?;
    let rests = |taken: u64| queue.counters().delivered == taken && waits(actor);
    let taken = queue.counters().delivered;
    stage.until("it waits", || rests(taken))?;
    queue.send(by_kernel(actor), &mut Some(Message::default()), Instant::ZERO)?;
    stage.until("it goes on and waits again", || rests(taken + 1) || actor.end().has_come())
}

/// By who gives it, from when it is given until the actor that it was given to begins, to the byte.
pub fn a_given_module_is_paid_for(stage: &mut Stage<'_>) -> Verdict {
    let (own, theirs) = (account(stage, &SOME)?, account(stage, &SOME)?);
    let (door, block) = (endpoint(1)?, region(GIVEN_BYTES)?);
    let caps =
        vec![authority(ObjectKind::Spawner)?, capability(&theirs)?, block, door.derive(Rights::ALL, 0)?];
    let giver = guest(stage, &own, "gives_and_keeps", caps)?;
    stage.until("it waits", || waits(&giver))?;
    let before = but_for_its_engine(&own, &giver);
    for _ in ["from memory", "from the region"] {
        step(stage, &giver, &door)?;
        let charged = but_for_its_engine(&own, &giver) - before;
        check!(charged == GIVEN_BYTES, "{charged} bytes are charged for {GIVEN_BYTES}");
        step(stage, &giver, &door)?;
        // It may still wait for the draft's end.
        stage.until("they come back", || but_for_its_engine(&own, &giver) == before)?;
    }
    step(stage, &giver, &door)?;
    stage.ends(&giver, DONE)?;
    comes_back(stage, &own)?;
    comes_back(stage, &theirs)
}

pub fn a_notification_is_paid_for(stage: &mut Stage<'_>) -> Verdict {
    let account = account(stage, &SOME)?;
    let door = endpoint(1)?;
    let caps = vec![authority(ObjectKind::Factory)?, door.derive(Rights::ALL, 0)?];
    let maker = guest(stage, &account, "makes_notifications", caps)?;
    stage.until("it waits", || waits(&maker))?;
    let before = but_for_its_engine(&account, &maker);
    step(stage, &maker, &door)?;
    let charged = but_for_its_engine(&account, &maker) - before;
    check!(charged == 4 * size_of::<Notification>() as u64, "{charged} bytes are charged for four");
    maker.kill();
    stage.ends(&maker, EndReason::Killed)?;
    comes_back(stage, &account)
}

pub fn memory_over_the_account_is_refused_to_the_actor_alone(stage: &mut Stage<'_>) -> Verdict {
    let account = account(stage, &Amounts { memory: 1 << 20, ..SOME })?;
    // It declares 16 MiB.
    let large = guest(stage, &account, "large", vec![])?;
    stage.ends(&large, EndReason::Fault(FaultKind::OutOfMemory))?;
    others_go_on(stage)?;
    comes_back(stage, &account)
}

/// Each resource in turn is what there is too little of.
pub fn a_spawn_over_the_account_leaves_nothing_charged(stage: &mut Stage<'_>) -> Verdict {
    let little = [(Resource::Memory, 1000), (Resource::Slots, 15), (Resource::Actors, 0)];
    for (resource, amount) in little {
        let account = account(stage, &SOME.with(resource, amount))?;
        let living = stage.kernel.registry().living();
        let request = request("nothing", Shape::Main, Priority::Normal, vec![]);
        let refused = spawn(&stage.kernel, Spawn { account: Some(account.clone()), ..request });
        check!(refused.is_err_and(|error| error == Error::OverQuota), "spawned without {}", resource.name());
        check!(is_whole(&account), "something is charged without {}", resource.name());
        check!(stage.kernel.registry().living() == living, "somebody lives");
    }
    Ok(())
}

/// As `tools/pack` checks it: what an actor begins with besides its linear memory is enough for it to begin.
pub fn an_actor_begins_in_an_account_with_the_least_that_it_takes(stage: &mut Stage<'_>) -> Verdict {
    let amounts = Amounts { slots: 16, mailbox: 0, actors: 1, ..SOME };
    let least = |shape| account(stage, &amounts.with(Resource::Memory, PAGE_BYTES + overhead_bytes(shape)));
    let (of_main, of_handler) = (least(Shape::Main)?, least(Shape::Handler)?);
    let main = guest(stage, &of_main, "nothing", vec![])?;
    let door = endpoint(1)?.derive(Rights::ALL, 0)?;
    let handler = request("adder", Shape::Handler, Priority::Normal, vec![door]);
    let handler = spawn(&stage.kernel, Spawn { account: Some(of_handler.clone()), ..handler })?;
    stage.ends(&main, DONE)?;
    stage.until("it rests", || handler.gate().is_waiting())?;
    handler.kill();
    stage.ends(&handler, EndReason::Killed)?;
    comes_back(stage, &of_main)?;
    comes_back(stage, &of_handler)
}

pub fn a_shrunk_account_ends_nobody_and_gives_up_what_comes_back(stage: &mut Stage<'_>) -> Verdict {
    let account = account(stage, &SOME)?;
    let guests: Vec<_> =
        (0..3).map(|_| guest(stage, &account, "forever", vec![])).collect::<Result<_, _>>()?;
    let machine = stage.kernel.account().clone();
    let given = || machine.figures(Resource::Actors).given;
    account.resize(None, &Amounts::UNCHANGED.with(Resource::Actors, 1))?;
    check!(given() == 3, "{} actors are with the account: what is free is back at once", given());
    check!(account.figures(Resource::Actors).owed == 2, "two are over");
    check!(guest(stage, &account, "nothing", vec![]).is_err(), "one more in an account that owes");
    others_go_on(stage)?;
    for (guest, left) in guests.iter().zip([2, 1, 1]) {
        check!(guest.end().record().is_none(), "one has ended of itself");
        guest.kill();
        stage.ends(guest, EndReason::Killed)?;
        check!(given() == left, "{} actors are with the account, not {left}", given());
    }
    comes_back(stage, &account)
}

/// Killed while it runs, waits and rests, with what it has made and sent.
pub fn a_killed_actor_leaves_its_account_whole(stage: &mut Stage<'_>) -> Verdict {
    let account = account(stage, &SOME)?;
    let rests = endpoint(1)?;
    let handler = request("adder", Shape::Handler, Priority::Normal, vec![rests.derive(Rights::ALL, 0)?]);
    let handler = spawn(&stage.kernel, Spawn { account: Some(account.clone()), ..handler })?;
    let looping = guest(stage, &account, "forever", vec![])?;
    let clock = authority(ObjectKind::Clock)?.derive(Rights::ALL, 0)?;
    let waiting = guest(stage, &account, "sleeps", vec![clock])?;
    stage.until("it rests", || handler.gate().is_waiting())?;
    stage.until("it sleeps", || waiting.gate().is_waiting())?;
    for actor in [&handler, &looping, &waiting] {
        actor.kill();
        stage.ends(actor, EndReason::Killed)?;
    }
    // At the end that was told, with nothing more to wait for.
    check!(is_whole(&account), "not all is back: {:?}", account.figures(Resource::Memory));
    Ok(())
}

pub fn an_account_goes_with_the_last_that_refers_to_it(stage: &mut Stage<'_>) -> Verdict {
    let machine = stage.kernel.account().clone();
    let before = ALL.map(|resource| machine.figures(resource));
    let account = account(stage, &SOME)?;
    let guest = guest(stage, &account, "nothing", vec![])?;
    drop(account);
    check!(machine.figures(Resource::Slots).given == SOME.slots, "it has gone before its actor");
    stage.ends(&guest, DONE)?;
    drop(guest);
    stage.until("the machine has it back", || ALL.map(|resource| machine.figures(resource)) == before)
}

fn capability(account: &Arc<Account>) -> Result<Capability, Failure> {
    Ok(Capability::first(Object::Account(account.clone()))?)
}

pub fn splitting_and_letting_go_leaves_an_account_as_it_was(stage: &mut Stage<'_>) -> Verdict {
    let account = account(stage, &SOME)?;
    let splitter = stage.main("splits", vec![capability(&account)?])?;
    stage.ends(&splitter, DONE)?;
    comes_back(stage, &account)
}

/// Every call that takes of an account, where nothing is left of it but two pages of memory.
pub fn whatever_is_asked_for_over_the_account_is_refused_and_leaves_nothing(
    stage: &mut Stage<'_>,
) -> Verdict {
    let account = account(stage, &SOME)?;
    let (own, other) = (endpoint(1)?, endpoint(4)?);
    let caps = vec![
        own.derive(Rights::ALL, 0)?,
        authority(ObjectKind::Factory)?,
        authority(ObjectKind::Spawner)?,
        capability(&account)?,
        other.derive(Rights::ALL, 0)?,
    ];
    let server = guest(stage, &account, "takes_over_quota", caps)?;
    stage.until("it waits to be called", || server.gate().is_waiting())?;
    let used = |resource| account.figures(resource).used;
    let limits = Amounts::NONE
        .with(Resource::Memory, used(Resource::Memory) + 8192)
        .with(Resource::Slots, used(Resource::Slots))
        .with(Resource::Actors, used(Resource::Actors));
    account.resize(None, &limits)?;
    let caller = stage.main("calls_once", vec![own.derive(Rights::SEND, 0)?])?;
    stage.ends(&caller, DONE)?;
    stage.ends(&server, DONE)?;
    check!(endpoint_of(&other)?.counters().offered == 0, "something was sent");
    comes_back(stage, &account)
}

/// By host calls, in the actor's own words: an account is split, grown, shrunk and lived in.
pub fn an_actor_starts_others_in_accounts_that_it_splits(stage: &mut Stage<'_>) -> Verdict {
    let whole = account(stage, &SOME)?;
    let caps = vec![capability(&whole)?, authority(ObjectKind::Spawner)?];
    let keeper = stage.main("keeps_accounts", caps)?;
    stage.ends(&keeper, DONE)?;
    comes_back(stage, &whole)
}
