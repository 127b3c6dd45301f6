//! The forest against a model that a child could check: nodes with parents, looked at one by one.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use tessera_abi::ObjectKind;

fn grant(holder: u64) -> Grant {
    Grant { rights: Rights::SEND, badge: 0, holder }
}

fn sweep_all(forest: &mut Forest, top: NodeId) -> Vec<Freed> {
    let mut all = Vec::new();
    loop {
        let piece = forest.sweep(top);
        all.extend(piece.freed());
        if piece.done {
            return all;
        }
    }
}

#[test]
fn a_subtree_is_unusable_from_the_mark_on_and_gone_after_the_sweep() {
    let mut forest = Forest::new();
    let top = forest.derive(None, grant(1)).unwrap();
    let middle = forest.derive(Some(top), grant(2)).unwrap();
    let leaf = forest.derive(Some(middle), grant(3)).unwrap();
    let beside = forest.derive(Some(top), grant(4)).unwrap();
    forest.mark(middle, Scope::Whole).unwrap();
    for dead in [middle, leaf] {
        assert_eq!(forest.check(dead), Err(Error::Revoked));
        assert_eq!(forest.derive(Some(dead), grant(9)), Err(Error::Revoked));
    }
    assert_eq!((forest.check(top), forest.check(beside)), (Ok(()), Ok(())));
    let freed: Vec<u64> = sweep_all(&mut forest, middle).iter().map(|freed| freed.grant.holder).collect();
    assert_eq!((freed, forest.live(), forest.is_sweeping()), (vec![3, 2], 2, false));
}

#[test]
fn below_spares_the_node_itself_which_derives_again_afterwards() {
    let mut forest = Forest::new();
    let top = forest.derive(None, grant(1)).unwrap();
    let child = forest.derive(Some(top), grant(2)).unwrap();
    forest.mark(top, Scope::Below).unwrap();
    assert_eq!((forest.check(top), forest.check(child)), (Ok(()), Err(Error::Revoked)));
    assert_eq!(forest.derive(Some(top), grant(3)), Err(Error::Busy), "not while it is swept");
    assert_eq!(forest.mark(top, Scope::Whole), Err(Error::Busy));
    assert_eq!(sweep_all(&mut forest, top).len(), 1);
    assert!(forest.derive(Some(top), grant(3)).is_ok());
}

#[test]
fn a_dropped_node_leaves_its_children_under_whoever_it_came_from() {
    let mut forest = Forest::new();
    let top = forest.derive(None, grant(1)).unwrap();
    let middle = forest.derive(Some(top), grant(2)).unwrap();
    let leaves: Vec<_> = (0..3).map(|n| forest.derive(Some(middle), grant(10 + n)).unwrap()).collect();
    assert_eq!(forest.remove(middle), Some(grant(2)));
    assert_eq!(forest.remove(middle), None, "nothing left to give");
    assert!(leaves.iter().all(|leaf| forest.check(*leaf).is_ok()));
    forest.mark(top, Scope::Below).unwrap();
    assert_eq!(sweep_all(&mut forest, top).iter().filter(|freed| freed.grant.holder >= 10).count(), 3);
    assert_eq!(forest.live(), 1);
}

#[test]
fn a_capability_that_is_only_moved_on_never_gets_too_deep() {
    let mut forest = Forest::new();
    let top = forest.derive(None, grant(1)).unwrap();
    let mut held = forest.derive(Some(top), grant(2)).unwrap();
    for _ in 0..10 * DEPTH_MOST {
        let next = forest.derive(Some(held), grant(2)).unwrap();
        forest.remove(held);
        held = next;
    }
    assert_eq!(forest.live(), 2);
    for _ in 1..DEPTH_MOST {
        held = forest.derive(Some(held), grant(3)).unwrap();
    }
    assert_eq!(forest.derive(Some(held), grant(4)), Err(Error::Full));
}

#[test]
fn nested_revocations_end_both_whoever_is_first() {
    for inner_first in [true, false] {
        let mut forest = Forest::new();
        let top = forest.derive(None, grant(1)).unwrap();
        let inner = forest.derive(Some(top), grant(2)).unwrap();
        for n in 0..200 {
            forest.derive(Some(inner), grant(3 + n)).unwrap();
        }
        forest.mark(inner, Scope::Below).unwrap();
        forest.mark(top, Scope::Below).unwrap();
        let _first_piece = forest.sweep(inner);
        let order = if inner_first { [inner, top] } else { [top, inner] };
        for node in order {
            sweep_all(&mut forest, node);
        }
        assert_eq!((forest.live(), forest.is_sweeping()), (1, false));
    }
}

/// A node of the model: its parent, and whether it is held, usable.
#[derive(Clone, Copy)]
struct Plain {
    id: NodeId,
    grant: Grant,
    parent: Option<usize>,
    held: bool,
    usable: bool,
}

struct Model {
    nodes: Vec<Plain>,
    state: u64,
}

impl Model {
    fn below(&mut self, n: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % n.max(1)
    }

    fn is_within(&self, at: usize, top: usize) -> bool {
        let mut at = Some(at);
        while let Some(index) = at {
            if index == top {
                return true;
            }
            at = self.nodes[index].parent;
        }
        false
    }

    fn revoke(&mut self, top: usize, scope: Scope) {
        for index in 0..self.nodes.len() {
            if self.is_within(index, top) && (index != top || scope == Scope::Whole) {
                self.nodes[index].usable = false;
            }
        }
    }
}

/// Ten thousand random derivations, drops and revocations: after each the forest's index holds exactly the
/// capabilities that a scan of everybody finds, each with what it was given.
#[test]
fn the_index_equals_a_scan_after_any_sequence() {
    for seed in 1..=5u64 {
        let mut forest = Forest::new();
        let mut model = Model { nodes: Vec::new(), state: seed };
        for step in 0..2000 {
            let at = model.below(model.nodes.len() + 1);
            let chosen = model.nodes.get(at).copied();
            match (model.below(10), chosen) {
                (0..6, parent) => {
                    let given =
                        Grant { rights: Rights::of(ObjectKind::Clock), badge: step, holder: step + 1 };
                    let made = forest.derive(parent.map(|parent| parent.id), given);
                    let may = parent.is_none_or(|parent| parent.held && parent.usable);
                    assert!(
                        made.is_ok() == may || made == Err(Error::Full),
                        "seed {seed} step {step}: {made:?}"
                    );
                    if let Ok(id) = made {
                        let parent = parent.map(|_| at);
                        model.nodes.push(Plain { id, grant: given, parent, held: true, usable: true });
                    }
                }
                (6..9, Some(node)) if node.held => {
                    assert_eq!(forest.remove(node.id).is_some(), node.usable);
                    model.nodes[at].held = false;
                }
                (_, Some(node)) if node.held => {
                    let scope = if model.below(2) == 0 { Scope::Below } else { Scope::Whole };
                    assert_eq!(forest.mark(node.id, scope).is_ok(), node.usable);
                    if node.usable {
                        model.revoke(at, scope);
                        sweep_all(&mut forest, node.id);
                    }
                }
                _ => {}
            }
            if step % 20 == 0 {
                compare(&forest, &model, seed, step);
            }
        }
        compare(&forest, &model, seed, 2000);
    }
}

fn compare(forest: &Forest, model: &Model, seed: u64, step: u64) {
    let expected = model.nodes.iter().filter(|node| node.held && node.usable);
    assert!(expected.clone().all(|node| forest.check(node.id).is_ok()), "seed {seed} step {step}");
    let revoked = model.nodes.iter().filter(|node| !node.usable);
    assert!(revoked.clone().all(|node| forest.check(node.id).is_err()), "seed {seed} step {step}");
    let (mut held, mut at) = (0, Some(0));
    while let Some(place) = at {
        at = match forest.look(place) {
            Ok(view) => {
                held += usize::from(view.held && view.usable);
                let apart = forest.nodes.few_children(view.index) == 2;
                assert!(view.held || apart, "a node that holds nothing apart");
                if view.held {
                    let plain = model.nodes.iter().find(|node| node.id == view.id).unwrap();
                    assert_eq!(view.grant, plain.grant, "seed {seed} step {step}");
                }
                Some(view.index + 1)
            }
            Err(next) => next,
        };
    }
    assert_eq!(held, expected.count(), "seed {seed} step {step}: the index and a scan differ");
}
