//! Models of an actor whose priority changes while it is on its way into a run queue: the queues and the spot are the
//! kernel's own, the steps around them those of `Scheduler::settle`.
//!
//! Each model has a twin in which the steps are in the wrong order; a twin must panic, else the model sees nothing.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

use khal::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use tessera_abi::Priority;
use tessera_core::sched::fifo::{Linked, Links};
use tessera_core::sched::levels::Ready;
use tessera_core::sched::queue::RunQueue;
use tessera_core::sched::spot::Spot;

/// What the models need of an actor.
struct Item {
    name: u32,
    /// Whether it has become more urgent. Relaxed throughout: the spot alone must carry it across.
    raised: AtomicBool,
    links: Links<Item>,
    spot: Spot,
}

impl Item {
    fn new(name: u32) -> Arc<Self> {
        let raised = AtomicBool::new(false);
        Arc::new(Item { name, raised, links: Links::new(), spot: Spot::nowhere() })
    }
}

impl Linked for Item {
    fn links(&self) -> &Links<Item> {
        &self.links
    }
}

impl Ready for Item {
    fn priority(&self) -> Priority {
        if self.raised.load(Ordering::Relaxed) { Priority::High } else { Priority::Normal }
    }

    fn spot(&self) -> &Spot {
        &self.spot
    }

    fn may_move(&self) -> bool {
        true
    }
}

/// `Scheduler::settle`, for somebody whose priority has changed.
fn settle(queues: &[RunQueue<Item>; 2], item: &Arc<Item>) {
    if let Some(core) = item.spot.last_core() {
        queues[usize::from(core)].settle(item);
    }
}

type Raise = fn(&[RunQueue<Item>; 2], &Arc<Item>);

fn raise(queues: &[RunQueue<Item>; 2], item: &Arc<Item>) {
    item.raised.store(true, Ordering::Relaxed);
    settle(queues, item);
}

/// The planted bug: who raises looks for the queue first.
fn raise_after_looking(queues: &[RunQueue<Item>; 2], item: &Arc<Item>) {
    let core = item.spot.last_core();
    item.raised.store(true, Ordering::Relaxed);
    if let Some(core) = core {
        queues[usize::from(core)].settle(item);
    }
}

/// Something becomes more urgent while `carry` brings it onto the second queue, where another of the old priority
/// is before it.
fn raised_on_its_way(raise: Raise, carry: fn(&[RunQueue<Item>; 2], Arc<Item>)) {
    loom::model(move || {
        let queues = Arc::new([RunQueue::new(0), RunQueue::new(1)]);
        queues[1].push(Item::new(2));
        let item = Item::new(1);
        let (at_other, its) = (queues.clone(), item.clone());
        let other = loom::thread::spawn(move || raise(&at_other, &its));
        carry(&queues, item);
        other.join().unwrap();
        let order: Vec<u32> = std::iter::from_fn(|| queues[1].owner().pop().map(|item| item.name)).collect();
        assert_eq!(order, [1, 2], "it is not where its priority is");
    });
}

fn push_it(queues: &[RunQueue<Item>; 2], item: Arc<Item>) {
    queues[1].push(item);
}

fn have_it_stolen(queues: &[RunQueue<Item>; 2], item: Arc<Item>) {
    queues[0].push(item);
    queues[0].thief().steal_into(&queues[1]);
}

#[test]
fn what_becomes_urgent_while_it_is_made_ready_lies_where_it_belongs() {
    raised_on_its_way(raise, push_it);
}

#[test]
fn what_becomes_urgent_while_it_is_stolen_lies_where_it_belongs() {
    raised_on_its_way(raise, have_it_stolen);
}

#[test]
#[should_panic(expected = "it is not where its priority is")]
fn who_looks_for_the_queue_before_raising_is_found() {
    raised_on_its_way(raise_after_looking, push_it);
}

#[test]
#[should_panic(expected = "it is not where its priority is")]
fn who_looks_for_the_queue_before_raising_is_found_beside_a_thief() {
    raised_on_its_way(raise_after_looking, have_it_stolen);
}
