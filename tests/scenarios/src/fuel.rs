//! Metered accounts: what actors in them are billed, and what becomes of them when the fuel is used up.
//!
//! An actor without fuel shows as suspended, and nobody else has suspended it here unless the scenario says so.

use crate::stage::{Stage, authority, endpoint, guest, request};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{
    ActorState, Amounts, EndReason, FaultKind, Name, ObjectKind, Priority, Resource, Rights, Shape,
};
use tessera_core::account::{Account, Figures};
use tessera_core::actor::Actor;
use tessera_core::actor::spawn::{Spawn, spawn};
use tessera_core::cap::Scope;
use tessera_core::cap::revoke::Subtree;
use tessera_core::kernel::Kernel;

pub(crate) const DONE: EndReason = EndReason::Exited(0);

/// Less than any quantum: whoever draws it draws it all.
pub(crate) const LITTLE: u64 = 512;

/// What `burn_short` is billed: the instructions of twenty thousand rounds, as the engine counts them. It is the
/// same on every machine and however it is cut into quanta; another engine, or another version, may count otherwise.
pub(crate) const BURN_SHORT: u64 = 40_064;

/// A silence that is long enough to be seen, in ns: many of the steps in which it is counted.
const LONG_NS: u64 = 50_000_000;

/// Enough for a few small actors.
const SOME: Amounts = Amounts { memory: 8 << 20, slots: 1000, mailbox: 10_000, actors: 10, ..Amounts::NONE };

/// A metered account with so much fuel.
pub(crate) fn metered(stage: &Stage<'_>, fuel: u64) -> Result<Arc<Account>, Failure> {
    Ok(stage.kernel.account().split(Name::new_truncated("billed"), &SOME.with(Resource::Fuel, fuel))?)
}

pub(crate) fn used(account: &Account) -> u64 {
    account.figures(Resource::Fuel).used
}

/// Raises the account's limit by `more`, out of the machine's.
pub(crate) fn refill(stage: &Stage<'_>, account: &Account, more: u64) -> Verdict {
    let limit = account.figures(Resource::Fuel).limit + more;
    let limits = Amounts::UNCHANGED.with(Resource::Fuel, limit);
    Ok(account.resize(Some(stage.kernel.account()), &limits)?)
}

fn starves(actor: &Arc<Actor>) -> bool {
    actor.state() == ActorState::Suspended && actor.gate().is_waiting()
}

/// Lets the machine run until all fuel of `account` is used, and all of these wait for more.
pub(crate) fn runs_dry(stage: &mut Stage<'_>, account: &Account, actors: &[&Arc<Actor>]) -> Verdict {
    stage.until("the fuel is used up", || !account.has_fuel() && actors.iter().all(|actor| starves(actor)))
}

/// So much of the account's fuel is used; all the rest can be drawn.
pub(crate) fn is_billed(account: &Account, used: u64) -> Verdict {
    let figures = account.figures(Resource::Fuel);
    let free = figures.limit.saturating_sub(used);
    check!(figures == Figures { used, given: 0, free, owed: 0, ..figures }, "{figures:?}, not {used} used");
    Ok(())
}

pub(crate) fn killed(stage: &mut Stage<'_>, actors: &[&Arc<Actor>]) -> Verdict {
    actors.iter().for_each(|actor| actor.kill());
    actors.iter().try_for_each(|actor| stage.ends(actor, EndReason::Killed))
}

/// Somebody in the machine's account, which is not metered, gets on as if nothing were.
fn others_go_on(stage: &mut Stage<'_>) -> Verdict {
    let other = stage.main("burn_short", vec![])?;
    stage.ends(&other, DONE)
}

pub fn the_same_program_costs_the_same_wherever_it_runs(stage: &mut Stage<'_>) -> Verdict {
    let account = metered(stage, 10 * BURN_SHORT)?;
    for times in 1..=3 {
        let burner = guest(stage, &account, "burn_short", vec![])?;
        stage.ends(&burner, DONE)?;
        is_billed(&account, times * BURN_SHORT)?;
    }
    // Several at once, wherever they are.
    let burners: Vec<_> =
        (0..3).map(|_| guest(stage, &account, "burn_short", vec![])).collect::<Result<_, _>>()?;
    for burner in &burners {
        stage.ends(burner, DONE)?;
    }
    is_billed(&account, 6 * BURN_SHORT)
}

/// An activation of a few instructions is billed the least that the engine counts.
pub fn a_handler_is_billed_for_each_message(stage: &mut Stage<'_>) -> Verdict {
    let account = metered(stage, 1_000_000)?;
    let door = endpoint(4)?;
    let server = request("adder", Shape::Handler, Priority::Normal, vec![door.derive(Rights::ALL, 0)?]);
    let server = spawn(&stage.kernel, Spawn { account: Some(account.clone()), ..server })?;
    let client = stage.main("adds_hundred", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&client, DONE)?;
    stage.until("it rests", || server.state() == ActorState::Idle)?;
    is_billed(&account, 100 * 128)?;
    killed(stage, &[&server])
}

pub fn an_endless_loop_stops_at_its_budget_and_goes_on_with_a_refill(stage: &mut Stage<'_>) -> Verdict {
    stage.kernel.stats().set(true);
    let account = metered(stage, 30_000)?;
    let looping = guest(stage, &account, "forever", vec![])?;
    for budget in [30_000, 30_001, 47_000] {
        runs_dry(stage, &account, &[&looping])?;
        is_billed(&account, budget)?;
        let silent_ns = || looping.pulse().read(khal::time::now()).silent_ns;
        let held_back_ns = looping.spent().suspended_ns;
        while silent_ns() < LONG_NS {
            others_go_on(stage)?;
        }
        check!(looping.spent().suspended_ns > held_back_ns, "its time without fuel is not told");
        check!(starves(&looping) && used(&account) == budget, "it ran without fuel");
        let told_ns = khal::time::now().as_nanos();
        refill(stage, &account, if budget == 30_000 { 1 } else { 16_999 })?;
        let now = khal::time::now();
        let last_sign_ns = now.as_nanos() - looping.pulse().read(now).silent_ns;
        check!(last_sign_ns > told_ns - LONG_NS / 2, "it is silent for what it could not help");
    }
    killed(stage, &[&looping])
}

/// Where it waits, and where it never got as far as its first instruction.
pub fn whoever_has_no_fuel_is_killed_like_others(stage: &mut Stage<'_>) -> Verdict {
    let account = metered(stage, 1)?;
    let first = guest(stage, &account, "forever", vec![])?;
    runs_dry(stage, &account, &[&first])?;
    let second = guest(stage, &account, "forever", vec![])?;
    let third = guest(stage, &account, "burn_short", vec![])?;
    runs_dry(stage, &account, &[&first, &second, &third])?;
    killed(stage, &[&first, &second])?;
    stage.until("they have left the line", || {
        [&first, &second].into_iter().all(|one| Arc::strong_count(one) == 1)
    })?;
    // Whoever stood behind them is the first now.
    refill(stage, &account, 2 * BURN_SHORT)?;
    stage.ends(&third, DONE)?;
    // What the first overran it had not paid when it was killed.
    is_billed(&account, 1 + BURN_SHORT)?;
    check!(account.figures(Resource::Actors).used == 0, "somebody is still charged");
    Ok(())
}

pub fn whoever_is_suspended_without_fuel_lets_others_have_it(stage: &mut Stage<'_>) -> Verdict {
    let account = metered(stage, 1)?;
    let first = guest(stage, &account, "forever", vec![])?;
    runs_dry(stage, &account, &[&first])?;
    let second = guest(stage, &account, "burn_short", vec![])?;
    runs_dry(stage, &account, &[&first, &second])?;
    first.suspend();
    refill(stage, &account, 2 * BURN_SHORT)?;
    stage.ends(&second, DONE)?;
    stage.until("it is aside", || first.is_aside())?;
    let left = account.figures(Resource::Fuel).free;
    check!(left > 0 && used(&account) == 1 + BURN_SHORT, "{} is used, {left} free", used(&account));
    first.resume();
    runs_dry(stage, &account, &[&first])?;
    // Suspended and let go again meanwhile, it still waits for fuel.
    first.suspend();
    first.resume();
    others_go_on(stage)?;
    check!(starves(&first), "it shows as {:?}", first.state());
    killed(stage, &[&first])
}

/// Whoever gives its core back where its slice ends, in the middle of a quantum, may be suspended before it goes on: it has
/// nothing in hand then.
pub fn whoever_is_suspended_behind_its_slice_holds_no_fuel(stage: &mut Stage<'_>) -> Verdict {
    const BUDGET: u64 = 1 << 22;
    let account = metered(stage, BUDGET)?;
    let rivals: Vec<_> = (0..stage.kernel.scheduler().core_count())
        .map(|_| stage.main("forever", vec![]))
        .collect::<Result<_, _>>()?;
    let beating = guest(stage, &account, "beats", vec![])?;
    stage.until("it gave way", || beating.state() == ActorState::Ready && used(&account) != 0)?;
    beating.suspend();
    stage.until("it is aside", || beating.is_aside())?;
    killed(stage, &rivals.iter().collect::<Vec<_>>())?;
    let looping = guest(stage, &account, "forever", vec![])?;
    runs_dry(stage, &account, &[&looping])?;
    killed(stage, &[&looping, &beating])?;
    check!(!account.has_fuel(), "{} came back with its end", account.figures(Resource::Fuel).free);
    Ok(())
}

/// With refills that one alone uses up, each comes as far as the others.
pub fn those_without_fuel_are_served_in_turn(stage: &mut Stage<'_>) -> Verdict {
    let account = metered(stage, 1)?;
    let burners: Vec<_> =
        (0..3).map(|_| guest(stage, &account, "burn_short", vec![])).collect::<Result<_, _>>()?;
    let all: Vec<_> = burners.iter().collect();
    runs_dry(stage, &account, &all)?;
    // Two thirds of what they take together, which would be all that two of them take.
    while used(&account) < 2 * BURN_SHORT {
        refill(stage, &account, LITTLE)?;
        runs_dry(stage, &account, &all)?;
    }
    refill(stage, &account, 2 * BURN_SHORT)?;
    for burner in &burners {
        stage.ends(burner, DONE)?;
    }
    is_billed(&account, 3 * BURN_SHORT)
}

pub fn who_waits_holds_no_fuel(stage: &mut Stage<'_>) -> Verdict {
    // Less than any quantum, and more than the one who waits is going to use.
    const BUDGET: u64 = 1_000;
    let account = metered(stage, BUDGET)?;
    let door = endpoint(1)?;
    let waiting = guest(stage, &account, "answers_then_counts", vec![door.derive(Rights::ALL, 0)?])?;
    stage.until("it waits", || waiting.state() == ActorState::Blocked && waiting.gate().is_waiting())?;
    check!(used(&account) == 0, "{} is used, or in its hand", used(&account));
    // Somebody else has all of it.
    let looping = guest(stage, &account, "forever", vec![])?;
    runs_dry(stage, &account, &[&looping])?;
    killed(stage, &[&looping])?;
    // What it begins with then ends in a step, and it answers in that.
    let caller = stage.main("calls_once", vec![door.derive(Rights::SEND, 0)?])?;
    stage.ends(&caller, DONE)?;
    runs_dry(stage, &account, &[&waiting])?;
    is_billed(&account, BUDGET)?;
    refill(stage, &account, 10_000)?;
    stage.ends(&waiting, DONE)
}

/// From an account that is shrunk, and from one that goes.
pub fn fuel_that_comes_back_goes_to_who_waits_for_it(stage: &mut Stage<'_>) -> Verdict {
    let account = metered(stage, LITTLE)?;
    let waiting = |stage: &mut Stage<'_>| {
        let one = guest(stage, &account, "nothing", vec![])?;
        runs_dry(stage, &account, &[&one]).map(|()| one)
    };
    let part = account.split(Name::EMPTY, &Amounts::NONE.with(Resource::Fuel, LITTLE))?;
    let first = waiting(stage)?;
    part.resize(None, &Amounts::UNCHANGED.with(Resource::Fuel, LITTLE / 2))?;
    stage.ends(&first, DONE)?;
    part.resize(Some(&account), &Amounts::UNCHANGED.with(Resource::Fuel, LITTLE - 128))?;
    let second = waiting(stage)?;
    drop(part);
    stage.ends(&second, DONE)?;
    is_billed(&account, 2 * 128)
}

/// The actors that live in `account`.
fn living(kernel: &Kernel, account: &Arc<Account>) -> Vec<Arc<Actor>> {
    let mut place = 0;
    let all = core::iter::from_fn(|| {
        let (found, actor) = kernel.registry().next_from(place)?;
        place = found + 1;
        Some(actor)
    });
    all.filter(|actor| Arc::ptr_eq(actor.account(), account)).collect()
}

/// Each that is started lives in the same account, or in one that is split from it.
pub fn nobody_gets_out_of_a_budget_by_starting_others(stage: &mut Stage<'_>) -> Verdict {
    let account = metered(stage, LITTLE)?;
    let part =
        account.split(Name::EMPTY, &Amounts { memory: 1 << 20, slots: 99, actors: 1, ..Amounts::NONE })?;
    let hidden = guest(stage, &part, "burn_short", vec![])?;
    let spawner = authority(ObjectKind::Spawner)?;
    let bomb = guest(stage, &account, "forks", vec![spawner.derive(Rights::ALL, 0)?])?;
    let kernel = stage.kernel.clone();
    stage.until("all is used up", || {
        used(&account) == LITTLE && starves(&hidden) && living(&kernel, &account).iter().all(starves)
    })?;
    let left = living(&kernel, &account).len();
    check!(left > 0 && bomb.end().record().is_some(), "{left} of those it has started are left");
    others_go_on(stage)?;
    check!((used(&account), used(&part)) == (LITTLE, 0), "somebody ran on no budget");
    // They start no others any more; with what they lack all of them end.
    Subtree::of(&spawner, Scope::Below)?.revoke(&stage.kernel, || {})?;
    refill(stage, &account, 10 * BURN_SHORT)?;
    part.resize(Some(&account), &Amounts::UNCHANGED.with(Resource::Fuel, BURN_SHORT))?;
    stage.ends(&hidden, DONE)?;
    stage.until("all have ended", || living(&kernel, &account).is_empty())?;
    let before = used(&account);
    drop((hidden, part));
    is_billed(&account, before + BURN_SHORT)
}

/// What it was handed last, and could not say how much of that it had used, is used.
pub fn an_engine_s_panic_loses_no_fuel(stage: &mut Stage<'_>) -> Verdict {
    let account = metered(stage, LITTLE)?;
    // It panics behind its third quantum.
    let flawed = guest(stage, &account, "flaw_midway", vec![])?;
    for _ in 0..2 {
        runs_dry(stage, &account, &[&flawed])?;
        refill(stage, &account, LITTLE)?;
    }
    stage.ends(&flawed, EndReason::Fault(FaultKind::EnginePanic))?;
    is_billed(&account, 3 * LITTLE)?;
    let waiting = guest(stage, &account, "nothing", vec![])?;
    runs_dry(stage, &account, &[&waiting])?;
    refill(stage, &account, 200)?;
    stage.ends(&waiting, DONE)?;
    is_billed(&account, 3 * LITTLE + 128)
}
