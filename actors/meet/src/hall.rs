//! Where everybody meets: one of each primitive, and a ledger of what happened there.
//!
//! Owns: how they are made, handed on and found again under the same names.

use actor_sdk::sync::{Barrier, Condvar, Mutex, Once, RwLock, Semaphore, Shared};
use actor_sdk::{Error, Factory, Plan};

/// How many may be inside at once.
pub const LANES: u32 = 2;

/// What is written down: how many are inside now, how many were at most, how often somebody was, and how often a worker
/// was the last at the barrier.
pub type Ledger = [u64; 4];

/// One of each.
#[derive(Debug)]
pub struct Hall {
    /// Lets two in.
    pub lanes: Semaphore,
    /// What has happened.
    pub ledger: Mutex<Ledger>,
    /// Between two rounds.
    pub round: Barrier,
    /// What is made once: the number of its making.
    pub seed: Once<u64>,
    /// How often it has been made.
    pub made: Mutex<u64>,
    /// Guards the two pages.
    pub book: RwLock,
    /// Are equal whenever somebody has the book.
    pub pages: [Mutex<u64>; 2],
    /// Whether the gate is open.
    pub gate: Mutex<u64>,
    /// Tells of the gate.
    pub opened: Condvar,
}

impl Hall {
    /// A hall for so many workers.
    ///
    /// # Errors
    /// Those of the factory.
    pub fn new(factory: &Factory, workers: u32) -> Result<Self, Error> {
        Ok(Self {
            lanes: Semaphore::new(factory, LANES)?,
            ledger: Mutex::new(factory, &[0; 4])?,
            round: Barrier::new(factory, workers)?,
            seed: Once::new(factory)?,
            made: Mutex::new(factory, &0)?,
            book: RwLock::new(factory, workers)?,
            pages: [Mutex::new(factory, &0)?, Mutex::new(factory, &0)?],
            gate: Mutex::new(factory, &0)?,
            opened: Condvar::new(factory)?,
        })
    }
}

impl Shared for Hall {
    fn grant_to(&self, plan: Plan, _name: &str) -> Plan {
        let plan = plan.share("lanes", &self.lanes).share("ledger", &self.ledger).share("round", &self.round);
        let plan = plan.share("seed", &self.seed).share("made", &self.made).share("book", &self.book);
        let [left, right] = &self.pages;
        let plan = plan.share("left", left).share("right", right);
        plan.share("gate", &self.gate).share("opened", &self.opened)
    }

    fn find(_name: &str) -> Result<Self, Error> {
        Ok(Self {
            lanes: Shared::find("lanes")?,
            ledger: Shared::find("ledger")?,
            round: Shared::find("round")?,
            seed: Shared::find("seed")?,
            made: Shared::find("made")?,
            book: Shared::find("book")?,
            pages: [Shared::find("left")?, Shared::find("right")?],
            gate: Shared::find("gate")?,
            opened: Shared::find("opened")?,
        })
    }
}
