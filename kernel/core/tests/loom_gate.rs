//! Models of the wake-up path: the kernel's own gate and timers, in every interleaving.
//!
//! Each model has twins in which one step is replaced by a wrong one; a twin must panic, else the
//! model sees nothing. The steps are those of `Actor::block`, `Actor::kill`, `Waiter::hand` and
//! `Scheduler::park`, on a stand-in with a gate, a stop flag, an inbox and a count of runs.
//!
//! Loom takes SeqCst accesses for acquiring and releasing ones, and would report an order that the
//! kernel cannot see. Where the kernel counts on SeqCst (`kill` against `block`), the steps here have
//! a SeqCst fence between their two accesses: what the four SeqCst accesses amount to.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

use khal::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};
use khal::sync::{Mutex, Order, Rank};
use khal::time::Instant;
use std::sync::Arc;
use tessera_core::sched::gate::{Cause, Gate, Park, Ticket, Wake};
use tessera_core::sched::timers::{Entry, Timed, Timers};

/// What the models need of an actor.
struct Sleeper {
    gate: Gate,
    stop: AtomicBool,
    /// 1 once it was handed something. Relaxed throughout: the gate alone must carry it across.
    inbox: AtomicUsize,
    timer_place: AtomicU32,
    /// What it found each time it was run. No part of the protocol, so not the model's own lock.
    runs: std::sync::Mutex<Vec<(Cause, usize)>>,
}

impl Timed for Sleeper {
    fn place(&self) -> &AtomicU32 {
        &self.timer_place
    }
}

impl Sleeper {
    fn new() -> Arc<Self> {
        Arc::new(Sleeper {
            gate: Gate::new(),
            stop: AtomicBool::new(false),
            inbox: AtomicUsize::new(0),
            timer_place: AtomicU32::new(0),
            runs: std::sync::Mutex::default(),
        })
    }

    fn note_run(&self, cause: Cause) {
        let run = (cause, self.inbox.load(Ordering::Relaxed));
        self.runs.lock().unwrap().push(run);
    }

    /// It was made ready, and a core takes it in the same moment.
    fn run(&self) {
        self.note_run(self.gate.finish());
    }

    fn wake(&self, wake: Wake) {
        if wake == Wake::Owed {
            self.run();
        }
    }

    fn runs(&self) -> Vec<(Cause, usize)> {
        self.runs.lock().unwrap().clone()
    }
}

/// `Scheduler::park`.
fn park(sleeper: &Sleeper) {
    if sleeper.gate.park() == Park::Awake {
        sleeper.run();
    }
}

/// The timer's half of a wait; whether it won.
fn time_out(sleeper: &Sleeper, ticket: Ticket) -> bool {
    let Some(claim) = sleeper.gate.claim(ticket) else { return false };
    sleeper.wake(claim.fire(Cause::TimedOut));
    true
}

/// `Waiter::hand`; whether it won.
fn hand(sleeper: &Sleeper, ticket: Ticket) -> bool {
    let Some(claim) = sleeper.gate.claim(ticket) else { return false };
    sleeper.inbox.store(1, Ordering::Relaxed);
    sleeper.wake(claim.fire(Cause::Delivered));
    true
}

/// A sender and a timer race for one wait, while its owner leaves its stack.
fn race(park: fn(&Sleeper), hand: fn(&Sleeper, Ticket) -> bool) {
    loom::model(move || {
        let sleeper = Sleeper::new();
        let ticket = sleeper.gate.arm();
        let (at_sender, at_timer) = (sleeper.clone(), sleeper.clone());
        let sender = loom::thread::spawn(move || hand(&at_sender, ticket));
        let timer = loom::thread::spawn(move || time_out(&at_timer, ticket));
        park(&sleeper);
        let (delivered, timed_out) = (sender.join().unwrap(), timer.join().unwrap());
        assert_ne!(delivered, timed_out, "a wait was not won once");
        let runs = sleeper.runs();
        assert_eq!(runs.len(), 1, "a wake was lost or doubled");
        let expected = if delivered { (Cause::Delivered, 1) } else { (Cause::TimedOut, 0) };
        assert_eq!(runs, [expected], "what was handed over is not what won");
    });
}

#[test]
fn a_wait_is_won_once_and_its_wake_delivered_once() {
    race(park, hand);
}

/// The planted bug: a core loop that sleeps although the gate was fired before it parked.
#[test]
#[should_panic(expected = "a wake was lost or doubled")]
fn a_park_that_ignores_a_fired_gate_is_found() {
    race(|sleeper| drop(sleeper.gate.park()), hand);
}

/// The planted bug: two wakers may see the same wait on, and both act.
#[test]
#[should_panic(expected = "a wait was not won once")]
fn a_waker_that_looks_instead_of_claiming_is_found() {
    race(park, |sleeper, ticket| {
        let won = sleeper.gate.is_waiting();
        hand(sleeper, ticket);
        won
    });
}

/// The planted bug: the inbox is filled before the wait is won.
#[test]
#[should_panic(expected = "what was handed over is not what won")]
fn a_hand_over_before_the_claim_is_found() {
    race(park, |sleeper, ticket| {
        sleeper.inbox.store(1, Ordering::Relaxed);
        hand(sleeper, ticket)
    });
}

/// `Actor::block` up to the pause, and the core loop's half after it.
fn block(sleeper: &Sleeper) {
    // For SeqCst: see the module.
    fence(Ordering::SeqCst);
    block_unfenced(sleeper);
}

fn block_unfenced(sleeper: &Sleeper) {
    if sleeper.stop.load(Ordering::SeqCst) {
        sleeper.gate.withdraw();
        sleeper.note_run(Cause::Stopped);
    } else {
        park(sleeper);
    }
}

/// `Actor::kill`.
fn kill(sleeper: &Sleeper) {
    sleeper.stop.store(true, Ordering::SeqCst);
    // For SeqCst: see the module.
    fence(Ordering::SeqCst);
    if let Some(claim) = sleeper.gate.claim_any() {
        sleeper.wake(claim.fire(Cause::Stopped));
    }
}

/// A kill races with an actor that begins to wait, and with the sender that it waits for.
fn kill_and_deliver(block: fn(&Sleeper)) {
    loom::model(move || {
        let sleeper = Sleeper::new();
        let at_killer = sleeper.clone();
        let killer = loom::thread::spawn(move || kill(&at_killer));
        let ticket = sleeper.gate.arm();
        let at_sender = sleeper.clone();
        let sender = loom::thread::spawn(move || hand(&at_sender, ticket));
        block(&sleeper);
        killer.join().unwrap();
        let delivered = sender.join().unwrap();
        let runs = sleeper.runs();
        assert_eq!(runs.len(), 1, "an actor was run twice or never");
        let in_inbox = sleeper.inbox.load(Ordering::Relaxed);
        assert_eq!(in_inbox, usize::from(delivered), "a message is with both or with neither");
        let over = !sleeper.gate.is_waiting() && !sleeper.gate.is_fired();
        assert!(over, "a wait outlived its end");
    });
}

/// Nobody else can wake the actor here: it is the kill or nothing.
fn kill_alone(wait_and_block: fn(&Sleeper)) {
    loom::model(move || {
        let sleeper = Sleeper::new();
        let at_killer = sleeper.clone();
        let killer = loom::thread::spawn(move || kill(&at_killer));
        wait_and_block(&sleeper);
        killer.join().unwrap();
        assert_eq!(sleeper.runs(), [(Cause::Stopped, 0)], "a kill was lost");
    });
}

#[test]
fn a_kill_is_seen_before_parking_or_wakes() {
    kill_alone(|sleeper| {
        sleeper.gate.arm();
        block(sleeper);
    });
}

#[test]
fn a_kill_and_a_delivery_run_the_actor_once() {
    kill_and_deliver(block);
}

/// The planted bug: the stop flag is read before the wait is declared.
#[test]
#[should_panic(expected = "a kill was lost")]
fn a_stop_flag_read_before_arming_is_found() {
    kill_alone(|sleeper| {
        let stop = sleeper.stop.load(Ordering::SeqCst);
        sleeper.gate.arm();
        if stop {
            sleeper.gate.withdraw();
            sleeper.note_run(Cause::Stopped);
        } else {
            park(sleeper);
        }
    });
}

/// The planted bug: arming and reading the flag without SeqCst between them (what loom makes of the
/// accesses alone), so that each side may miss the other.
#[test]
#[should_panic(expected = "a kill was lost")]
fn weaker_orders_between_kill_and_block_are_found() {
    kill_alone(|sleeper| {
        sleeper.gate.arm();
        block_unfenced(sleeper);
    });
}

/// The planted bug: an actor that sees the stop flag and does not take its wait back.
#[test]
#[should_panic(expected = "a wait outlived its end")]
fn a_stopped_actor_that_stays_armed_is_found() {
    kill_and_deliver(|sleeper| {
        fence(Ordering::SeqCst);
        if sleeper.stop.load(Ordering::SeqCst) {
            sleeper.note_run(Cause::Stopped);
        } else {
            park(sleeper);
        }
    });
}

/// As an endpoint: who waits, and what nobody has taken.
#[derive(Default)]
struct Queue {
    waiter: Option<Ticket>,
    messages: usize,
}

/// Any rank will do: it is the only lock of the model.
const ENDPOINT: Rank = Rank::of(&Order { order: 1, name: "model endpoint" });

/// A receiver that finds nothing registers and sleeps, while a message comes.
fn receive(register: fn(&Sleeper, &Mutex<Queue>) -> bool) {
    loom::model(move || {
        let shared = Arc::new((Sleeper::new(), Mutex::new(ENDPOINT, Queue::default())));
        let theirs = shared.clone();
        let sender = loom::thread::spawn(move || {
            let (sleeper, queue) = &*theirs;
            let mut queue = queue.lock();
            match queue.waiter.take() {
                Some(ticket) => assert!(hand(sleeper, ticket), "nobody else ends this wait"),
                None => queue.messages += 1,
            }
        });
        let (sleeper, queue) = &*shared;
        if register(sleeper, queue) {
            park(sleeper);
            sender.join().unwrap();
            assert_eq!(sleeper.runs(), [(Cause::Delivered, 1)], "a receiver sleeps beside its message");
        } else {
            sender.join().unwrap();
            assert_eq!(queue.lock().messages, 1);
        }
    });
}

/// Whether it must sleep: under one hold, it looks, declares the wait and registers it.
fn look_and_register(sleeper: &Sleeper, queue: &Mutex<Queue>) -> bool {
    let mut queue = queue.lock();
    if queue.messages == 0 {
        queue.waiter = Some(sleeper.gate.arm());
    }
    queue.messages == 0
}

#[test]
fn a_message_is_found_or_wakes() {
    receive(look_and_register);
}

/// The planted bug: the lock is let go between looking and registering.
#[test]
#[should_panic(expected = "a receiver sleeps beside its message")]
fn a_receiver_that_looks_and_then_registers_is_found() {
    receive(|sleeper, queue| {
        if queue.lock().messages > 0 {
            return false;
        }
        queue.lock().waiter = Some(sleeper.gate.arm());
        true
    });
}

/// A core ends due waits, while the actor takes its first wait back, cancels the deadline, and
/// waits anew, without one.
fn outlived_deadline(time_out: fn(&Sleeper, Ticket) -> bool) {
    loom::model(move || {
        let sleeper = Sleeper::new();
        let timers = Arc::new(Timers::new());
        let first = sleeper.gate.arm();
        let entry = Entry { deadline: Instant::from_nanos(1), ticket: first, thing: sleeper.clone() };
        timers.insert(entry).unwrap();
        let at_core = timers.clone();
        let core = loom::thread::spawn(move || match at_core.pop_due(Instant::from_nanos(1)) {
            Some(entry) => time_out(&entry.thing, entry.ticket),
            None => false,
        });
        let ended = sleeper.gate.withdraw();
        timers.cancel(&sleeper);
        let second = sleeper.gate.arm();
        park(&sleeper);
        let won = core.join().unwrap();
        assert!(sleeper.runs().is_empty(), "a stale ticket ended a later wait");
        assert_eq!(ended, won.then_some(Cause::TimedOut));
        assert!(timers.is_empty(), "a deadline outlived its wait");
        assert!(hand(&sleeper, second));
        assert_eq!(sleeper.runs(), [(Cause::Delivered, 1)]);
    });
}

#[test]
fn a_deadline_ends_its_own_wait_or_none() {
    outlived_deadline(time_out);
}

/// The planted bug: whatever wait is on is ended by an entry that was made for an earlier one.
#[test]
#[should_panic(expected = "a stale ticket ended a later wait")]
fn a_deadline_without_its_ticket_is_found() {
    outlived_deadline(|sleeper, _| {
        let Some(claim) = sleeper.gate.claim_any() else { return false };
        sleeper.wake(claim.fire(Cause::TimedOut));
        true
    });
}
