//! What an actor waits through: so that taking a capability back wakes whoever is blocked by it.
//!
//! Owns two words an actor: the tree and the node of the capability that its present wait goes through. The
//! owner notes them after its gate is armed, asks the tree once more whether the node is good, and takes
//! them back when the wait is over, before it can arm the gate again. A revoker changes the tree's epoch
//! first, then looks here. All of it is SeqCst, so the owner sees the new epoch or the revoker the note.
//!
//! The note is read twice, around the gate's ticket: a ticket that stands between two equal notes belongs
//! to a wait through that node, or to one that is over and can no longer be claimed; or else the owner has
//! begun to wait through it again after the revoker's first look, and sees the epoch by itself.
//! Takes no lock. Loom model: `tests/loom_tree.rs`.

use super::nodes::NodeId;
use super::tree::Tree;
use crate::sched::gate::{Claim, Gate};
use khal::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// See the module.
#[derive(Debug)]
pub struct Through {
    tree: AtomicUsize,
    node: AtomicU64,
}

impl Through {
    /// Waiting through nothing.
    pub fn new() -> Self {
        Through { tree: AtomicUsize::new(0), node: AtomicU64::new(0) }
    }

    /// Notes what the wait that has just been armed goes through. The tree outlives the wait.
    pub fn begin(&self, tree: &Tree, node: NodeId) {
        self.tree.store(core::ptr::from_ref(tree).addr(), Ordering::SeqCst);
        self.node.store(node.bits(), Ordering::SeqCst);
    }

    /// The wait is over.
    pub fn end(&self) {
        self.node.store(0, Ordering::SeqCst);
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
        self.node.load(Ordering::SeqCst) == node.bits()
            && self.tree.load(Ordering::SeqCst) == core::ptr::from_ref(tree).addr()
    }
}

impl Default for Through {
    fn default() -> Self {
        Self::new()
    }
}
