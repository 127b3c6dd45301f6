//! What a tree's lock guards: who derived what from whom, and what of it is dead.
//!
//! Owns the nodes of one object and the rules of derivation and revocation (design D5). Invariants:
//! * A node is usable exactly if it is live, not marked whole, and no node above it is marked: from the
//!   moment of a mark the whole subtree is unusable, and nothing can be added to it.
//! * A node whose capability has been dropped hands its children to its parent. With one child it is
//!   replaced by it at once; with more it stays, without a holder, until one is left: so dropping takes
//!   the same short time however many hang below, and a capability that is only ever moved on stays at
//!   the depth it has.
//! * A node is at most [`DEPTH_MOST`] below its top, so a look upwards is bounded.
//! * A sweep frees at most so many nodes a piece, leaves first, and finds its way anew from the marked
//!   node each time: whatever happens between two pieces cannot lead it astray.

use super::nodes::{Grant, Mark, NONE, NodeId, Nodes};
use tessera_abi::{Error, Rights};

/// How long a chain of derivations may be.
pub const DEPTH_MOST: u32 = 64;

/// Nodes that one piece of a sweep frees at the most, and one piece of a walk looks at.
pub const PIECE_NODES: usize = 64;

/// Whether what was asked to be revoked goes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only what has been derived from it.
    Below,
    /// That, and it itself.
    Whole,
}

/// A node that a sweep has freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freed {
    /// Which.
    pub node: NodeId,
    /// What it granted.
    pub grant: Grant,
    /// Whether a capability stood for it; otherwise it had been dropped before.
    pub held: bool,
}

/// One piece of a sweep.
#[derive(Debug)]
pub struct Piece {
    freed: [Option<Freed>; PIECE_NODES],
    count: usize,
    /// Whether the sweep is over.
    pub done: bool,
}

impl Piece {
    fn new() -> Self {
        Piece { freed: [None; PIECE_NODES], count: 0, done: false }
    }

    /// What it freed.
    pub fn freed(&self) -> impl Iterator<Item = Freed> + '_ {
        self.freed.iter().take(self.count).flatten().copied()
    }
}

/// A node as listings show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Its place; a walk goes on one further.
    pub index: u32,
    /// Which it is.
    pub id: NodeId,
    /// What it grants, and to whom.
    pub grant: Grant,
    /// The place of the node that it was derived from.
    pub parent: Option<u32>,
    /// Nodes above it.
    pub depth: u32,
    /// Whether a capability stands for it.
    pub held: bool,
    /// Whether it can be used.
    pub usable: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Forest {
    nodes: Nodes,
    sweeps: u32,
}

impl Forest {
    pub fn new() -> Self {
        Forest { nodes: Nodes::new(), sweeps: 0 }
    }

    /// Whether any sweep is going on.
    pub fn is_sweeping(&self) -> bool {
        self.sweeps > 0
    }

    /// Nodes in use.
    pub fn live(&self) -> u32 {
        self.nodes.live()
    }

    /// Makes a node below `parent`, or a top.
    ///
    /// # Errors
    /// `Revoked` below a node that is unusable, `Busy` below one whose own offspring is being swept; `Full` at
    /// the greatest depth; `NoMemory`.
    pub fn derive(&mut self, parent: Option<NodeId>, grant: Grant) -> Result<NodeId, Error> {
        let Some(parent) = parent else { return self.nodes.add(NONE, grant) };
        self.check(parent)?;
        if self.nodes.get(parent).is_some_and(|node| node.mark != Mark::None) {
            return Err(Error::Busy);
        }
        if self.depth(parent.index) >= DEPTH_MOST {
            return Err(Error::Full);
        }
        self.nodes.add(parent.index, grant)
    }

    /// Whether a node can be used.
    ///
    /// # Errors
    /// `Revoked`.
    pub fn check(&self, id: NodeId) -> Result<(), Error> {
        let node = self.nodes.get(id).filter(|node| node.held).ok_or(Error::Revoked)?;
        if node.mark == Mark::Whole || self.is_sweeping() && self.is_below_a_mark(node.parent) {
            return Err(Error::Revoked);
        }
        Ok(())
    }

    fn is_below_a_mark(&self, parent: u32) -> bool {
        let mut at = parent;
        while let Some(node) = self.nodes.at(at) {
            if node.mark != Mark::None {
                return true;
            }
            at = node.parent;
        }
        false
    }

    fn depth(&self, index: u32) -> u32 {
        let mut at = self.nodes.at(index).map_or(NONE, |node| node.parent);
        let mut depth = 0;
        while let Some(node) = self.nodes.at(at) {
            depth += 1;
            at = node.parent;
        }
        depth
    }

    /// Notes who holds a node now.
    pub fn set_holder(&mut self, id: NodeId, holder: u64) {
        if self.nodes.get(id).is_some()
            && let Some(node) = self.nodes.at_mut(id.index)
        {
            node.grant.holder = holder;
        }
    }

    /// A node's capability has been dropped: what it granted, unless a sweep has freed it already.
    pub fn remove(&mut self, id: NodeId) -> Option<Grant> {
        let node = self.nodes.get(id).filter(|node| node.held)?;
        let (grant, marked) = (node.grant, node.mark != Mark::None);
        let node = self.nodes.at_mut(id.index)?;
        node.held = false;
        node.grant = Grant { rights: Rights::NONE, badge: grant.badge, holder: 0 };
        if marked {
            // Its sweep needs it to find its way, and takes it along in the end.
            node.mark = Mark::Whole;
        } else {
            self.collapse(id.index);
        }
        Some(grant)
    }

    /// Takes nodes out that nobody holds and that hold nothing apart, upwards from `index`.
    fn collapse(&mut self, index: u32) {
        let mut at = index;
        while let Some(node) = self.nodes.at(at) {
            if node.held || node.mark != Mark::None {
                return;
            }
            let parent = node.parent;
            match self.nodes.few_children(at) {
                0 => self.nodes.free(at),
                1 => self.nodes.replace_by_only_child(at),
                _ => return,
            };
            at = parent;
        }
    }

    /// Makes a subtree unusable, at once. The sweep is then owed.
    ///
    /// # Errors
    /// `Revoked` when it is unusable already.
    pub fn mark(&mut self, id: NodeId, scope: Scope) -> Result<(), Error> {
        self.check(id)?;
        let node = self.nodes.at_mut(id.index).ok_or(Error::Revoked)?;
        if node.mark != Mark::None {
            // Somebody else sweeps below it at this moment; only one can own the mark.
            return Err(Error::Busy);
        }
        node.mark = if scope == Scope::Whole { Mark::Whole } else { Mark::Below };
        self.sweeps += 1;
        Ok(())
    }

    /// Frees the next nodes of a marked subtree.
    pub fn sweep(&mut self, id: NodeId) -> Piece {
        let mut piece = Piece::new();
        while piece.count < PIECE_NODES && !piece.done {
            match self.next_leaf(id) {
                Some(leaf) if leaf != id.index => self.take(leaf, &mut piece),
                Some(_) => self.finish(id, &mut piece),
                // A sweep of something above has taken the marked node too.
                None => piece.done = true,
            }
        }
        if piece.done {
            self.sweeps -= 1;
        }
        piece
    }

    fn finish(&mut self, id: NodeId, piece: &mut Piece) {
        let below = self.nodes.get(id).is_some_and(|node| node.mark == Mark::Below);
        if below && let Some(node) = self.nodes.at_mut(id.index) {
            node.mark = Mark::None;
        } else {
            self.take(id.index, piece);
        }
        piece.done = true;
    }

    fn take(&mut self, index: u32, piece: &mut Piece) {
        let Some(node) = self.nodes.at(index) else { return };
        let (id, parent, held) = (NodeId { index, generation: node.generation }, node.parent, node.held);
        if let (Some(grant), Some(place)) = (self.nodes.free(index), piece.freed.get_mut(piece.count)) {
            *place = Some(Freed { node: id, grant, held });
            piece.count += 1;
        }
        // Above the swept subtree somebody may have stayed only because of this child.
        self.collapse(parent);
    }

    /// A node without children at or below a live one.
    fn next_leaf(&self, id: NodeId) -> Option<u32> {
        self.nodes.get(id)?;
        let mut at = id.index;
        while let Some(child) = self.nodes.at(at).map(|node| node.first_child).filter(|child| *child != NONE)
        {
            at = child;
        }
        Some(at)
    }

    /// The first node among the few at and after `index`; otherwise where to look next, if anywhere.
    pub fn look(&self, index: u32) -> Result<View, Option<u32>> {
        let end = self.nodes.end().min(index.saturating_add(PIECE_NODES as u32));
        let next = (end < self.nodes.end()).then_some(end);
        (index..end).find_map(|index| self.view(index)).ok_or(next)
    }

    /// The node in this place.
    fn view(&self, index: u32) -> Option<View> {
        let node = self.nodes.at(index).filter(|node| node.live)?;
        let id = NodeId { index, generation: node.generation };
        Some(View {
            index,
            id,
            grant: node.grant,
            parent: (node.parent != NONE).then_some(node.parent),
            depth: self.depth(index),
            held: node.held,
            usable: self.check(id).is_ok(),
        })
    }

    /// Whether the node at `index` is `top` or hangs below it.
    pub fn is_within(&self, index: u32, top: NodeId) -> bool {
        let mut at = index;
        while let Some(node) = self.nodes.at(at) {
            if at == top.index {
                return self.nodes.get(top).is_some();
            }
            at = node.parent;
        }
        false
    }
}

#[cfg(test)]
#[cfg(not(loom))]
#[path = "forest_tests.rs"]
mod tests;
