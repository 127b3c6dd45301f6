//! Fuel that travels with calls: whose work is billed to whom, and that what is lent is used or comes back.
//!
//! What an actor uses for itself is found by the same run without a loan: what the loan moves from one account to the
//! other is the difference, and together both must have used the same.

use crate::fuel::{killed, metered, refill, runs_dry, used};
use crate::stage::{Stage, authority, endpoint, endpoint_of, endpoint_with, request};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::{ActorState, EndReason, Error, ObjectKind, Policy, Priority, Rights, Shape};
use tessera_core::account::Account;
use tessera_core::actor::spawn::{Spawn, spawn};
use tessera_core::actor::{Actor, Args};
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Pass, Scope};

const DONE: EndReason = EndReason::Exited(0);

/// More than anybody uses here.
pub(crate) const PLENTY: u64 = 1 << 40;

/// So is this, and it is seen when it is missing.
pub(crate) const LENT: u64 = 1 << 30;

/// How far a server counts before it does as it is told.
const ROUNDS: u64 = 20_000;

/// What counting so far costs, in whole steps of the engine: two instructions a round.
const WORK: u64 = 2 * ROUNDS / 128 * 128;

/// What a server does with a call in the end: see `serves_as_told`.
const ANSWERS: u64 = 0;
const DROPS: u64 = 1;
const TRAPS: u64 = 2;
const HANDS_ON: u64 = 3;
const KEEPS: u64 = 4;
const LOOPS: u64 = 5;

const fn exited(error: Error) -> EndReason {
    EndReason::Exited(error as i32)
}

/// A client's calls: see `calls_funded`.
#[derive(Clone, Copy)]
struct Calls {
    times: u64,
    fuel: u64,
    wait_ns: u64,
    what: u64,
}

const ONE: Calls = Calls { times: 1, fuel: LENT, wait_ns: 0, what: ANSWERS };

/// An argument text of words.
pub(crate) fn words_of(words: &[u64]) -> Result<Args, Failure> {
    let bytes: Vec<_> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    Ok(Args::new(&bytes)?)
}

fn client(
    stage: &Stage<'_>,
    account: &Arc<Account>,
    door: &Capability,
    calls: Calls,
) -> Result<Arc<Actor>, Failure> {
    let caps = vec![door.derive(Rights::SEND, 0)?, authority(ObjectKind::Clock)?];
    let mut request = request("calls_funded", Shape::Main, Priority::Normal, caps);
    let words = [calls.times, calls.fuel, calls.wait_ns, calls.what, ROUNDS];
    request.profile.args = words_of(&words)?;
    Ok(spawn(&stage.kernel, Spawn { account: Some(account.clone()), ..request })?)
}

/// A server that does as it is told, and knows the next one.
fn server(
    stage: &Stage<'_>,
    account: &Arc<Account>,
    door: &Capability,
    next: &Capability,
) -> Result<Arc<Actor>, Failure> {
    let caps = vec![door.derive(Rights::ALL, 0)?, next.derive(Rights::SEND, 0)?];
    let request = request("serves_as_told", Shape::Handler, Priority::Normal, caps);
    Ok(spawn(&stage.kernel, Spawn { account: Some(account.clone()), ..request })?)
}

fn is_at_rest(actor: &Arc<Actor>) -> bool {
    actor.end().has_come() || (actor.state() == ActorState::Idle && actor.gate().is_waiting())
}

/// What a client and its server have used, of accounts with plenty, when the calls have ended for this reason.
fn bills(stage: &mut Stage<'_>, calls: Calls, reason: EndReason) -> Result<[u64; 2], Failure> {
    let accounts = [metered(stage, PLENTY)?, metered(stage, PLENTY)?];
    let [of_client, of_server] = &accounts;
    let door = endpoint(4)?;
    let server = server(stage, of_server, &door, &door)?;
    let client = client(stage, of_client, &door, calls)?;
    stage.ends(&client, reason)?;
    stage.until("the server rests", || is_at_rest(&server))?;
    server.kill();
    stage.end_of(&server)?;
    Ok(accounts.map(|account| used(&account)))
}

pub fn a_server_s_work_is_billed_to_who_calls(stage: &mut Stage<'_>) -> Verdict {
    let calls = Calls { times: 3, ..ONE };
    let plain = bills(stage, Calls { fuel: 0, ..calls }, DONE)?;
    let funded = bills(stage, calls, DONE)?;
    check!(plain[0] + plain[1] == funded[0] + funded[1], "{plain:?} without a loan, {funded:?} with one");
    let moved = funded[0] - plain[0];
    check!(moved == 3 * WORK, "{moved} for three times {WORK}");
    let again = bills(stage, calls, DONE)?;
    check!(again == funded, "{again:?} the second time, {funded:?} the first");
    // A server that nobody bills works on its caller's budget, too.
    let account = metered(stage, PLENTY)?;
    let door = endpoint(4)?;
    let machine = stage.kernel.account().clone();
    let server = server(stage, &machine, &door, &door)?;
    let client = client(stage, &account, &door, calls)?;
    stage.ends(&client, DONE)?;
    check!(used(&account) == funded[0], "{} to a server that is not metered", used(&account));
    killed(stage, &[&server])
}

/// With a little at the end of a step that was the loan's, and the rest its own.
pub fn a_server_goes_on_by_its_own_when_a_loan_is_used_up(stage: &mut Stage<'_>) -> Verdict {
    const LITTLE: u64 = 5_000;
    let plain = bills(stage, Calls { fuel: 0, ..ONE }, DONE)?;
    let funded = bills(stage, Calls { fuel: LITTLE, ..ONE }, DONE)?;
    check!(funded == [plain[0] + LITTLE, plain[1] - LITTLE], "{plain:?} without a loan, {funded:?} with one");
    // It cannot be had to work for nothing: without any of its own it waits, and so does who called.
    let accounts = [metered(stage, PLENTY)?, metered(stage, 3_000)?];
    let door = endpoint(4)?;
    let server = server(stage, &accounts[1], &door, &door)?;
    let client = client(stage, &accounts[0], &door, Calls { fuel: LITTLE, ..ONE })?;
    runs_dry(stage, &accounts[1], &[&server])?;
    check!(used(&accounts[0]) == plain[0] + LITTLE - 128, "{} is with the client", used(&accounts[0]));
    refill(stage, &accounts[1], PLENTY / 2)?;
    stage.ends(&client, DONE)?;
    stage.until("the server rests", || is_at_rest(&server))?;
    let bills = [used(&accounts[0]), used(&accounts[1])];
    check!(bills == funded, "{bills:?}, and {funded:?} when it was not held up");
    killed(stage, &[&server])
}

pub fn what_is_left_of_a_loan_comes_back_however_its_call_ends(stage: &mut Stage<'_>) -> Verdict {
    let gone = exited(Error::PeerDead);
    // The step in which it traps is the last of its work.
    for (what, reason, work) in [(ANSWERS, DONE, WORK), (DROPS, gone, WORK), (TRAPS, gone, WORK + 128)] {
        let plain = bills(stage, Calls { fuel: 0, what, ..ONE }, reason)?;
        let funded = bills(stage, Calls { what, ..ONE }, reason)?;
        check!(plain[0] + plain[1] == funded[0] + funded[1], "{what}: {plain:?}, {funded:?} with a loan");
        check!(funded[0] == plain[0] + work, "{what}: {plain:?}, {funded:?} with a loan");
    }
    Ok(())
}

/// Refused, dropped, or given up in the queue.
pub fn a_loan_that_nobody_takes_comes_back_whole(stage: &mut Stage<'_>) -> Verdict {
    let ways: [(&str, Way); 6] = [
        ("rejected", |stage, calls| unserved(stage, Policy::Reject, calls, exited(Error::QueueFull))),
        ("dropped", |stage, calls| unserved(stage, Policy::DropNewest, calls, exited(Error::QueueFull))),
        ("timed out", |stage, calls| {
            let calls = Calls { wait_ns: 100_000, ..calls };
            unserved(stage, Policy::Block, calls, exited(Error::TimedOut))
        }),
        ("closed", |stage, calls| {
            interrupted(stage, calls, exited(Error::PeerDead), |_, door, _| {
                Ok(endpoint_of(door)?.close(&Pass::KERNEL)?)
            })
        }),
        ("revoked", |stage, calls| {
            interrupted(stage, calls, exited(Error::Revoked), |stage, door, _| {
                Subtree::of(door, Scope::Below)?.revoke(&stage.kernel, || {})?;
                Ok(())
            })
        }),
        ("killed", |stage, calls| {
            interrupted(stage, calls, EndReason::Killed, |_, _, client| {
                client.kill();
                Ok(())
            })
        }),
    ];
    for (name, way) in ways {
        let plain = way(stage, Calls { fuel: 0, ..ONE })?;
        let funded = way(stage, ONE)?;
        check!(plain == funded, "{name}: {plain} without a loan, {funded} with one");
    }
    Ok(())
}

/// What a client has used that calls where nobody receives.
type Way = fn(&mut Stage<'_>, Calls) -> Result<u64, Failure>;

fn unserved(stage: &mut Stage<'_>, policy: Policy, calls: Calls, reason: EndReason) -> Result<u64, Failure> {
    let account = metered(stage, PLENTY)?;
    let door = endpoint_with(0, policy)?;
    let client = client(stage, &account, &door, calls)?;
    stage.ends(&client, reason)?;
    Ok(used(&account))
}

/// As it waits in the queue, something happens.
fn interrupted(
    stage: &mut Stage<'_>,
    calls: Calls,
    reason: EndReason,
    happens: fn(&Stage<'_>, &Capability, &Arc<Actor>) -> Verdict,
) -> Result<u64, Failure> {
    let account = metered(stage, PLENTY)?;
    let door = endpoint(1)?;
    let client = client(stage, &account, &door, calls)?;
    stage.until("it waits", || client.state() == ActorState::Blocked && client.gate().is_waiting())?;
    check!(used(&account) >= calls.fuel, "{} is used while {} is lent", used(&account), calls.fuel);
    happens(stage, &door, &client)?;
    stage.ends(&client, reason)?;
    Ok(used(&account))
}

/// While its server works for it: what that has in hand of the loan it uses or gives back, and goes on by its own.
pub fn a_caller_that_gives_up_has_its_loan_back(stage: &mut Stage<'_>) -> Verdict {
    for wait_ns in [0, 1_000_000] {
        let accounts = [metered(stage, 2 * LENT)?, metered(stage, 30_000)?];
        let [of_client, of_server] = &accounts;
        let door = endpoint(4)?;
        let queue = endpoint_of(&door)?;
        let server = server(stage, of_server, &door, &door)?;
        let client = client(stage, of_client, &door, Calls { wait_ns, what: LOOPS, ..ONE })?;
        stage.until("the server has it", || queue.counters().delivered == 1)?;
        if wait_ns == 0 {
            check!(used(of_client) >= LENT, "{} is used while {LENT} is lent", used(of_client));
            killed(stage, &[&client])?;
        } else {
            stage.ends(&client, exited(Error::TimedOut))?;
        }
        runs_dry(stage, of_server, &[&server])?;
        check!(used(of_client) < LENT, "{} of {LENT} was used, and nothing came back", used(of_client));
        let bill = used(of_client);
        refill(stage, of_server, 10_000)?;
        runs_dry(stage, of_server, &[&server])?;
        check!(used(of_client) == bill, "the server goes on on what was lent");
        killed(stage, &[&server])?;
    }
    Ok(())
}

/// Who is killed at it leaves the rest of the loan to who called him.
pub fn a_server_s_end_gives_a_loan_back(stage: &mut Stage<'_>) -> Verdict {
    for what in [LOOPS, KEEPS] {
        let account = metered(stage, 2 * LENT)?;
        let door = endpoint(4)?;
        let machine = stage.kernel.account().clone();
        let server = server(stage, &machine, &door, &door)?;
        let client = client(stage, &account, &door, Calls { what, ..ONE })?;
        let queue = endpoint_of(&door)?;
        stage.until("the server has it", || queue.counters().delivered == 1)?;
        if what == KEEPS {
            // Its activation is over, and the call is not.
            stage.until("the server rests", || is_at_rest(&server))?;
            check!(client.end().record().is_none() && used(&account) >= LENT, "the loan is over");
        }
        killed(stage, &[&server])?;
        stage.ends(&client, exited(Error::PeerDead))?;
        check!(used(&account) < LENT, "{} of {LENT} was used, and nothing came back", used(&account));
    }
    Ok(())
}

pub fn a_call_that_is_handed_on_takes_its_loan_along(stage: &mut Stage<'_>) -> Verdict {
    let (plain, funded) = (handed_on(stage, 0)?, handed_on(stage, LENT)?);
    check!(plain.iter().sum::<u64>() == funded.iter().sum::<u64>(), "{plain:?}, {funded:?} with a loan");
    check!(funded[0] == plain[0] + 2 * WORK, "{plain:?}, {funded:?}: not for the work of both");
    Ok(())
}

/// What a client, a server that hands its call on, and the one that answers it have used.
fn handed_on(stage: &mut Stage<'_>, fuel: u64) -> Result<[u64; 3], Failure> {
    let accounts = [metered(stage, PLENTY)?, metered(stage, PLENTY)?, metered(stage, PLENTY)?];
    let doors = [endpoint(4)?, endpoint(4)?];
    let first = server(stage, &accounts[1], &doors[0], &doors[1])?;
    let second = server(stage, &accounts[2], &doors[1], &doors[0])?;
    let client = client(stage, &accounts[0], &doors[0], Calls { fuel, what: HANDS_ON, ..ONE })?;
    stage.ends(&client, DONE)?;
    stage.until("the servers rest", || is_at_rest(&first) && is_at_rest(&second))?;
    killed(stage, &[&first, &second])?;
    Ok(accounts.map(|account| used(&account)))
}

/// The one that it received last, of those that it has not answered.
pub fn a_server_of_several_works_for_the_last(stage: &mut Stage<'_>) -> Verdict {
    for (second_lends, expected) in [(LENT, [40_000, 60_000]), (0, [100_000, 0])] {
        let accounts = [metered(stage, PLENTY)?, metered(stage, PLENTY)?];
        let door = endpoint(4)?;
        let queue = endpoint_of(&door)?;
        let mut clients = Vec::new();
        for (account, fuel) in accounts.iter().zip([LENT, second_lends]) {
            clients.push(client(stage, account, &door, Calls { fuel, ..ONE })?);
            stage.until("the call is queued", || queue.counters().queued == clients.len() as u64)?;
        }
        let server = stage.main("serves_two", vec![door.derive(Rights::ALL, 0)?])?;
        stage.ends(&server, DONE)?;
        for client in &clients {
            stage.ends(client, DONE)?;
        }
        for (account, work) in accounts.iter().zip(expected) {
            // Its own instructions, and the steps in which the server turns from one to the other.
            let bill = used(account);
            check!((work..work + 1024).contains(&bill), "{bill} for {work}, of {expected:?}");
        }
    }
    Ok(())
}

pub fn nobody_lends_what_he_has_not(stage: &mut Stage<'_>) -> Verdict {
    const HAS: u64 = 10_000;
    let door = endpoint(4)?;
    let machine = stage.kernel.account().clone();
    let server = server(stage, &machine, &door, &door)?;
    for (fuel, reason) in [(HAS + 1, exited(Error::OverQuota)), (1 << 63, exited(Error::InvalidArgument))] {
        let account = metered(stage, HAS)?;
        let client = client(stage, &account, &door, Calls { fuel, ..ONE })?;
        stage.ends(&client, reason)?;
        check!(used(&account) <= 256, "{} is used", used(&account));
    }
    check!(endpoint_of(&door)?.counters().offered == 0, "it was sent all the same");
    // What it has in hand for itself is not used yet; what it goes on with is its own again.
    let account = metered(stage, HAS)?;
    let client = client(stage, &account, &door, Calls { fuel: HAS - 128, ..ONE })?;
    stage.ends(&client, DONE)?;
    check!(used(&account) == HAS, "{} of {HAS} is used", used(&account));
    killed(stage, &[&server])
}
