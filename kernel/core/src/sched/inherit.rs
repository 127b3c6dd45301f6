//! Priority inheritance along calls: whoever is called runs at least at the level of all who wait for him.
//!
//! Owns two words a party: its *edge*, whom it waits for in a call and which level it gives him, and its *donors*,
//! how many give it each level. Its level is the higher of its own and the highest that somebody gives: no third
//! word says so. It gives what it has itself, so levels travel along a chain of calls; what would not raise the
//! server is not given, and a call among equals counts nothing.
//!
//! Invariant, whenever nobody is at it: every edge gives the level of the party that it goes out from, if that is
//! above the server's own, and a party's donors are the edges that lead to it. A gift is counted before the edge
//! that says so is published, and uncounted after that edge has gone, so no count is ever below its edges.
//!
//! Why it comes to hold: whoever changes a party's level looks at its edge afterwards, and whoever changes an edge
//! looks at the level afterwards. Looking at an edge is a read-modify-write of it, so of the two one comes second
//! and sees both. Whose exchange of an edge fails leaves it to the one who was first, who looks again.
//! A walk along a chain ends after [`LONGEST_CHAIN`] parties; who is further away keeps what it had until its call ends.
//! Takes no lock itself; finding and settling a party take `REGISTRY` and `QUEUE`. Loom model: `tests/loom_inherit.rs`.

use super::levels::{self, LEVELS};
use alloc::sync::Arc;
use khal::sync::atomic::{AtomicU64, Ordering};
use tessera_abi::Priority;

/// How many parties one change is carried to, along a chain of calls.
pub const LONGEST_CHAIN: usize = 16;

/// Who can wait for another of its kind, and be waited for.
pub trait Party: Sized {
    /// Its name: never 0, of [`ID_BITS`] bits, never given to another.
    fn id(&self) -> u64;
    /// The level that it has without donors.
    fn own_priority(&self) -> Priority;
    /// Its two words.
    fn standing(&self) -> &Standing;
    /// The party with this name, while it lives.
    fn find(&self, id: u64) -> Option<Arc<Self>>;
    /// Its level may have changed: it is to be moved to where it belongs.
    fn settle(this: &Arc<Self>);
}

/// Bits of a party's name; those above hold what it gives.
pub const ID_BITS: u32 = 62;

/// Bits of one level's count of donors: more than there are actors.
const COUNT_BITS: u32 = 21;

/// A level counted from the lowest, 0 to 3. The lowest cannot be given: it raises nobody.
type Height = u64;

fn height(priority: Priority) -> Height {
    (LEVELS - 1 - levels::index(priority)) as Height
}

fn priority(height: Height) -> Priority {
    match height {
        0 => Priority::Low,
        1 => Priority::Normal,
        2 => Priority::High,
        _ => Priority::Critical,
    }
}

/// Whom a party waits for, and what it gives him.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Edge(u64);

impl Edge {
    const NONE: Edge = Edge(0);

    fn to(id: u64, gift: Height) -> Self {
        Edge(gift << ID_BITS | id)
    }

    fn id(self) -> u64 {
        self.0 & ((1 << ID_BITS) - 1)
    }

    fn gift(self) -> Height {
        self.0 >> ID_BITS
    }
}

/// See the module.
#[derive(Debug)]
pub struct Standing {
    edge: AtomicU64,
    donors: AtomicU64,
}

impl Standing {
    /// Waiting for nobody, and nobody waits for it.
    pub fn new() -> Self {
        Standing { edge: AtomicU64::new(0), donors: AtomicU64::new(0) }
    }

    /// The name of whom it waits for, 0 for nobody.
    pub fn waits_for(&self) -> u64 {
        // SeqCst: of two who call each other each notes it and then reads the other's note; one sees it.
        Edge(self.edge.load(Ordering::SeqCst)).id()
    }

    /// Whether it raises whom it waits for.
    pub fn gives(&self) -> bool {
        Edge(self.edge.load(Ordering::SeqCst)).gift() != 0
    }

    /// Whether anybody raises it, or would if that were not its own level.
    pub fn has_donors(&self) -> bool {
        self.donors.load(Ordering::SeqCst) != 0
    }

    /// The level of who has `own` without donors.
    pub fn level(&self, own: Priority) -> Priority {
        priority(height(own).max(highest(self.donors.load(Ordering::SeqCst))))
    }

    /// Counts a gift in; whether the level has changed by that.
    fn add(&self, gift: Height) -> bool {
        let Some(one) = one_of(gift) else { return false };
        let before = self.donors.fetch_add(one, Ordering::SeqCst);
        highest(before) != highest(before.wrapping_add(one))
    }

    /// Counts a gift out, that was counted in; whether the level has changed by that.
    fn take(&self, gift: Height) -> bool {
        let Some(one) = one_of(gift) else { return false };
        let before = self.donors.fetch_sub(one, Ordering::SeqCst);
        highest(before) != highest(before.wrapping_sub(one))
    }

    fn replace(&self, seen: Edge, edge: Edge) -> bool {
        self.edge.compare_exchange(seen.0, edge.0, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

impl Default for Standing {
    fn default() -> Self {
        Self::new()
    }
}

/// One donor of this height, in the word that counts them.
fn one_of(gift: Height) -> Option<u64> {
    gift.checked_sub(1).map(|field| 1 << (field as u32 * COUNT_BITS))
}

/// The highest of which there is a donor; 0 for none.
fn highest(donors: u64) -> Height {
    donors.checked_ilog2().map_or(0, |bit| Height::from(bit / COUNT_BITS) + 1)
}

/// What `party` gives `server`: its level, if that raises him.
fn gift<P: Party>(party: &P, server: &P) -> Height {
    let level = height(party.standing().level(party.own_priority()));
    if level > height(server.own_priority()) { level } else { 0 }
}

/// Notes that `party`, whose wait it is and who says so himself, waits for `server` now.
pub fn wait_for<P: Party>(party: &Arc<P>, server: Option<&Arc<P>>) {
    let (edge, raised) = lend(party, server);
    let before = Edge(party.standing().edge.swap(edge.0, Ordering::SeqCst));
    let lowered = take_back(party, before);
    carry_on([raised, lowered]);
    look_again(party, server, edge);
}

/// Notes that `party`, if it waits for whoever has the name `before`, waits for `server` instead; whether it did.
pub fn follow<P: Party>(party: &Arc<P>, before: u64, server: Option<&Arc<P>>) -> bool {
    loop {
        let seen = Edge(party.standing().edge.load(Ordering::SeqCst));
        if seen.id() != before {
            return false;
        }
        let (edge, raised) = lend(party, server);
        let done = party.standing().replace(seen, edge);
        let lowered = take_back(party, if done { seen } else { edge });
        carry_on([raised, lowered]);
        if done {
            look_again(party, server, edge);
            return true;
        }
    }
}

/// The edge to `server`, with its gift counted already; and him, if that has raised him.
fn lend<P: Party>(party: &Arc<P>, server: Option<&Arc<P>>) -> (Edge, Option<Arc<P>>) {
    let Some(server) = server else { return (Edge::NONE, None) };
    let gift = gift(&**party, server);
    let raised = server.standing().add(gift);
    (Edge::to(server.id(), gift), raised.then(|| server.clone()))
}

/// Counts the gift of an edge that has gone; and whom that has lowered. Who has ended is found no more.
fn take_back<P: Party>(party: &Arc<P>, edge: Edge) -> Option<Arc<P>> {
    if edge.gift() == 0 {
        return None;
    }
    let server = party.find(edge.id())?;
    server.standing().take(edge.gift()).then_some(server)
}

fn carry_on<P: Party>(changed: [Option<Arc<P>>; 2]) {
    for party in changed.into_iter().flatten() {
        P::settle(&party);
        refresh(&party);
    }
}

/// The other half of [`refresh`]: the level may have changed before the edge was there to be looked at.
fn look_again<P: Party>(party: &Arc<P>, server: Option<&Arc<P>>, edge: Edge) {
    if server.is_some_and(|server| gift(&**party, server) != edge.gift()) {
        refresh(party);
    }
}

/// Has `party`, whose level may have changed, give that to whom it waits for, and he to the next.
fn refresh<P: Party>(party: &Arc<P>) {
    let mut next = Some(party.clone());
    for _ in 0..LONGEST_CHAIN {
        let Some(party) = next else { return };
        next = pass_on(&party);
    }
}

/// Brings what `party` gives up to date; the one for whom that has changed anything.
fn pass_on<P: Party>(party: &Arc<P>) -> Option<Arc<P>> {
    let mut seen = Edge(party.standing().edge.fetch_or(0, Ordering::SeqCst));
    if seen == Edge::NONE {
        return None;
    }
    let server = party.find(seen.id())?;
    let mut changed = false;
    loop {
        let gift = gift(&**party, &*server);
        if gift == seen.gift() {
            break;
        }
        changed |= server.standing().add(gift);
        let edge = Edge::to(server.id(), gift);
        let done = party.standing().replace(seen, edge);
        changed |= server.standing().take(if done { seen.gift() } else { gift });
        if !done {
            break;
        }
        seen = edge;
    }
    changed.then(|| {
        P::settle(&server);
        server
    })
}

#[cfg(test)]
#[cfg(not(loom))]
#[path = "inherit_tests.rs"]
mod tests;
