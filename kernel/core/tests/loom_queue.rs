//! Models of the run queue, and of the agreement between wakers and cores that fall asleep.
//!
//! The queues are the kernel's own; the steps around them are those of `Scheduler::make_ready`,
//! `Scheduler::step` and `Scheduler::rest`. Each model has twins in which one step is replaced by a
//! wrong one; a twin must panic, else the model sees nothing.
//!
//! Loom takes SeqCst accesses for acquiring and releasing ones, and would report an order that the
//! kernel cannot see. Where the kernel counts on SeqCst (a queue's length against the idle mask), the
//! steps here have a SeqCst fence between their two accesses: what the four SeqCst accesses amount to.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

use khal::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use khal::sync::{Mutex, Order, Rank};
use std::sync::Arc;
use tessera_abi::Priority;
use tessera_core::sched::fifo::{Linked, Links};
use tessera_core::sched::levels::Ready;
use tessera_core::sched::queue::RunQueue;
use tessera_core::sched::spot::Spot;

/// What the models need of an actor.
struct Item {
    name: u32,
    links: Links<Item>,
    spot: Spot,
}

impl Linked for Item {
    fn links(&self) -> &Links<Item> {
        &self.links
    }
}

impl Ready for Item {
    fn priority(&self) -> Priority {
        Priority::Normal
    }

    fn spot(&self) -> &Spot {
        &self.spot
    }

    fn may_move(&self) -> bool {
        true
    }
}

/// A run queue's three ends, for the queue and for its broken copy.
trait Ends: Send + Sync + 'static {
    fn new() -> Self;
    fn push(&self, name: u32);
    fn pop(&self) -> Option<u32>;
    fn steal_into(&self, to: &Self);
}

impl Ends for RunQueue<Item> {
    fn new() -> Self {
        RunQueue::new(0)
    }

    fn push(&self, name: u32) {
        RunQueue::push(self, Arc::new(Item { name, links: Links::new(), spot: Spot::nowhere() }));
    }

    fn pop(&self) -> Option<u32> {
        self.owner().pop().map(|item| item.name)
    }

    fn steal_into(&self, to: &Self) {
        self.thief().steal_into(to);
    }
}

/// What a [`Torn`] queue does wrong.
const PEEK_THEN_TAKE: u8 = 1;
const COPY_THEN_STORE: u8 = 2;

/// The broken copy: `FLAW` is done in two holds of the lock where one belongs; 0 is no flaw.
struct Torn<const FLAW: u8>(Mutex<Vec<u32>>);

impl<const FLAW: u8> Ends for Torn<FLAW> {
    fn new() -> Self {
        Torn(Mutex::new(Rank::of(&Order { order: 1, name: "model queue" }), Vec::new()))
    }

    fn push(&self, name: u32) {
        if FLAW == COPY_THEN_STORE {
            let mut copy = self.0.lock().clone();
            copy.push(name);
            *self.0.lock() = copy;
        } else {
            self.0.lock().push(name);
        }
    }

    fn pop(&self) -> Option<u32> {
        if FLAW == PEEK_THEN_TAKE {
            let name = self.0.lock().first().copied()?;
            self.0.lock().retain(|&other| other != name);
            return Some(name);
        }
        let mut names = self.0.lock();
        (!names.is_empty()).then(|| names.remove(0))
    }

    fn steal_into(&self, to: &Self) {
        // Half, rounded up, as the queue's thief.
        let loot: Vec<u32> = {
            let mut names = self.0.lock();
            let most = names.len().div_ceil(2);
            names.drain(..most).collect()
        };
        to.0.lock().extend(loot);
    }
}

/// The owner pops, a thief steals and pops, and somebody makes one more thing ready.
fn shuffle<Q: Ends>() {
    loom::model(|| {
        let queues = Arc::new((Q::new(), Q::new()));
        queues.0.push(1);
        queues.0.push(2);
        let (at_thief, at_waker) = (queues.clone(), queues.clone());
        let thief = loom::thread::spawn(move || {
            at_thief.0.steal_into(&at_thief.1);
            at_thief.1.pop()
        });
        let waker = loom::thread::spawn(move || at_waker.0.push(3));
        let first = queues.0.pop();
        let stolen = thief.join().unwrap();
        waker.join().unwrap();
        let rest = std::iter::from_fn(|| queues.0.pop().or_else(|| queues.1.pop()));
        let mut names: Vec<u32> = rest.chain(first).chain(stolen).collect();
        names.sort();
        assert_eq!(names, [1, 2, 3], "a thing was lost or doubled");
    });
}

#[test]
fn nothing_is_lost_or_doubled_between_owner_thief_and_waker() {
    shuffle::<RunQueue<Item>>();
}

/// The twins fail by their flaws, and not by what the copy leaves out.
#[test]
fn the_copy_without_a_flaw_passes() {
    shuffle::<Torn<0>>();
}

/// The planted bug: the owner looks at the first and takes it in two holds of the lock.
#[test]
#[should_panic(expected = "a thing was lost or doubled")]
fn a_pop_in_two_holds_is_found() {
    shuffle::<Torn<PEEK_THEN_TAKE>>();
}

/// The planted bug: a push reads the list and writes it back in two holds of the lock.
#[test]
#[should_panic(expected = "a thing was lost or doubled")]
fn a_push_in_two_holds_is_found() {
    shuffle::<Torn<COPY_THEN_STORE>>();
}

/// What the models need of a scheduler with two cores.
struct Cores {
    queues: [RunQueue<Item>; 2],
    idle: AtomicU64,
    kicked: [AtomicBool; 2],
}

/// What a core's loop came to.
#[derive(Debug, PartialEq)]
enum Turn {
    Ran,
    Asleep,
}

impl Cores {
    fn new() -> Arc<Self> {
        Arc::new(Cores {
            queues: [RunQueue::new(0), RunQueue::new(1)],
            idle: AtomicU64::new(0),
            kicked: [AtomicBool::new(false), AtomicBool::new(false)],
        })
    }

    fn push(&self, target: usize) {
        Ends::push(&self.queues[target], 1);
    }

    /// The kicks of `Scheduler::make_ready`, for an actor no better than what `target` runs.
    fn kick_for(&self, target: usize, idle: u64) {
        if idle & 1 << target != 0 {
            self.kick(target);
        } else if idle != 0 {
            self.kick(idle.trailing_zeros() as usize);
        }
    }

    fn kick(&self, core: usize) {
        self.kicked[core].store(true, Ordering::Release);
    }

    /// `cpu::acknowledge_kick`.
    fn acknowledge(&self, core: usize) {
        self.kicked[core].swap(false, Ordering::AcqRel);
    }

    /// `Scheduler::pick`.
    fn pick(&self, core: usize) -> bool {
        let (own, other) = (&self.queues[core], &self.queues[1 - core]);
        if own.pop().is_some() {
            return true;
        }
        other.thief().steal_into(own) > 0 && own.pop().is_some()
    }

    fn note_idle(&self, core: usize) {
        self.idle.fetch_or(1 << core, Ordering::SeqCst);
        // For SeqCst: see the module.
        fence(Ordering::SeqCst);
    }

    /// `Scheduler::rest`.
    fn rest(&self, core: usize) -> Turn {
        self.note_idle(core);
        if self.pick(core) {
            self.idle.fetch_and(!(1 << core), Ordering::SeqCst);
            return Turn::Ran;
        }
        Turn::Asleep
    }
}

/// `Scheduler::make_ready` for an actor whose home is `target`.
fn make_ready(cores: &Cores, target: usize) {
    cores.push(target);
    // For SeqCst: see the module.
    fence(Ordering::SeqCst);
    make_seen(cores, target);
}

fn make_seen(cores: &Cores, target: usize) {
    cores.kick_for(target, cores.idle.load(Ordering::SeqCst));
}

/// `Scheduler::step` up to what it runs.
fn step(cores: &Cores, core: usize) -> Turn {
    cores.acknowledge(core);
    if cores.pick(core) { Turn::Ran } else { cores.rest(core) }
}

type MakeReady = fn(&Cores, usize);
type Step = fn(&Cores, usize) -> Turn;

/// Core 1 runs out of work while an actor is made ready whose home is `TARGET`: core 1 itself, or
/// core 0, which is busy and stays so. Whoever is asleep beside it must be kicked. An earlier kick
/// is still to be acknowledged, as after every wake.
fn fall_asleep<const TARGET: usize>(make_ready: MakeReady, step: Step) {
    loom::model(move || {
        let cores = Cores::new();
        cores.kick(1);
        let at_waker = cores.clone();
        let waker = loom::thread::spawn(move || make_ready(&at_waker, TARGET));
        let turn = step(&cores, 1);
        waker.join().unwrap();
        let left = cores.queues[0].len_hint() + cores.queues[1].len_hint();
        assert_eq!(left, usize::from(turn == Turn::Asleep), "a thing was lost or doubled");
        let kicked = cores.kicked[1].load(Ordering::Acquire);
        assert!(left == 0 || kicked, "a core sleeps beside a ready actor");
    });
}

/// Both cores run out of work at once; one actor, and one of them must run it or come back for it.
fn both_fall_asleep(make_ready: MakeReady, step: Step) {
    loom::model(move || {
        let cores = Cores::new();
        let (at_waker, at_other) = (cores.clone(), cores.clone());
        let waker = loom::thread::spawn(move || make_ready(&at_waker, 0));
        let other = loom::thread::spawn(move || step(&at_other, 0));
        let turns = [step(&cores, 1), other.join().unwrap()];
        waker.join().unwrap();
        let ran = turns.iter().filter(|turn| **turn == Turn::Ran).count();
        let left = cores.queues[0].len_hint() + cores.queues[1].len_hint();
        assert_eq!(left + ran, 1, "a thing was lost or doubled");
        let kicked = cores.kicked.iter().any(|kicked| kicked.load(Ordering::Acquire));
        assert!(left == 0 || kicked, "a core sleeps beside a ready actor");
    });
}

#[test]
fn no_core_sleeps_beside_its_own_ready_actor() {
    fall_asleep::<1>(make_ready, step);
}

#[test]
fn no_core_sleeps_beside_another_cores_ready_actor() {
    fall_asleep::<0>(make_ready, step);
}

#[test]
fn of_two_cores_that_fall_asleep_one_is_kicked() {
    both_fall_asleep(make_ready, step);
}

/// The planted bug: pushing and reading the mask without SeqCst between them (what loom makes of the
/// accesses alone). Only a thief sees it: it reads the length without the lock.
#[test]
#[should_panic(expected = "a core sleeps beside a ready actor")]
fn weaker_orders_between_waker_and_thief_are_found() {
    fall_asleep::<0>(
        |cores, target| {
            cores.push(target);
            make_seen(cores, target);
        },
        step,
    );
}

/// The planted bug: the waker reads who is idle, and then pushes.
fn make_ready_looking_first(cores: &Cores, target: usize) {
    let idle = cores.idle.load(Ordering::SeqCst);
    cores.push(target);
    cores.kick_for(target, idle);
}

#[test]
#[should_panic(expected = "a core sleeps beside a ready actor")]
fn a_waker_that_looks_before_it_pushes_is_found() {
    fall_asleep::<1>(make_ready_looking_first, step);
}

#[test]
#[should_panic(expected = "a core sleeps beside a ready actor")]
fn a_waker_that_looks_before_it_pushes_elsewhere_is_found() {
    fall_asleep::<0>(make_ready_looking_first, step);
}

#[test]
#[should_panic(expected = "a core sleeps beside a ready actor")]
fn a_waker_that_looks_before_it_pushes_is_found_beside_two_cores() {
    both_fall_asleep(make_ready_looking_first, step);
}

/// The planted bug: the core looks for work, notes itself idle, and does not look again.
#[test]
#[should_panic(expected = "a core sleeps beside a ready actor")]
fn a_core_that_does_not_look_again_is_found() {
    fall_asleep::<1>(make_ready, |cores, core| {
        cores.acknowledge(core);
        if cores.pick(core) {
            return Turn::Ran;
        }
        cores.note_idle(core);
        Turn::Asleep
    });
}

/// The planted bug: the kick is acknowledged after the last look, and may have come for what was
/// pushed since.
#[test]
#[should_panic(expected = "a core sleeps beside a ready actor")]
fn a_kick_acknowledged_after_looking_is_found() {
    fall_asleep::<1>(make_ready, |cores, core| {
        let turn = if cores.pick(core) { Turn::Ran } else { cores.rest(core) };
        cores.acknowledge(core);
        turn
    });
}
