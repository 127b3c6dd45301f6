//! A first-in first-out list of shared things, linked through themselves.
//!
//! Owns the order, not the things: each is kept alive by the list while it is on it. Pushing
//! allocates nothing, so a wake-up cannot fail. A thing is on at most one list at a time, which
//! its owner sees to (here: the scheduler's states); the link is taken and put back only under the
//! lock that guards the list.

use alloc::sync::Arc;
use khal::sync::ArcSlot;

/// What can be on a [`Fifo`].
pub trait Linked: Sized {
    /// The place in the thing that holds its successor.
    fn link(&self) -> &ArcSlot<Self>;
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
            Some(last) => drop(last.link().put(Some(thing))),
            None => self.head = Some(thing),
        }
        self.len += 1;
    }

    /// Puts `thing` at the front.
    pub fn push_front(&mut self, thing: Arc<T>) {
        match self.head.take() {
            Some(first) => drop(thing.link().put(Some(first))),
            None => self.tail = Some(thing.clone()),
        }
        self.head = Some(thing);
        self.len += 1;
    }

    /// Takes the first thing.
    pub fn pop_front(&mut self) -> Option<Arc<T>> {
        let first = self.head.take()?;
        self.head = first.link().put(None);
        if self.head.is_none() {
            self.tail = None;
        }
        self.len -= 1;
        Some(first)
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

    struct Item(u32, ArcSlot<Item>);
    impl Linked for Item {
        fn link(&self) -> &ArcSlot<Item> {
            &self.1
        }
    }
    fn item(n: u32) -> Arc<Item> {
        Arc::new(Item(n, ArcSlot::new()))
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
