//! Models of revocation: the kernel's own tree, gate and note of what a wait goes through, in every
//! interleaving with a derivation, with an operation on its way to its commit point, and with a wait.
//!
//! Each model has twins in which one step is left out; a twin must panic, else the model sees nothing. The
//! steps are those of `Subtree::revoke`, of an endpoint's `send`, and of `Actor::block`. As loom takes
//! SeqCst accesses for acquiring and releasing ones, the two steps around which the kernel counts on SeqCst
//! have a SeqCst fence between them here.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

use khal::sync::atomic::{AtomicU32, Ordering, fence};
use khal::sync::{Mutex, Order, Rank};
use std::sync::Arc;
use tessera_abi::{Error, Rights};
use tessera_core::cap::{Grant, NodeId, Pass, Passages, Scope, Through, Tree};
use tessera_core::sched::gate::{Cause, Claim, Gate, Park, Wake};

const GRANT: Grant = Grant { rights: Rights::SEND, badge: 0, holder: 1 };
const QUEUE: Rank = Rank::of(&Order { order: 20, name: "queue" });

fn sweep(tree: &Tree, node: NodeId) {
    while !tree.sweep(node).done {}
}

/// A capability is derived, and used, while what it comes from is taken back.
fn derive_against(revoke: fn(&Tree, NodeId)) {
    loom::model(move || {
        let tree = Arc::new(Tree::new());
        let top = tree.derive(None, GRANT, || ()).unwrap();
        let parent = tree.derive(Some(top), GRANT, || ()).unwrap();
        let at_revoker = tree.clone();
        let revoker = loom::thread::spawn(move || revoke(&at_revoker, parent));
        let child = tree.derive(Some(parent), GRANT, || ());
        revoker.join().unwrap();
        match child {
            Ok(child) => assert_eq!(tree.check(child, &mut 0), Err(Error::Revoked), "one got away"),
            Err(error) => assert_eq!(error, Error::Revoked),
        }
        assert_eq!(tree.live(), 1, "a node was left behind");
    });
}

#[test]
fn nothing_derived_survives_its_parent() {
    derive_against(|tree, node| {
        tree.mark(node, Scope::Whole).unwrap();
        sweep(tree, node);
    });
}

/// The planted bug: the subtree is freed without having been marked first, by dropping its top.
#[test]
#[should_panic(expected = "one got away")]
fn a_revocation_that_only_drops_the_top_is_found() {
    derive_against(|tree, node| assert!(tree.remove(node).is_some()));
}

/// A queue as an endpoint has one: what counts is how many are in it when the revoker returns.
struct Queue {
    tree: Tree,
    lock: Mutex<()>,
    /// Changed under the lock only; read by the revoker as it returns. Relaxed: the lock must order it.
    messages: AtomicU32,
}

fn send(queue: &Queue, node: NodeId) {
    let Ok(pass) = queue.tree.check(node, &mut 0) else { return };
    let _lock = queue.lock.lock();
    if queue.tree.holds(&pass).is_ok() {
        queue.messages.fetch_add(1, Ordering::Relaxed);
    }
}

fn revoke_and_fence(queue: &Queue, node: NodeId) {
    queue.tree.mark(node, Scope::Whole).unwrap();
    drop(queue.lock.lock());
    sweep(&queue.tree, node);
}

/// A sender is on its way to its commit point while its capability is taken back.
fn commit_against(send: fn(&Queue, NodeId), revoke: fn(&Queue, NodeId)) {
    loom::model(move || {
        let queue = Queue { tree: Tree::new(), lock: Mutex::new(QUEUE, ()), messages: AtomicU32::new(0) };
        let queue = Arc::new(queue);
        let node = queue.tree.derive(None, GRANT, || ()).unwrap();
        let at_sender = queue.clone();
        let sender = loom::thread::spawn(move || send(&at_sender, node));
        revoke(&queue, node);
        let then = queue.messages.load(Ordering::Relaxed);
        sender.join().unwrap();
        let now = queue.messages.load(Ordering::Relaxed);
        assert_eq!(now, then, "a message was sent after the revocation");
    });
}

#[test]
fn nothing_commits_after_the_revocation_has_returned() {
    commit_against(send, revoke_and_fence);
}

/// The planted bug: the pass is not shown again at the commit point.
#[test]
#[should_panic(expected = "a message was sent after the revocation")]
fn a_commit_that_does_not_ask_again_is_found() {
    let send = |queue: &Queue, node| {
        if queue.tree.check(node, &mut 0).is_ok() {
            let _lock = queue.lock.lock();
            queue.messages.fetch_add(1, Ordering::Relaxed);
        }
    };
    commit_against(send, revoke_and_fence);
}

/// The planted bug: the revoker does not wait for who is in the middle of a commit.
#[test]
#[should_panic(expected = "a message was sent after the revocation")]
fn a_revoker_without_a_fence_is_found() {
    commit_against(send, |queue, node| {
        queue.tree.mark(node, Scope::Whole).unwrap();
        sweep(&queue.tree, node);
    });
}

/// What the model needs of an actor that waits by leave of a capability.
struct Sleeper {
    tree: Tree,
    gate: Gate,
    through: Through,
    /// What ended its waits. No part of the protocol, so not the model's own lock.
    ended: std::sync::Mutex<Vec<Cause>>,
}

impl Sleeper {
    fn run(&self) {
        self.ended.lock().unwrap().push(self.gate.finish());
        self.through.end_several();
    }

    /// `Scheduler::park`.
    fn park(&self) {
        if self.gate.park() == Park::Awake {
            self.run();
        }
    }

    /// `Actor::interrupt`.
    fn interrupt(&self, node: NodeId) {
        if let Some(claim) = self.through.interrupt(&self.gate, &self.tree, node)
            && claim.fire(Cause::Revoked) == Wake::Owed
        {
            self.run();
        }
    }
}

/// `Actor::block`.
fn block(sleeper: &Sleeper, node: NodeId, pass: &Pass) {
    sleeper.through.begin(&sleeper.tree, node);
    // For SeqCst: see the module.
    fence(Ordering::SeqCst);
    if sleeper.tree.holds(pass).is_err() {
        let cause = sleeper.gate.withdraw().unwrap_or(Cause::Revoked);
        sleeper.ended.lock().unwrap().push(cause);
        sleeper.through.end();
    } else {
        sleeper.park();
    }
}

/// `Actor::block_among`, through this node behind another one.
fn block_among(sleeper: &Sleeper, node: NodeId, pass: &Pass) {
    note_several(sleeper, node);
    // For SeqCst: see the module.
    fence(Ordering::SeqCst);
    if sleeper.tree.holds(pass).is_err() {
        let cause = sleeper.gate.withdraw().unwrap_or(Cause::Revoked);
        sleeper.ended.lock().unwrap().push(cause);
        sleeper.through.end_several();
    } else {
        sleeper.park();
    }
}

fn note_several(sleeper: &Sleeper, node: NodeId) {
    let other = Tree::new();
    let beside = other.derive(None, GRANT, || ()).unwrap();
    let mut passages = Passages::with_room(2).unwrap();
    passages.add(&other, beside);
    passages.add(&sleeper.tree, node);
    sleeper.through.begin_several(passages);
}

fn wait_against(block: fn(&Sleeper, NodeId, &Pass), revoke: fn(&Sleeper, NodeId)) {
    loom::model(move || {
        let sleeper = Arc::new(Sleeper {
            tree: Tree::new(),
            gate: Gate::new(),
            through: Through::new(),
            ended: std::sync::Mutex::default(),
        });
        let node = sleeper.tree.derive(None, GRANT, || ()).unwrap();
        let pass = sleeper.tree.check(node, &mut 0).unwrap();
        let at_revoker = sleeper.clone();
        let revoker = loom::thread::spawn(move || revoke(&at_revoker, node));
        let _ticket = sleeper.gate.arm();
        block(&sleeper, node, &pass);
        revoker.join().unwrap();
        assert_eq!(*sleeper.ended.lock().unwrap(), [Cause::Revoked], "a waiter was not told, or twice");
    });
}

fn revoke_and_wake(sleeper: &Sleeper, node: NodeId) {
    sleeper.tree.mark(node, Scope::Whole).unwrap();
    sweep(&sleeper.tree, node);
    // For SeqCst: see the module.
    fence(Ordering::SeqCst);
    sleeper.interrupt(node);
}

#[test]
fn whoever_waits_is_told_once() {
    wait_against(block, revoke_and_wake);
}

#[test]
fn whoever_waits_through_several_is_told_once() {
    wait_against(block_among, revoke_and_wake);
}

/// The planted bug: as below, for a wait through several.
#[test]
#[should_panic(expected = "a waiter was not told")]
fn a_wait_through_several_that_does_not_ask_again_is_found() {
    wait_against(
        |sleeper, node, _pass| {
            note_several(sleeper, node);
            sleeper.park();
        },
        revoke_and_wake,
    );
}

/// The planted bug: the wait does not ask once more before it sleeps.
#[test]
#[should_panic(expected = "a waiter was not told")]
fn a_wait_that_does_not_ask_again_is_found() {
    wait_against(
        |sleeper, node, _pass| {
            sleeper.through.begin(&sleeper.tree, node);
            sleeper.park();
        },
        revoke_and_wake,
    );
}

/// The planted bug: the revoker looks who waits before it marks.
#[test]
#[should_panic(expected = "a waiter was not told")]
fn a_revoker_that_looks_before_it_marks_is_found() {
    wait_against(block, |sleeper, node| {
        sleeper.interrupt(node);
        sleeper.tree.mark(node, Scope::Whole).unwrap();
        sweep(&sleeper.tree, node);
    });
}

type Interrupt = for<'a> fn(&Through, &'a Gate, &Tree, NodeId) -> Option<Claim<'a>>;

/// The wait through the node is over, and one through something else begins, while the revoker looks.
fn another_wait_against(interrupt: Interrupt) {
    loom::model(move || {
        let other = Tree::new();
        let shared = Arc::new((Tree::new(), Gate::new(), Through::new()));
        let (tree, gate, through) = &*shared;
        let node = tree.derive(None, GRANT, || ()).unwrap();
        let beside = other.derive(None, GRANT, || ()).unwrap();
        let _first = gate.arm();
        through.begin(tree, node);
        let at_revoker = shared.clone();
        let revoker = loom::thread::spawn(move || {
            let (tree, gate, through) = &*at_revoker;
            let Some(claim) = interrupt(through, gate, tree, node) else { return false };
            drop(claim.fire(Cause::Revoked));
            true
        });
        let first = gate.withdraw();
        through.end();
        let second = gate.arm();
        through.begin(&other, beside);
        let told = revoker.join().unwrap();
        assert_eq!(told, first == Some(Cause::Revoked), "the wrong wait was ended");
        assert!(gate.claim(second).is_some_and(|claim| claim.fire(Cause::Delivered) == Wake::NotOwed));
    });
}

#[test]
fn a_wait_through_something_else_is_left_alone() {
    another_wait_against(Through::interrupt);
}

/// The planted bug: the revoker ends whatever wait is on once it has seen the note.
#[test]
#[should_panic(expected = "the wrong wait was ended")]
fn a_revoker_that_ends_any_wait_is_found() {
    another_wait_against(
        |through, gate, tree, node| {
            if through.is(tree, node) { gate.claim_any() } else { None }
        },
    );
}
