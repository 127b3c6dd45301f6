//! What the others do: each is told by its first argument what it is, by its second its deadline.
//!
//! Invariant: a promise that is broken is a fault whose text names it, so the one who waits for this actor sees it.

use actor_sdk::sync::{Arrival, Receiver, Sender, Shared};
use actor_sdk::{Capability, Endpoint, Error, NEVER, Outcome, Plan, fault, yield_now};
use alloc::format;

use crate::hall::{Hall, LANES};
use crate::teams::{be_deaf, be_polite, be_silent, live_briefly, sit, supervise};

/// How many work at once.
pub const WORKERS: u64 = 4;
/// How often each comes.
pub const ROUNDS: u64 = 50;
/// How many words each speaker says.
pub const WORDS: u64 = 100;

/// One that is to live so.
pub fn plan(role: &str, deadline_ns: u64) -> Plan {
    Plan::new(role, "meet").args(&format!("{role} {deadline_ns}")).memory_max_bytes(64 << 10)
}

/// Lives as its first argument says, with no wait beyond the deadline.
pub fn live(role: &str, deadline_ns: u64) -> i32 {
    match role {
        "worker" => work(deadline_ns).code(),
        "speaker" => speak(deadline_ns).code(),
        "listener" => listen(deadline_ns).code(),
        "idler" => {
            <Endpoint as Capability>::find("quiet").and_then(|quiet| quiet.recv(NEVER)).map(|_| ()).code()
        }
        "crew" => supervise("brief", deadline_ns).code(),
        "keeper" => supervise("sitter", deadline_ns).code(),
        "silent" => be_silent(deadline_ns).code(),
        "polite" => be_polite(1, deadline_ns).code(),
        "courteous" => be_polite(2, deadline_ns).code(),
        "deaf" => be_deaf(deadline_ns).code(),
        "brief" => live_briefly(deadline_ns).code(),
        "sitter" => sit(deadline_ns).code(),
        "failing" => fault("as I was told"),
        _ => Err(Error::InvalidArgument).code(),
    }
}

/// Passes the gate when it opens, and goes through all rounds with the others.
fn work(deadline_ns: u64) -> Result<(), Error> {
    let hall = Hall::find("")?;
    let mut gate = hall.gate.lock(deadline_ns)?;
    while *gate == 0 {
        gate = hall.opened.wait(gate, deadline_ns)?;
    }
    gate.unlock()?;
    for round in 0..ROUNDS {
        let visit = visit(&hall, deadline_ns)?;
        if visit.is_multiple_of(2) {
            write(&hall, deadline_ns)?
        } else {
            read(&hall, deadline_ns)?
        }
        make_or_get(&hall, deadline_ns)?;
        let arrival = hall.round.wait(deadline_ns)?;
        let mut ledger = hall.ledger.lock(deadline_ns)?;
        let [inside, most, visits, last] = *ledger;
        if visits < WORKERS * (round + 1) {
            fault("somebody passed the barrier before all had come");
        }
        *ledger = [inside, most, visits, last + u64::from(arrival == Arrival::Last)];
    }
    Ok(())
}

/// Gives the others time to do what they must not.
fn linger() {
    (0..8).for_each(|_| yield_now());
}

/// Goes in, stays for a while, and comes out; says how many visits there have been.
fn visit(hall: &Hall, deadline_ns: u64) -> Result<u64, Error> {
    let permit = hall.lanes.acquire(deadline_ns)?;
    let mut ledger = hall.ledger.lock(deadline_ns)?;
    let [inside, most, visits, last] = *ledger;
    *ledger = [inside + 1, most.max(inside + 1), visits, last];
    ledger.unlock()?;
    linger();
    let mut ledger = hall.ledger.lock(deadline_ns)?;
    let [inside, most, visits, last] = *ledger;
    if inside > u64::from(LANES) {
        fault("more were inside than there are permits");
    }
    *ledger = [inside - 1, most, visits + 1, last];
    ledger.unlock()?;
    permit.release().map(|()| visits + 1)
}

/// Turns both pages, one after the other.
fn write(hall: &Hall, deadline_ns: u64) -> Result<(), Error> {
    let [left, right] = &hall.pages;
    let _writer = hall.book.write(deadline_ns)?;
    *left.lock(deadline_ns)? += 1;
    linger();
    *right.lock(deadline_ns)? += 1;
    Ok(())
}

/// Looks at both pages, one after the other.
fn read(hall: &Hall, deadline_ns: u64) -> Result<(), Error> {
    let [left, right] = &hall.pages;
    let _reader = hall.book.read(deadline_ns)?;
    let seen = *left.lock(deadline_ns)?;
    linger();
    if *right.lock(deadline_ns)? != seen {
        fault("a reader saw half of what a writer did");
    }
    Ok(())
}

/// Gets the seed, or makes it, which is counted.
fn make_or_get(hall: &Hall, deadline_ns: u64) -> Result<(), Error> {
    let made = hall.seed.get_or_make(deadline_ns, || {
        let mut made = hall.made.lock(deadline_ns)?;
        *made += 1;
        Ok(*made)
    })?;
    if *made != 1 {
        fault("what was to be made once was made again");
    }
    Ok(())
}

/// Says its words into whatever channel it was given.
fn speak(deadline_ns: u64) -> Result<(), Error> {
    let words = Sender::<u64>::find("words")?;
    (1..=WORDS).try_for_each(|word| words.send(&word, deadline_ns))
}

/// Adds up what it hears from two speakers, and says how much it was.
fn listen(deadline_ns: u64) -> Result<(), Error> {
    let words = Receiver::<u64>::find("words")?;
    let sum = (0..2 * WORDS).try_fold(0, |sum, _| words.recv(deadline_ns).map(|word| sum + word))?;
    Sender::<u64>::find("sum")?.send(&sum, deadline_ns)
}
