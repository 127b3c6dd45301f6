//! Models of priority inheritance: the kernel's own edges and counts of donors, while several who call, answer and
//! hand on change them at once.
//!
//! Each model has twins in which one party does not look at what it should; a twin must panic, else the model
//! sees nothing. They need no copy of the steps: a party that finds nobody when it looks whom it waits for carries nothing
//! on, as if it had not looked.
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3`; it does nothing otherwise.
#![cfg(loom)]

use std::sync::Arc;
use tessera_abi::Priority;
use tessera_core::sched::inherit::{Party, Standing, follow, wait_for};

/// A view of a party: several of them share its standing.
#[derive(Clone)]
struct Node {
    id: u64,
    own: Priority,
    standings: Arc<Vec<Standing>>,
    /// Whether who uses this view finds whom the party waits for.
    looks: bool,
}

const CALLER: usize = 0;
const SERVER: usize = 1;
const URGENT: usize = 2;
const OTHER: usize = 3;
const OWN: [Priority; 4] = [Priority::Normal, Priority::Low, Priority::Critical, Priority::Low];

impl Party for Node {
    fn id(&self) -> u64 {
        self.id
    }

    fn own_priority(&self) -> Priority {
        self.own
    }

    fn standing(&self) -> &Standing {
        &self.standings[self.id as usize - 1]
    }

    fn find(&self, id: u64) -> Option<Arc<Self>> {
        self.looks.then(|| view(&self.standings, id as usize - 1))
    }

    fn settle(_: &Arc<Self>) {}
}

fn view(standings: &Arc<Vec<Standing>>, at: usize) -> Arc<Node> {
    let standings = standings.clone();
    Arc::new(Node { id: at as u64 + 1, own: OWN[at], standings, looks: true })
}

fn blind(node: &Arc<Node>) -> Arc<Node> {
    Arc::new(Node { looks: false, ..Node::clone(node) })
}

fn parties() -> [Arc<Node>; 4] {
    let standings = Arc::new((0..OWN.len()).map(|_| Standing::new()).collect());
    [CALLER, SERVER, URGENT, OTHER].map(|at| view(&standings, at))
}

fn level(node: &Node) -> Priority {
    node.standing().level(node.own)
}

/// As the parties see each other; a twin has one look away.
type See = fn(&Arc<Node>) -> Arc<Node>;

/// A caller calls its server while somebody urgent calls the caller; then all of them leave.
fn call_while_called(at_caller: See, at_urgent: See) {
    loom::model(move || {
        let [caller, server, urgent, _] = parties();
        let (calls, called) = (at_caller(&caller), at_urgent(&caller));
        let at_other = urgent.clone();
        let other = loom::thread::spawn(move || wait_for(&at_other, Some(&called)));
        wait_for(&calls, Some(&server));
        other.join().unwrap();
        assert_eq!(level(&server), Priority::Critical, "a level was not carried on");
        wait_for(&urgent, None);
        assert_eq!(level(&server), Priority::Normal, "a level was kept");
        wait_for(&caller, None);
        assert!(!server.standing().has_donors(), "a donor was left behind");
    });
}

#[test]
fn a_level_is_carried_on_however_close_the_calls_come() {
    call_while_called(Clone::clone, Clone::clone);
}

/// The planted bug: who has published whom it waits for does not look at its own level again.
#[test]
#[should_panic(expected = "a level was not carried on")]
fn a_caller_that_does_not_look_again_is_found() {
    call_while_called(blind, Clone::clone);
}

/// The planted bug: who raises somebody does not look whom he waits for.
#[test]
#[should_panic(expected = "a level was not carried on")]
fn whoever_raises_without_looking_on_is_found() {
    call_while_called(Clone::clone, blind);
}

/// A raised caller is answered while the one who raised it gives up: the server keeps nothing of either.
fn answer_while_left(at_answer: See, at_urgent: See) {
    loom::model(move || {
        let [caller, server, urgent, _] = parties();
        wait_for(&caller, Some(&server));
        wait_for(&urgent, Some(&caller));
        let (answered, leaves) = (at_answer(&caller), at_urgent(&urgent));
        let other = loom::thread::spawn(move || wait_for(&leaves, None));
        assert!(follow(&answered, server.id, None));
        other.join().unwrap();
        assert!(
            !server.standing().has_donors() && !caller.standing().has_donors(),
            "a donor was left behind"
        );
        assert_eq!((level(&caller), level(&server)), (Priority::Normal, Priority::Low));
    });
}

#[test]
fn no_donor_is_left_behind_by_an_answer_or_by_who_gives_up() {
    answer_while_left(Clone::clone, Clone::clone);
}

/// The planted bug: the answer does not take back what the caller gave.
#[test]
#[should_panic(expected = "a donor was left behind")]
fn an_answer_that_takes_nothing_back_is_found() {
    answer_while_left(blind, Clone::clone);
}

/// The planted bug: who gives up takes nothing back.
#[test]
#[should_panic(expected = "a donor was left behind")]
fn whoever_gives_up_and_takes_nothing_back_is_found() {
    answer_while_left(Clone::clone, blind);
}

/// A call is handed on while somebody urgent calls the caller.
fn hand_on_while_called(at_hand_on: See, at_urgent: See) {
    loom::model(move || {
        let [caller, server, urgent, next] = parties();
        wait_for(&caller, Some(&server));
        let (handed, called) = (at_hand_on(&caller), at_urgent(&caller));
        let other = loom::thread::spawn(move || wait_for(&urgent, Some(&called)));
        assert!(follow(&handed, server.id, Some(&next)));
        other.join().unwrap();
        assert_eq!(level(&next), Priority::Critical, "a level was not carried on");
        assert!(!server.standing().has_donors(), "a donor was left behind");
    });
}

#[test]
fn who_is_handed_a_call_has_all_of_its_level_and_who_had_it_none() {
    hand_on_while_called(Clone::clone, Clone::clone);
}

/// The planted bug: who raises somebody does not look whom he waits for by now.
#[test]
#[should_panic(expected = "a level was not carried on")]
fn whoever_raises_who_is_handed_on_without_looking_is_found() {
    hand_on_while_called(Clone::clone, blind);
}
