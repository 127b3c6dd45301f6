//! Inheritance among parties that do nothing else, against what it should come to.

use super::*;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

/// Stands for the registry.
type World = Rc<RefCell<Vec<Arc<Node>>>>;

struct Node {
    id: u64,
    own: Priority,
    standing: Standing,
    world: World,
    /// The level at which it was last moved to its place.
    settled: Cell<Priority>,
}

impl Party for Node {
    fn id(&self) -> u64 {
        self.id
    }
    fn own_priority(&self) -> Priority {
        self.own
    }
    fn standing(&self) -> &Standing {
        &self.standing
    }
    fn find(&self, id: u64) -> Option<Arc<Self>> {
        self.world.borrow().iter().find(|node| node.id == id).cloned()
    }
    fn settle(this: &Arc<Self>) {
        this.settled.set(this.level());
    }
}

impl Node {
    fn level(&self) -> Priority {
        self.standing.level(self.own)
    }
}

#[expect(clippy::arc_with_non_send_sync, reason = "a party is nothing else, and one thread is here")]
fn world(own: &[Priority]) -> (World, Vec<Arc<Node>>) {
    let world = World::default();
    for (at, &own) in own.iter().enumerate() {
        let (id, settled) = (at as u64 + 1, Cell::new(own));
        let node = Node { id, own, standing: Standing::new(), world: world.clone(), settled };
        world.borrow_mut().push(Arc::new(node));
    }
    let nodes = world.borrow().clone();
    (world, nodes)
}

/// Nodes and world keep each other alive.
fn forget(world: &World) {
    world.borrow_mut().clear();
}

#[test]
fn whoever_is_called_has_the_level_of_the_highest_who_waits_for_it() {
    let (world, nodes) = world(&[Priority::Low, Priority::High, Priority::Normal, Priority::Low]);
    let [server, high, normal, equal] = &nodes[..] else { panic!() };
    for (caller, level) in [(equal, Priority::Low), (high, Priority::High), (normal, Priority::High)] {
        wait_for(caller, Some(server));
        assert_eq!((server.level(), server.settled.get()), (level, level));
    }
    assert!(!equal.standing.gives(), "among equals nothing is given");
    wait_for(high, None);
    assert_eq!((server.level(), server.settled.get()), (Priority::Normal, Priority::Normal));
    wait_for(normal, None);
    assert_eq!((server.level(), server.settled.get()), (Priority::Low, Priority::Low));
    assert!(!server.standing.has_donors());
    forget(&world);
}

#[test]
fn a_level_travels_along_a_chain_whichever_end_it_is_made_from() {
    for backwards in [false, true] {
        let (world, nodes) = world(&[Priority::Critical, Priority::Normal, Priority::Low, Priority::High]);
        let mut calls: Vec<_> = nodes.windows(2).collect();
        if backwards {
            calls.reverse();
        }
        for pair in &calls {
            wait_for(&pair[0], Some(&pair[1]));
        }
        assert!(nodes.iter().all(|node| node.level() == Priority::Critical));
        wait_for(&nodes[0], None);
        let levels: Vec<_> = nodes.iter().map(|node| node.level()).collect();
        assert_eq!(levels, [Priority::Critical, Priority::Normal, Priority::Normal, Priority::High]);
        forget(&world);
    }
}

#[test]
fn a_call_that_is_handed_on_raises_the_next_and_not_the_last() {
    let (world, nodes) = world(&[Priority::High, Priority::Low, Priority::Low]);
    let [caller, first, second] = &nodes[..] else { panic!() };
    wait_for(caller, Some(first));
    assert!(follow(caller, first.id, Some(second)));
    assert_eq!((first.level(), second.level()), (Priority::Low, Priority::High));
    assert!(!follow(caller, first.id, None), "it does not wait for him any more");
    assert!(follow(caller, second.id, None));
    assert_eq!(second.level(), Priority::Low);
    forget(&world);
}

/// Two who wait for each other keep each other up as long as they do, and no longer.
#[test]
fn a_circle_comes_down_when_it_is_broken() {
    let (world, nodes) = world(&[Priority::Critical, Priority::Low, Priority::Normal]);
    let [outside, one, other] = &nodes[..] else { panic!() };
    wait_for(one, Some(other));
    wait_for(other, Some(one));
    wait_for(outside, Some(one));
    assert_eq!((one.level(), other.level()), (Priority::Critical, Priority::Critical));
    wait_for(outside, None);
    wait_for(other, None);
    assert_eq!((one.level(), other.level()), (Priority::Low, Priority::Normal));
    wait_for(one, None);
    assert!(nodes.iter().all(|node| !node.standing.has_donors()));
    forget(&world);
}

#[test]
fn who_has_ended_is_raised_no_more_and_takes_nobody_along() {
    let (world, nodes) = world(&[Priority::High, Priority::Low]);
    wait_for(&nodes[0], Some(&nodes[1]));
    world.borrow_mut().pop();
    wait_for(&nodes[0], None);
    assert_eq!(nodes[0].standing.waits_for(), 0);
    forget(&world);
}

#[test]
fn a_chain_of_any_length_comes_down_with_its_calls() {
    let mut own = [Priority::Low; LONGEST_CHAIN + 8];
    own[0] = Priority::Critical;
    let (world, nodes) = world(&own);
    for pair in nodes.windows(2) {
        wait_for(&pair[0], Some(&pair[1]));
    }
    wait_for(&nodes[0], None);
    assert!(nodes[1..=LONGEST_CHAIN].iter().all(|node| node.level() == Priority::Low));
    for node in nodes.iter().rev() {
        wait_for(node, None);
    }
    assert!(nodes.iter().all(|node| !node.standing.has_donors()));
    forget(&world);
}

/// What the levels should be, found the long way round.
fn expected(nodes: &[Arc<Node>], server: &[Option<usize>]) -> Vec<Priority> {
    let mut levels: Vec<_> = nodes.iter().map(|node| node.own).collect();
    for _ in nodes {
        for (caller, server) in server.iter().enumerate() {
            if let Some(server) = *server {
                // The lower number is the higher priority.
                levels[server] = core::cmp::min_by_key(levels[server], levels[caller], |level| *level as u8);
            }
        }
    }
    levels
}

/// Whether a call of `caller` to `server` would close a circle.
fn closes(server: &[Option<usize>], caller: usize, called: usize) -> bool {
    core::iter::successors(Some(called), |&at| server[at]).any(|at| at == caller)
}

#[test]
fn after_any_sequence_of_calls_answers_hand_ons_and_ends_all_levels_are_right() {
    const NODES: usize = 10;
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut roll = |below: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        (dice % below as u64) as usize
    };
    for _ in 0..200 {
        let own: Vec<_> = (0..NODES).map(|_| priority(roll(LEVELS) as Height)).collect();
        let (world, nodes) = world(&own);
        let mut server = [None; NODES];
        for _ in 0..200 {
            let (caller, other) = (roll(NODES), roll(NODES));
            let good = !closes(&server, caller, other);
            match server[caller] {
                Some(_) if roll(2) == 0 => {
                    server[caller] = None;
                    wait_for(&nodes[caller], None);
                }
                Some(before) if good => {
                    server[caller] = Some(other);
                    assert!(follow(&nodes[caller], nodes[before].id, Some(&nodes[other])));
                }
                None if good => {
                    server[caller] = Some(other);
                    wait_for(&nodes[caller], Some(&nodes[other]));
                }
                _ => {}
            }
            let levels: Vec<_> = nodes.iter().map(|node| node.level()).collect();
            assert_eq!(levels, expected(&nodes, &server));
            assert!(nodes.iter().all(|node| node.settled.get() == node.level()), "one was not moved");
        }
        nodes.iter().for_each(|node| wait_for(node, None));
        assert!(nodes.iter().all(|node| !node.standing.has_donors()), "a donor was left behind");
        forget(&world);
    }
}
