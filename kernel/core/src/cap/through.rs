//! What an actor waits through: so that taking a capability back wakes whoever is blocked by it.
//!
//! Owns two words an actor: the tree and the node of the capability that its present wait goes through; and a
//! list of them for a wait that goes through several, which the word for the node then says. The
//! owner notes them after its gate is armed, asks each tree once more whether the node is good, and takes
//! them back when the wait is over, before it can arm the gate again. A revoker changes the tree's epoch
//! first, then looks here. Note, epoch and looks are SeqCst, so the owner sees the new epoch or the revoker the note.
//!
//! The note is read twice, around the gate's ticket: a ticket that stands between two equal notes belongs
//! to a wait through that node, or to one that is over and can no longer be claimed; or else the owner has
//! begun to wait through it again after the revoker's first look, and sees the epoch by itself. That holds of a
//! list as of a word: its lock is only there to read it while the owner may change it.
//! Lock: the list's, rank `THROUGH`; a wait through one thing takes none. Loom model: `tests/loom_tree.rs`.

use super::nodes::NodeId;
use super::tree::Tree;
use crate::fallible;
use crate::ranks;
use crate::sched::gate::{Claim, Gate};
use alloc::boxed::Box;
use alloc::vec::Vec;
use khal::sync::Mutex;
use khal::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tessera_abi::Error;

/// Instead of a node: look into the list. No node has these bits, as none has the last index.
const SEVERAL: u64 = u64::MAX;

/// The nodes that a wait goes through, each with its tree.
#[derive(Debug)]
pub struct Passages(Vec<(usize, u64)>);

impl Passages {
    /// No nodes yet, and room for `count`. In a box, as an actor keeps a place for it that is mostly empty.
    ///
    /// # Errors
    /// `NoMemory`.
    pub fn with_room(count: usize) -> Result<Box<Self>, Error> {
        let mut nodes = Vec::new();
        nodes.try_reserve_exact(count).map_err(|_| Error::NoMemory)?;
        fallible::own(Passages(nodes))
    }

    /// Adds a node, if there is room.
    pub fn add(&mut self, tree: &Tree, node: NodeId) {
        if self.0.len() < self.0.capacity() {
            self.0.push((address(tree), node.bits()));
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Through {
    tree: AtomicUsize,
    node: AtomicU64,
    several: Mutex<Option<Box<Passages>>>,
}

fn address(tree: &Tree) -> usize {
    core::ptr::from_ref(tree).addr()
}

impl Through {
    /// Waiting through nothing.
    pub fn new() -> Self {
        let several = Mutex::new(ranks::THROUGH, None);
        Through { tree: AtomicUsize::new(0), node: AtomicU64::new(0), several }
    }

    /// Notes what the wait that has just been armed goes through. The tree outlives the wait.
    pub fn begin(&self, tree: &Tree, node: NodeId) {
        // Release, with the load in `is`: the node, which comes after it, is what a revoker looks at first.
        self.tree.store(address(tree), Ordering::Release);
        self.node.store(node.bits(), Ordering::SeqCst);
    }

    /// As [`begin`](Self::begin), for a wait through several nodes.
    pub fn begin_several(&self, passages: Box<Passages>) {
        *self.several.lock() = Some(passages);
        self.node.store(SEVERAL, Ordering::SeqCst);
    }

    /// The wait is over.
    pub fn end(&self) {
        // Release, with the load in `is`: it comes before the gate is armed again, so whoever sees that sees this.
        self.node.store(0, Ordering::Release);
    }

    /// As [`end`](Self::end), for a wait through several nodes.
    pub fn end_several(&self) {
        self.end();
        let passages = self.several.lock().take();
        drop(passages);
    }

    /// The right to end the owner's wait, if it goes through this node.
    pub fn interrupt<'a>(&self, gate: &'a Gate, tree: &Tree, node: NodeId) -> Option<Claim<'a>> {
        if !self.is(tree, node) {
            return None;
        }
        let ticket = gate.ticket()?;
        if self.is(tree, node) { gate.claim(ticket) } else { None }
    }

    /// Whether the present wait goes through this node.
    pub fn is(&self, tree: &Tree, node: NodeId) -> bool {
        match self.node.load(Ordering::SeqCst) {
            SEVERAL => self.is_among(tree, node),
            noted => noted == node.bits() && self.tree.load(Ordering::SeqCst) == address(tree),
        }
    }

    fn is_among(&self, tree: &Tree, node: NodeId) -> bool {
        let wanted = (address(tree), node.bits());
        self.several.lock().as_ref().is_some_and(|passages| passages.0.contains(&wanted))
    }
}

impl Default for Through {
    fn default() -> Self {
        Self::new()
    }
}
