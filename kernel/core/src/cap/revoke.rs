//! Taking a capability back, with everything that was derived from it.
//!
//! Owns the order of things (design D5): mark, so that the whole subtree is unusable from one moment on;
//! fence, so that what had passed its commit point is through; then sweep in pieces, while the other cores
//! go on, and wake whoever was blocked by what is gone. Nobody waits for a revocation but the revoker.
//! Locks: `TREE` and the object's own, each alone; `REGISTRY` to find holders; then those of a wake.

use super::capability::Capability;
use super::forest::{Freed, Scope};
use super::nodes::NodeId;
use super::object::Object;
use super::tree::Tree;
use crate::actor::ActorId;
use crate::kernel::Kernel;
use tessera_abi::{Error, RevokeReceipt, Rights};

/// A subtree of some object's capabilities, named once and for all.
#[derive(Debug)]
pub struct Subtree {
    object: Object,
    top: NodeId,
    scope: Scope,
}

impl Subtree {
    /// What `capability` is, or has given rise to.
    ///
    /// # Errors
    /// `InvalidArgument` for a reply, from which nothing is derived; `Revoked`.
    pub fn of(capability: &Capability, scope: Scope) -> Result<Self, Error> {
        let top = capability.node().ok_or(Error::InvalidArgument)?;
        capability.check()?;
        Ok(Subtree { object: capability.object().share()?, top, scope })
    }

    fn tree(&self) -> Result<&Tree, Error> {
        self.object.tree().ok_or(Error::InvalidArgument)
    }

    /// What revoking it would do now, and nothing else; zeros when it is gone. `between` is called after
    /// every node, without a lock, and says whether to go on.
    ///
    /// # Errors
    /// `Cancelled` when it was not to go on.
    pub fn count(&self, kernel: &Kernel, mut between: impl FnMut() -> bool) -> Result<RevokeReceipt, Error> {
        let tree = self.tree()?;
        let mut sum = Sum::new(kernel);
        let mut at = Some(0);
        while let Some(place) = at {
            at = match tree.look(place) {
                Ok(view) => {
                    let spared = self.scope == Scope::Below && view.id == self.top;
                    if view.held && !spared && tree.is_within(view.index, self.top) {
                        sum.add(view.id, view.grant.holder, tree, Waiters::Count);
                    }
                    Some(view.index + 1)
                }
                Err(next) => next,
            };
            if !between() {
                return Err(Error::Cancelled);
            }
        }
        Ok(sum.receipt)
    }

    /// Takes it back. `between` is called after every few nodes, without a lock.
    ///
    /// # Errors
    /// `Revoked` when somebody else has done so; `Busy` while somebody does.
    pub fn revoke(&self, kernel: &Kernel, mut between: impl FnMut()) -> Result<RevokeReceipt, Error> {
        let tree = self.tree()?;
        tree.mark(self.top, self.scope)?;
        self.object.fence();
        let mut sum = Sum::new(kernel);
        loop {
            let piece = tree.sweep(self.top);
            for Freed { node, grant, held } in piece.freed() {
                if held {
                    // In this order: an endpoint that closes with it tells its receivers something else.
                    sum.add(node, grant.holder, tree, Waiters::Wake);
                    self.object.granted_no_more(grant.rights);
                }
            }
            if piece.done {
                // What was dropped between mark and sweep was still in the tree when it was, and was not seen to be
                // the last.
                self.object.granted_no_more(Rights::NONE);
                return Ok(sum.receipt);
            }
            between();
        }
    }
}

/// What is done about whoever waits through a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiters {
    Count,
    Wake,
}

/// The receipt as it comes together.
struct Sum<'a> {
    kernel: &'a Kernel,
    number: u64,
    receipt: RevokeReceipt,
}

impl<'a> Sum<'a> {
    fn new(kernel: &'a Kernel) -> Self {
        Sum { kernel, number: kernel.next_revocation(), receipt: RevokeReceipt::default() }
    }

    fn add(&mut self, node: NodeId, holder: u64, tree: &Tree, waiters: Waiters) {
        self.receipt.nodes += 1;
        let Some(holder) = self.kernel.registry().get(ActorId::from_bits(holder)) else { return };
        if holder.count_once(self.number) {
            self.receipt.actors += 1;
        }
        let waits = match waiters {
            Waiters::Wake => holder.interrupt(tree, node),
            Waiters::Count => holder.through().is(tree, node),
        };
        if waits {
            self.receipt.waiters += 1;
        }
    }
}
