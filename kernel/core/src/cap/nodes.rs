//! The nodes of one derivation tree: where they lie and how they hang together.
//!
//! Owns the chunks in which nodes lie, and the links between parent, children and siblings. Invariants: a
//! node never moves and its index never changes; a generation rises when a node is freed, so an id that
//! outlives its node names nothing; every live node is in its parent's list of children exactly once (the
//! tops in the store's own list); growing is fallible and copies no node (only, when it doubles,
//! the list of chunks). No lock of its own and no policy: [`super::forest`] has that.

use alloc::vec::Vec;
use core::num::NonZeroU32;
use tessera_abi::{Error, Rights};

/// No node.
pub(super) const NONE: u32 = u32::MAX;

/// Nodes in a chunk, from the one on with which chunks stop doubling.
const CHUNK_MOST: u32 = 64;

/// The chunk that begins at node [`CHUNK_MOST`].
const FIRST_FULL_CHUNK: u32 = CHUNK_MOST.ilog2();

/// Names one node of one tree, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId {
    pub(super) index: u32,
    /// Never 0, so that no node at all needs no room of its own.
    pub(super) generation: NonZeroU32,
}

impl NodeId {
    /// The id as one word, never 0.
    pub fn bits(self) -> u64 {
        u64::from(self.generation.get()) << 32 | u64::from(self.index)
    }
}

/// What a node grants, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What it allows.
    pub rights: Rights,
    /// The word that whoever serves the object sees.
    pub badge: u64,
    /// The id of the actor in whose table it is; 0 on its way or in the kernel's own hands.
    pub holder: u64,
}

/// How far a revocation has come with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// None is going on here.
    None,
    /// What is below the node is dead and being swept.
    Below,
    /// So is the node itself.
    Whole,
}

#[derive(Debug)]
pub(super) struct Node {
    pub generation: NonZeroU32,
    pub parent: u32,
    pub first_child: u32,
    /// The next sibling; of a free node, the next free one.
    pub next: u32,
    pub previous: u32,
    pub mark: Mark,
    /// Whether a capability stands for it. One that has been dropped stays while two or more hang below.
    pub held: bool,
    pub live: bool,
    pub grant: Grant,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Nodes {
    chunks: Vec<Vec<Node>>,
    first_free: u32,
    first_top: u32,
    live: u32,
    /// One more than the largest index that has ever been in use.
    end: u32,
}

impl Nodes {
    pub fn new() -> Self {
        Nodes { chunks: Vec::new(), first_free: NONE, first_top: NONE, live: 0, end: 0 }
    }

    /// Nodes in use.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// One more than the largest index that has ever been in use.
    pub fn end(&self) -> u32 {
        self.end
    }

    pub fn at(&self, index: u32) -> Option<&Node> {
        let (chunk, place) = position(index);
        self.chunks.get(chunk)?.get(place)
    }

    pub fn at_mut(&mut self, index: u32) -> Option<&mut Node> {
        let (chunk, place) = position(index);
        self.chunks.get_mut(chunk)?.get_mut(place)
    }

    /// The node that `id` names, if it still does.
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.at(id.index).filter(|node| node.live && node.generation == id.generation)
    }

    /// Makes a node, first among the children of `parent` ([`NONE`]: among the tops).
    ///
    /// # Errors
    /// `NoMemory`; nothing has changed then.
    pub fn add(&mut self, parent: u32, grant: Grant) -> Result<NodeId, Error> {
        if self.first_free == NONE {
            self.grow()?;
        }
        let index = self.first_free;
        let node = self.at_mut(index).ok_or(Error::NoMemory)?;
        let (next_free, generation) = (node.next, node.generation);
        let fresh =
            Node { parent, first_child: NONE, mark: Mark::None, held: true, live: true, grant, ..*node };
        *node = fresh;
        self.first_free = next_free;
        self.live += 1;
        self.link_first(parent, index);
        Ok(NodeId { index, generation })
    }

    fn grow(&mut self) -> Result<(), Error> {
        let begin = self.end();
        let room = if begin == 0 { 2 } else { begin.min(CHUNK_MOST) };
        let mut chunk = Vec::new();
        chunk.try_reserve_exact(room as usize).map_err(|_| Error::NoMemory)?;
        // Most objects have a few capabilities and so one chunk for good.
        if begin == 0 {
            self.chunks.try_reserve_exact(1).map_err(|_| Error::NoMemory)?;
        }
        self.chunks.try_reserve(1).map_err(|_| Error::NoMemory)?;
        for index in begin..begin + room {
            let next = if index + 1 < begin + room { index + 1 } else { NONE };
            chunk.push(Node::free(next));
        }
        self.chunks.push(chunk);
        self.end = begin + room;
        self.first_free = begin;
        Ok(())
    }

    /// Frees a node without children; what it granted.
    pub fn free(&mut self, index: u32) -> Option<Grant> {
        self.unlink(index)?;
        let first_free = self.first_free;
        let node = self.at_mut(index)?;
        let grant = node.grant;
        let next = node.generation.checked_add(1);
        *node = Node { generation: next.unwrap_or(NonZeroU32::MAX), ..Node::free(first_free) };
        // A node whose generations are used up is not used again: its ids stay its own.
        if next.is_some() {
            self.first_free = index;
        }
        self.live -= 1;
        Some(grant)
    }

    /// Puts the only child of a node into the node's own place among its siblings, and frees the node.
    pub fn replace_by_only_child(&mut self, index: u32) -> Option<Grant> {
        let node = self.at(index)?;
        let (child, parent) = (node.first_child, node.parent);
        self.unlink(child)?;
        self.link_first(parent, child);
        self.at_mut(child)?.parent = parent;
        self.free(index)
    }

    /// How many children a node has, counted to two.
    pub fn few_children(&self, index: u32) -> u32 {
        let first = self.at(index).map_or(NONE, |node| node.first_child);
        match self.at(first) {
            None => 0,
            Some(child) if child.next == NONE => 1,
            Some(_) => 2,
        }
    }

    fn link_first(&mut self, parent: u32, index: u32) {
        let head = self.head(parent);
        let next = head.map_or(NONE, |head| core::mem::replace(head, index));
        if let Some(node) = self.at_mut(index) {
            node.next = next;
            node.previous = NONE;
        }
        if let Some(second) = self.at_mut(next) {
            second.previous = index;
        }
    }

    fn unlink(&mut self, index: u32) -> Option<()> {
        let node = self.at(index)?;
        let (parent, previous, next) = (node.parent, node.previous, node.next);
        match self.at_mut(previous) {
            Some(before) => before.next = next,
            None => *self.head(parent)? = next,
        }
        if let Some(after) = self.at_mut(next) {
            after.previous = previous;
        }
        Some(())
    }

    fn head(&mut self, parent: u32) -> Option<&mut u32> {
        if parent == NONE {
            return Some(&mut self.first_top);
        }
        self.at_mut(parent).map(|node| &mut node.first_child)
    }
}

impl Node {
    fn free(next: u32) -> Self {
        Node {
            generation: NonZeroU32::MIN,
            parent: NONE,
            first_child: NONE,
            next,
            previous: NONE,
            mark: Mark::None,
            held: false,
            live: false,
            grant: Grant { rights: Rights::NONE, badge: 0, holder: 0 },
        }
    }
}

/// Where a node lies: chunks have 2, 2, 4, 8, 16, 32 and from then on 64 nodes.
fn position(index: u32) -> (usize, usize) {
    if index < 2 {
        return (0, index as usize);
    }
    if index < CHUNK_MOST {
        let chunk = index.ilog2();
        return (chunk as usize, (index - (1 << chunk)) as usize);
    }
    let past = index - CHUNK_MOST;
    ((FIRST_FULL_CHUNK + past / CHUNK_MOST) as usize, (past % CHUNK_MOST) as usize)
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    const GRANT: Grant = Grant { rights: Rights::SEND, badge: 0, holder: 0 };

    #[test]
    fn every_index_has_a_place_of_its_own_and_chunks_are_full() {
        let mut nodes = Nodes::new();
        for wanted in 0..1000 {
            let id = nodes.add(NONE, GRANT).unwrap();
            assert!(id.index < nodes.end(), "{wanted}");
            nodes.at_mut(id.index).unwrap().grant.badge = u64::from(id.index) + 1;
        }
        for index in 0..1000 {
            assert_eq!(nodes.at(index).unwrap().grant.badge, u64::from(index) + 1);
        }
        assert_eq!((nodes.live(), nodes.end()), (1000, 1024));
    }

    #[test]
    fn an_id_names_nothing_once_its_node_is_freed() {
        let mut nodes = Nodes::new();
        let old = nodes.add(NONE, GRANT).unwrap();
        assert_eq!(nodes.free(old.index), Some(GRANT));
        assert!(nodes.get(old).is_none());
        let new = nodes.add(NONE, GRANT).unwrap();
        assert_eq!(new.index, old.index);
        assert!(nodes.get(old).is_none() && nodes.get(new).is_some());
    }

    #[test]
    fn siblings_keep_together_whoever_of_them_goes() {
        for gone in 0..3 {
            let mut nodes = Nodes::new();
            let top = nodes.add(NONE, GRANT).unwrap();
            let children: Vec<_> = (0..3).map(|_| nodes.add(top.index, GRANT).unwrap()).collect();
            nodes.free(children[gone].index);
            let mut at = nodes.at(top.index).unwrap().first_child;
            let mut seen = 0;
            while at != NONE {
                assert_eq!(nodes.at(at).unwrap().parent, top.index);
                at = nodes.at(at).unwrap().next;
                seen += 1;
            }
            assert_eq!((seen, nodes.few_children(top.index)), (2, 2));
        }
    }
}
