//! A first-in first-out list of shared things, linked through themselves both ways.
//!
//! Owns the order, not the things: each is kept alive by the list while it is on it. Pushing
//! allocates nothing, so a wake-up cannot fail, and one is taken out of the middle without a walk. A thing is
//! on at most one list at a time, which its owner sees to (here: the scheduler's states); the links are taken
//! and put back only under the lock that guards the list. Neighbours keep each other alive, and nothing else
//! breaks that ring: a list that goes takes everything off first.

use alloc::sync::Arc;
use khal::sync::ArcSlot;

/// The places in a thing that hold its neighbours on a list; empty while it is on none.
#[derive(Debug)]
pub struct Links<T> {
    next: ArcSlot<T>,
    previous: ArcSlot<T>,
}

impl<T> Links<T> {
    /// On no list.
    pub fn new() -> Self {
        Links { next: ArcSlot::new(), previous: ArcSlot::new() }
    }
}

impl<T> Default for Links<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// What can be on a [`Fifo`].
pub trait Linked: Sized {
    /// Its links.
    fn links(&self) -> &Links<Self>;
}

/// See the module.
#[derive(Debug)]
pub struct Fifo<T: Linked> {
    head: Option<Arc<T>>,
    tail: Option<Arc<T>>,
    len: usize,
}

impl<T: Linked> Fifo<T> {
    /// An empty list.
    pub const fn new() -> Self {
        Fifo { head: None, tail: None, len: 0 }
    }

    /// How many things are on the list.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is on the list.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts `thing` at the end.
    pub fn push_back(&mut self, thing: Arc<T>) {
        match self.tail.replace(thing.clone()) {
            Some(last) => {
                drop(last.links().next.put(Some(thing.clone())));
                drop(thing.links().previous.put(Some(last)));
            }
            None => self.head = Some(thing),
        }
        self.len += 1;
    }

    /// Puts `thing` at the front.
    pub fn push_front(&mut self, thing: Arc<T>) {
        match self.head.take() {
            Some(first) => {
                drop(first.links().previous.put(Some(thing.clone())));
                drop(thing.links().next.put(Some(first)));
            }
            None => self.tail = Some(thing.clone()),
        }
        self.head = Some(thing);
        self.len += 1;
    }

    /// Takes the first thing.
    pub fn pop_front(&mut self) -> Option<Arc<T>> {
        let first = self.head.take()?;
        self.head = first.links().next.put(None);
        match &self.head {
            Some(second) => drop(second.links().previous.put(None)),
            None => self.tail = None,
        }
        self.len -= 1;
        Some(first)
    }

    /// Takes `thing`, which is on this list, from wherever it is.
    pub fn remove(&mut self, thing: &Arc<T>) {
        let next = thing.links().next.put(None);
        let previous = thing.links().previous.put(None);
        match &next {
            Some(next) => drop(next.links().previous.put(previous.clone())),
            None => self.tail = previous.clone(),
        }
        match &previous {
            Some(previous) => drop(previous.links().next.put(next)),
            None => self.head = next,
        }
        self.len -= 1;
    }
}

impl<T: Linked> Default for Fifo<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Linked> Drop for Fifo<T> {
    /// One at a time: dropping the head whole would recurse through every link.
    fn drop(&mut self) {
        while self.pop_front().is_some() {}
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    struct Item(u32, Links<Item>);
    impl Linked for Item {
        fn links(&self) -> &Links<Item> {
            &self.1
        }
    }
    fn item(n: u32) -> Arc<Item> {
        Arc::new(Item(n, Links::new()))
    }
    fn drain(list: &mut Fifo<Item>) -> Vec<u32> {
        core::iter::from_fn(|| list.pop_front()).map(|item| item.0).collect()
    }

    #[test]
    fn order_is_kept_at_both_ends() {
        let mut list = Fifo::new();
        list.push_back(item(2));
        list.push_back(item(3));
        list.push_front(item(1));
        assert_eq!(list.len(), 3);
        assert_eq!(drain(&mut list), [1, 2, 3]);
        list.push_front(item(5));
        list.push_back(item(6));
        assert_eq!(drain(&mut list), [5, 6]);
    }

    #[test]
    fn whatever_is_taken_out_leaves_the_others_in_order_and_itself_free() {
        for gone in 0..4 {
            let items: Vec<_> = (0..4).map(item).collect();
            let mut list = Fifo::new();
            items.iter().for_each(|item| list.push_back(item.clone()));
            list.remove(&items[gone]);
            assert_eq!((list.len(), Arc::strong_count(&items[gone])), (3, 1));
            // It can go on a list again, this one too.
            list.push_back(items[gone].clone());
            list.remove(&items[gone]);
            let left: Vec<u32> = (0..4).filter(|&n| n as usize != gone).collect();
            assert_eq!(drain(&mut list), left);
            assert!(items.iter().all(|item| Arc::strong_count(item) == 1));
        }
    }

    #[test]
    fn the_only_one_can_be_taken_out() {
        let (mut list, only) = (Fifo::new(), item(1));
        list.push_front(only.clone());
        list.remove(&only);
        assert!(list.is_empty() && list.pop_front().is_none());
        list.push_back(item(2));
        assert_eq!(drain(&mut list), [2]);
    }

    #[test]
    fn a_dropped_list_lets_go_of_everything() {
        let kept = item(0);
        let mut list = Fifo::new();
        for n in 1..100_000 {
            list.push_back(item(n));
        }
        list.push_back(kept.clone());
        drop(list);
        assert_eq!(Arc::strong_count(&kept), 1);
    }
}
