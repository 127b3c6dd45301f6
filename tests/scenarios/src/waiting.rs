//! Waiting for any of several things.

use crate::stage::{Stage, authority, by_kernel, endpoint, endpoint_of, failure, notification};
use crate::{Failure, Verdict, check};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use khal::time::Instant;
use tessera_abi::{ActorState, EndReason, Error, ObjectKind, RevokeReceipt, Rights};
use tessera_core::actor::Actor;
use tessera_core::cap::revoke::Subtree;
use tessera_core::cap::{Capability, Object, Pass, Scope};
use tessera_core::ipc::message::Payload;
use tessera_core::ipc::{Endpoint, Message, Notification};

fn waits(actor: &Arc<Actor>) -> bool {
    actor.state() == ActorState::Blocked && actor.gate().is_waiting()
}

fn send(queue: &Endpoint, sender: &Arc<Actor>, message: Message) -> Result<(), Error> {
    queue.send(by_kernel(sender), &mut Some(message), Instant::ZERO)
}

/// An endpoint, a notification and an actor, in this order, for one who waits for any of them; and a clock that
/// it holds besides.
struct Things {
    all: [Capability; 3],
    clock: Capability,
    other: Arc<Actor>,
}

impl Things {
    fn new(stage: &Stage<'_>, capacity: u32) -> Result<Self, Failure> {
        let other = stage.main("forever", vec![])?;
        let end = Capability::first(Object::Actor(other.clone()))?;
        let all = [endpoint(capacity)?, notification()?, end];
        Ok(Things { all, clock: authority(ObjectKind::Clock)?, other })
    }

    /// Somebody who waits for any of them, with capabilities derived from these.
    fn waiter(&self, stage: &Stage<'_>) -> Result<Arc<Actor>, Failure> {
        let mut caps = Vec::new();
        for one in self.all.iter().chain([&self.clock]) {
            caps.push(one.derive(Rights::ALL, 0)?);
        }
        stage.main("waits_any", caps)
    }

    fn queue(&self) -> Result<Arc<Endpoint>, Failure> {
        endpoint_of(&self.all[0])
    }

    fn bell(&self) -> Result<Arc<Notification>, Failure> {
        match self.all[1].object() {
            Object::Notification(bell) => Ok(bell.clone()),
            _ => Err(failure(format_args!("not a notification"))),
        }
    }

    /// Lets one of them have something.
    fn happen(&self, stage: &mut Stage<'_>, which: usize) -> Verdict {
        match which {
            0 => send(&*self.queue()?, &self.other, Message::default())?,
            1 => self.bell()?.signal(&Pass::KERNEL, 6)?,
            _ => {
                self.other.kill();
                stage.ends(&self.other, EndReason::Killed)?;
            }
        }
        Ok(())
    }

    /// Whether a message is queued, and bits are set, which are taken.
    fn left(&self) -> Result<(bool, bool), Failure> {
        let bits = self.bell()?.wait(&self.other, &Pass::KERNEL, Instant::ZERO);
        Ok((self.queue()?.counters().queued == 1, bits == Ok(6)))
    }

    /// Whoever waited has ended, and is in nobody's line any more.
    fn is_forgotten(&self, stage: &mut Stage<'_>, waiter: &Arc<Actor>) -> Verdict {
        self.other.kill();
        stage.end_of(&self.other)?;
        stage.until("nobody knows it any more", || Arc::strong_count(waiter) == 1)
    }
}

pub fn whichever_comes_ends_a_wait_for_any(stage: &mut Stage<'_>) -> Verdict {
    for which in 0..3 {
        for before in [false, true] {
            let things = Things::new(stage, 2)?;
            if before {
                things.happen(stage, which)?;
            }
            let waiter = things.waiter(stage)?;
            if !before {
                stage.until("it waits", || waits(&waiter))?;
                things.happen(stage, which)?;
            }
            stage.ends(&waiter, EndReason::Exited(which as i32))?;
            check!(things.left()? == (false, false), "{which} was not taken");
            things.is_forgotten(stage, &waiter)?;
        }
    }
    Ok(())
}

/// All come before the waiter has had a turn: the first wins, the others keep what they have.
pub fn one_of_several_wins_and_the_others_keep_theirs(stage: &mut Stage<'_>) -> Verdict {
    for (first, second) in [(0, 1), (1, 0)] {
        let things = Things::new(stage, 2)?;
        let waiter = things.waiter(stage)?;
        stage.until("it waits", || waits(&waiter))?;
        things.happen(stage, first)?;
        things.happen(stage, second)?;
        stage.ends(&waiter, EndReason::Exited(first as i32))?;
        check!(things.left()? == (first == 1, first == 0), "after {first} not just {second} is left");
        let counters = things.queue()?.counters();
        check!(counters.balance(), "{counters:?}");
        things.is_forgotten(stage, &waiter)?;
    }
    Ok(())
}

/// Both ways round: who comes first waits for the other.
pub fn a_wait_for_any_is_a_receiver_in_a_rendezvous(stage: &mut Stage<'_>) -> Verdict {
    let things = Things::new(stage, 0)?;
    let waiter = things.waiter(stage)?;
    stage.until("it waits", || waits(&waiter))?;
    things.happen(stage, 0)?;
    stage.ends(&waiter, EndReason::Exited(0))?;
    let sender = stage.main("sends_once", vec![things.all[0].derive(Rights::SEND, 0)?])?;
    stage.until("it waits", || waits(&sender))?;
    let waiter = things.waiter(stage)?;
    stage.ends(&waiter, EndReason::Exited(0))?;
    stage.ends(&sender, EndReason::Exited(0))?;
    things.is_forgotten(stage, &waiter)
}

pub fn a_wait_for_any_is_refused_where_it_cannot_be(stage: &mut Stage<'_>) -> Verdict {
    let caps = vec![endpoint(1)?, authority(ObjectKind::Clock)?];
    let actor = stage.main("waits_any_in_vain", caps)?;
    stage.ends(&actor, EndReason::Exited(0))?;
    // What is too long stays, and the refusal names the item.
    let things = Things::new(stage, 2)?;
    let waiter = things.waiter(stage)?;
    stage.until("it waits", || waits(&waiter))?;
    let bytes = Payload::charged(stage.kernel.account(), 4, || Ok::<_, Error>(vec![1; 4]))?;
    let long = Message { bytes, ..Message::default() };
    send(&*things.queue()?, &things.other, long)?;
    stage.ends(&waiter, EndReason::Exited(100 + Error::TooLong as i32))?;
    check!(things.left()? == (true, false), "the message is gone");
    things.is_forgotten(stage, &waiter)
}

pub fn a_wait_for_any_ends_when_any_of_it_is_taken_back(stage: &mut Stage<'_>) -> Verdict {
    for which in 0..3 {
        let things = Things::new(stage, 2)?;
        let waiter = things.waiter(stage)?;
        stage.until("it waits", || waits(&waiter))?;
        let revoke = |stage: &Stage<'_>, capability| -> Result<RevokeReceipt, Failure> {
            let below = Subtree::of(capability, Scope::Below)?;
            let planned = below.count(&stage.kernel, || true)?;
            let receipt = below.revoke(&stage.kernel, || {})?;
            check!(planned == receipt, "planned {planned:?}, done {receipt:?}");
            Ok(receipt)
        };
        // What it holds and does not wait for leaves the wait alone.
        let receipt = revoke(stage, &things.clock)?;
        check!(receipt == RevokeReceipt { nodes: 1, actors: 1, waiters: 0 }, "clock: {receipt:?}");
        check!(waits(&waiter), "it was woken");
        let kept = things.all.get(which).ok_or(Error::NotFound)?;
        let receipt = revoke(stage, kept)?;
        check!(receipt == RevokeReceipt { nodes: 1, actors: 1, waiters: 1 }, "{which}: {receipt:?}");
        let noted = which as i32 * 1000;
        stage.ends(&waiter, EndReason::Exited(100 + Error::Revoked as i32 + noted))?;
        things.is_forgotten(stage, &waiter)?;
    }
    Ok(())
}

/// A tree of tokens, as the SDK makes them of a notification's capabilities: whoever waits below the one that is
/// cancelled is woken, whoever waits beside it waits on.
pub fn a_cancelled_token_ends_the_waits_below_it_alone(stage: &mut Stage<'_>) -> Verdict {
    let token = Rights::WAIT.union(Rights::GRANT);
    let top = notification()?;
    let (left, right) = (top.derive(token, 0)?, top.derive(token, 0)?);
    let below = left.derive(token, 0)?;
    let mut waiters = Vec::new();
    for one in [&below, &right] {
        let waiter = stage.main("waits_any", vec![endpoint(1)?, one.derive(token, 0)?])?;
        stage.until("it waits", || waits(&waiter))?;
        waiters.push(waiter);
    }
    let receipt = Subtree::of(&left, Scope::Whole)?.revoke(&stage.kernel, || {})?;
    check!(receipt == RevokeReceipt { nodes: 3, actors: 1, waiters: 1 }, "{receipt:?}");
    let [cancelled, other] = waiters.as_slice() else { return Err(failure(format_args!("two wait"))) };
    stage.ends(cancelled, EndReason::Exited(1100 + Error::Revoked as i32))?;
    check!(waits(other) && right.pass().is_ok(), "one beside it was cancelled too");
    other.kill();
    stage.ends(other, EndReason::Killed)
}

pub fn whoever_waits_for_any_can_be_killed(stage: &mut Stage<'_>) -> Verdict {
    let things = Things::new(stage, 2)?;
    let waiter = things.waiter(stage)?;
    stage.until("it waits", || waits(&waiter))?;
    waiter.kill();
    stage.ends(&waiter, EndReason::Killed)?;
    things.happen(stage, 0)?;
    things.happen(stage, 1)?;
    check!(things.left()? == (true, true), "somebody took what nobody waits for");
    things.is_forgotten(stage, &waiter)
}

pub fn two_that_always_have_something_are_taken_from_by_turns(stage: &mut Stage<'_>) -> Verdict {
    let doors = [endpoint(8)?, endpoint(8)?];
    let bystander = stage.main("nothing", vec![])?;
    for door in &doors {
        for _ in 0..8 {
            send(&*endpoint_of(door)?, &bystander, Message::default())?;
        }
    }
    let caps = vec![doors[0].derive(Rights::RECEIVE, 0)?, doors[1].derive(Rights::RECEIVE, 0)?];
    let taker = stage.main("takes_turns", caps)?;
    stage.ends(&taker, EndReason::Exited(0))?;
    stage.ends(&bystander, EndReason::Exited(0))
}

/// Four senders, two endpoints, three who take from either: every message is taken once or still there.
pub fn nothing_is_lost_among_many_who_wait_for_any(stage: &mut Stage<'_>) -> Verdict {
    for capacity in [2, 0] {
        let doors = [endpoint(capacity)?, endpoint(capacity)?];
        let (mut takers, mut senders) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let caps = vec![doors[0].derive(Rights::RECEIVE, 0)?, doors[1].derive(Rights::RECEIVE, 0)?];
            takers.push(stage.main("takes_any", caps)?);
        }
        for door in doors.iter().cycle().take(4) {
            senders.push(stage.main("sends_hundred", vec![door.derive(Rights::SEND, 0)?])?);
        }
        for sender in &senders {
            stage.ends(sender, EndReason::Exited(0))?;
        }
        let queues = [endpoint_of(&doors[0])?, endpoint_of(&doors[1])?];
        let sum = |count: fn(&Endpoint) -> u64| queues.iter().map(|queue| count(queue)).sum::<u64>();
        stage.until("all are taken", || sum(|queue| queue.counters().queued) == 0)?;
        let mut taken = 0;
        for taker in &takers {
            let last = || Message { label: 99, ..Message::default() };
            stage.until("somebody takes the last", || send(&queues[0], taker, last()).is_ok())?;
        }
        for taker in &takers {
            let EndReason::Exited(count) = stage.end_of(taker)?.reason else {
                return Err(failure(format_args!("a taker was ended")));
            };
            taken += count;
        }
        let delivered = sum(|queue| queue.counters().delivered);
        check!(taken == 400 && delivered == 403, "taken {taken}, delivered {delivered}");
        check!(queues.iter().all(|queue| queue.counters().balance()), "unaccounted for");
    }
    Ok(())
}
