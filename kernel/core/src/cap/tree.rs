//! An object's derivation tree, which is also its reverse index: every capability that names the object
//! is a node of it, wherever it is.
//!
//! Owns the lock around the forest and the *epoch*: a number that changes whenever something of the tree
//! becomes unusable. Whoever has found a node usable keeps the epoch of that moment; as long as it stands,
//! the node still is, and one load says so. Otherwise the tree is asked, under its lock.
//!
//! Revocation linearises at [`Tree::mark`]. A use that began before is ordered by [`Tree::holds`], which an
//! endpoint and a notification ask once more at each commit point, under their own lock: when something is
//! offered, and when something is handed to who waits. The revoker takes and leaves that lock after the
//! mark, so what committed did so before, and what comes later is refused. What the kernel's own
//! authorities and actors do has no such point: see docs/CAVEATS.md.
//! Lock: its own, rank `TREE`, below those of objects and tables; it is held for one node's worth of work,
//! or one piece of a sweep.

use super::forest::{Forest, Piece, Scope, View};
use super::nodes::{Grant, NodeId};
use crate::ranks;
use core::ops::Deref;
use khal::sync::Mutex;
use khal::sync::atomic::{AtomicU64, Ordering};
use khal::time::Instant;
use tessera_abi::Error;

/// Which node gave leave for an operation, and when it was good: what is asked again at a commit point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    node: Option<NodeId>,
    epoch: u64,
}

impl Proof {
    /// The node that gave it; the kernel's own has none.
    pub fn node(&self) -> Option<NodeId> {
        self.node
    }
}

/// The leave that a capability gave for one operation: its proof, and until when a wait by it may last. Who stands
/// in a line keeps the proof alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    proof: Proof,
    until: Instant,
}

impl Pass {
    /// The kernel's own, which nobody can take back.
    pub const KERNEL: Pass = Pass::lasting(Proof { node: None, epoch: 0 });

    /// The leave of a capability that does not expire.
    pub const fn lasting(proof: Proof) -> Self {
        Pass { proof, until: Instant::NEVER }
    }

    /// The same leave, which a wait by it does not outlast.
    pub(super) fn until(self, until: Instant) -> Self {
        Pass { until, ..self }
    }

    /// When the capability that gave it expires.
    pub fn expires_at(&self) -> Instant {
        self.until
    }

    /// What is to be shown at a commit point.
    pub fn proof(&self) -> Proof {
        self.proof
    }
}

impl Deref for Pass {
    type Target = Proof;

    fn deref(&self) -> &Proof {
        &self.proof
    }
}

/// See the module.
#[derive(Debug)]
pub struct Tree {
    epoch: AtomicU64,
    forest: Mutex<Forest>,
}

impl Tree {
    /// A tree without a node.
    pub fn new() -> Self {
        Tree { epoch: AtomicU64::new(1), forest: Mutex::new(ranks::TREE, Forest::new()) }
    }

    /// Makes a node below `parent`, or a top, and calls `count` in the same moment: before any sweep can find
    /// the node.
    ///
    /// # Errors
    /// `Revoked` when the parent is unusable, `Busy` while what was derived from it is swept; `Full` when the chain of
    /// derivations would be longer than [`DEPTH_MOST`](super::forest::DEPTH_MOST); `NoMemory`.
    pub fn derive(
        &self,
        parent: Option<NodeId>,
        grant: Grant,
        count: impl FnOnce(),
    ) -> Result<NodeId, Error> {
        let mut forest = self.forest.lock();
        let node = forest.derive(parent, grant)?;
        count();
        Ok(node)
    }

    /// Whether a node can be used. `seen` is the epoch at which it was last found usable, 0 for never; it is
    /// brought up to date.
    ///
    /// # Errors
    /// `Revoked`.
    pub fn check(&self, node: NodeId, seen: &mut u64) -> Result<Pass, Error> {
        // SeqCst, as `holds`: the answer is as of this load.
        let epoch = self.epoch.load(Ordering::SeqCst);
        if *seen != epoch {
            let forest = self.forest.lock();
            forest.check(node)?;
            // Read again under the lock, which every change of it holds. A node that is usable now stays so
            // until the next mark, which changes the epoch: also while something else is being swept.
            *seen = self.epoch.load(Ordering::SeqCst);
            return Ok(Pass::lasting(Proof { node: Some(node), epoch: *seen }));
        }
        Ok(Pass::lasting(Proof { node: Some(node), epoch }))
    }

    /// Whether a proof is still good; a pass has one.
    ///
    /// # Errors
    /// `Revoked`.
    pub fn holds(&self, proof: &Proof) -> Result<(), Error> {
        let Some(node) = proof.node else { return Ok(()) };
        // SeqCst: a waiter has noted what it waits through before it asks here, a revoker changes the epoch
        // before it looks who waits; so one of the two sees the other (see `Through`).
        if self.epoch.load(Ordering::SeqCst) == proof.epoch {
            return Ok(());
        }
        self.forest.lock().check(node)
    }

    /// Notes who holds a node now.
    pub fn set_holder(&self, node: NodeId, holder: u64) {
        self.forest.lock().set_holder(node, holder);
    }

    /// A node's capability has been dropped: what it granted, unless it was swept before.
    pub fn remove(&self, node: NodeId) -> Option<Grant> {
        self.forest.lock().remove(node)
    }

    /// Makes a subtree unusable from this moment on. [`Tree::sweep`] is then owed until it is done.
    ///
    /// # Errors
    /// `Revoked` when it is unusable already; `Busy` while another revocation of the same node runs.
    pub fn mark(&self, node: NodeId, scope: Scope) -> Result<(), Error> {
        let mut forest = self.forest.lock();
        forest.mark(node, scope)?;
        self.epoch.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Frees the next few nodes of a marked subtree.
    pub fn sweep(&self, node: NodeId) -> Piece {
        self.forest.lock().sweep(node)
    }

    /// Nodes in the tree.
    pub fn live(&self) -> u32 {
        self.forest.lock().live()
    }

    /// The first node at or after the place `index`, looked for a few places a hold of the lock.
    pub fn view(&self, index: u32) -> Option<View> {
        let mut at = index;
        loop {
            match self.look(at) {
                Ok(view) => return Some(view),
                Err(next) => at = next?,
            }
        }
    }

    /// The first node among the few places at and after `index`; otherwise where to look next, if anywhere.
    ///
    /// # Errors
    /// The next place, `None` at the end.
    pub fn look(&self, index: u32) -> Result<View, Option<u32>> {
        self.forest.lock().look(index)
    }

    /// Whether the node in a place is `top` or was derived from it.
    pub fn is_within(&self, index: u32, top: NodeId) -> bool {
        self.forest.lock().is_within(index, top)
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}
