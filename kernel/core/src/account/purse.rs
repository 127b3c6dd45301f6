//! What a metered actor has in hand of the fuel that it is billed for.
//!
//! Owns arithmetic, and nothing of where the fuel comes from. Fuel is put in before it is handed out to be run with,
//! and what is handed out counts as used until it is booked; so an actor whose run escapes before that has used all of
//! it. An engine may use a little more than it was handed: that is a debt, which the next fuel pays first.
//! Invariant: what was put in is what was used, what is handed out, and what is in the purse or owed, together.
//! Relaxed throughout: its actor alone changes it, and the run queue and the gate hand an actor on from core to core.

use khal::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering::Relaxed};

/// See the module.
#[derive(Debug, Default)]
pub struct Purse {
    /// Below 0 for a debt.
    held: AtomicI64,
    /// Of the running quantum, what came out of what is held.
    out: AtomicU32,
    starves: AtomicBool,
}

impl Purse {
    /// How much is to be put in for a quantum of so much. For one of 0 that is the debt.
    pub fn wants(&self, quantum: u32) -> u64 {
        let missing = i64::from(quantum).saturating_sub(self.held.load(Relaxed));
        u64::try_from(missing).unwrap_or(0)
    }

    /// Puts in what was drawn.
    pub fn put(&self, amount: u64) {
        self.add(i64::try_from(amount).unwrap_or(i64::MAX));
    }

    /// Hands out up to a quantum of what is there; `None` when that is nothing.
    pub fn hand_out(&self, quantum: u32) -> Option<u32> {
        let held = u64::try_from(self.held.load(Relaxed)).unwrap_or(0);
        let out = u32::try_from(held).unwrap_or(u32::MAX).min(quantum);
        self.add(-i64::from(out));
        self.out.store(out, Relaxed);
        (out != 0).then_some(out)
    }

    /// Hands `fuel` out besides what is out already, on debt where there is not so much.
    pub fn hand_out_more(&self, fuel: u32) {
        self.add(-i64::from(fuel));
        self.out.store(self.out.load(Relaxed).saturating_add(fuel), Relaxed);
    }

    /// Takes in what is handed out. It pays a debt first.
    pub fn take_in(&self) {
        self.add(i64::from(self.out.load(Relaxed)));
        self.out.store(0, Relaxed);
    }

    /// Books what has been used within a quantum of which so much is left.
    pub fn look(&self, left: u32) {
        self.spend(self.handed_out().saturating_sub(left));
    }

    /// Books what was used of a quantum of so much. The rest is in the purse again.
    pub fn book(&self, quantum: u32, used: u32) {
        let booked = quantum.saturating_sub(self.handed_out());
        self.spend(used.saturating_sub(booked));
        self.take_in();
    }

    /// What is handed out.
    pub fn handed_out(&self) -> u32 {
        self.out.load(Relaxed)
    }

    /// Uses what was handed out, then what it owes from now on.
    fn spend(&self, used: u32) {
        let out = self.out.load(Relaxed);
        self.out.store(out.saturating_sub(used), Relaxed);
        self.add(-i64::from(used.saturating_sub(out)));
    }

    /// Takes out what is there, to be given back. A debt stays.
    #[must_use]
    pub fn empty(&self) -> u64 {
        let rest = u64::try_from(self.held.load(Relaxed)).unwrap_or(0);
        if rest != 0 {
            self.held.store(0, Relaxed);
        }
        rest
    }

    /// Whether its actor waits for fuel.
    pub fn starves(&self) -> bool {
        self.starves.load(Relaxed)
    }

    /// Notes whether its actor waits for fuel.
    pub fn note_starving(&self, starves: bool) {
        self.starves.store(starves, Relaxed);
    }

    fn add(&self, change: i64) {
        self.held.store(self.held.load(Relaxed).saturating_add(change), Relaxed);
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_used_of_a_quantum_is_there_for_the_next() {
        let purse = Purse::default();
        assert_eq!((purse.wants(100), purse.hand_out(100)), (100, None));
        purse.put(100);
        assert_eq!((purse.hand_out(100), purse.empty()), (Some(100), 0), "what is out is not there");
        purse.book(100, 30);
        assert_eq!((purse.wants(100), purse.hand_out(100)), (30, Some(70)));
        purse.book(70, 70);
        assert_eq!((purse.wants(100), purse.empty()), (100, 0));
    }

    #[test]
    fn more_is_handed_out_only_if_it_is_wanted() {
        let purse = Purse::default();
        purse.put(100);
        assert_eq!((purse.wants(60), purse.hand_out(60), purse.wants(60)), (0, Some(60), 20));
    }

    #[test]
    fn what_was_overrun_is_paid_before_anything_runs() {
        let purse = Purse::default();
        purse.put(100);
        assert_eq!(purse.hand_out(100), Some(100));
        purse.book(100, 128);
        assert_eq!((purse.wants(0), purse.wants(100), purse.empty()), (28, 128, 0));
        purse.put(27);
        assert_eq!((purse.hand_out(100), purse.wants(0)), (None, 1));
        purse.put(3);
        assert_eq!((purse.hand_out(100), purse.wants(0)), (Some(2), 0));
    }

    #[test]
    fn what_was_handed_out_and_never_booked_is_used() {
        let purse = Purse::default();
        purse.put(100);
        assert_eq!((purse.hand_out(60), purse.empty(), purse.empty()), (Some(60), 40, 0));
    }

    #[test]
    fn what_was_handed_out_on_debt_is_no_fuel_to_give_back() {
        let purse = Purse::default();
        for _ in 0..3 {
            purse.put(30);
            purse.hand_out_more(100);
            purse.look(90);
            purse.take_in();
            assert_eq!(purse.empty(), 20);
        }
        assert_eq!(purse.wants(0), 0);
        purse.hand_out_more(100);
        purse.look(90);
        purse.take_in();
        assert_eq!((purse.empty(), purse.wants(0)), (0, 10), "what was used of it is owed");
    }
}
