//! What a metered actor has in hand of the fuel that it is billed for.
//!
//! Owns arithmetic, and nothing of where the fuel comes from. Fuel is put in before it is handed out to be run with,
//! and what is handed out counts as used until it is booked; so an actor whose run escapes before that has used all of
//! it. An engine may use a little more than it was handed: that is a debt, which the next fuel pays first.
//! Invariant: what was put in is what was used, what is handed out, and what is in the purse or owed, together.
//! Relaxed throughout: its actor alone changes it, and the run queue and the gate hand an actor on from core to core.

use super::Loans;
use khal::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering::Relaxed};

/// See the module.
#[derive(Debug, Default)]
pub struct Purse {
    /// Below 0 for a debt.
    held: AtomicI64,
    /// Of the running quantum, what came out of what is held.
    out: AtomicU32,
    /// Of the running quantum, what came out of a loan: it is used first.
    lent: AtomicU32,
    starves: AtomicBool,
    loans: Loans,
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

    /// Hands `fuel` out that was drawn from a loan.
    pub fn hand_out_lent(&self, fuel: u32) {
        self.lent.store(self.lent.load(Relaxed).saturating_add(fuel), Relaxed);
    }

    /// Hands `fuel` out besides what is out already, on debt where there is not so much.
    pub fn hand_out_more(&self, fuel: u32) {
        self.add(-i64::from(fuel));
        self.out.store(self.out.load(Relaxed).saturating_add(fuel), Relaxed);
    }

    /// Takes in what is handed out of its own. It pays a debt first.
    pub fn take_in(&self) {
        self.add(i64::from(self.out.load(Relaxed)));
        self.out.store(0, Relaxed);
    }

    /// Books what has been used within a quantum of which so much is left.
    pub fn look(&self, left: u32) {
        self.spend(self.handed_out().saturating_sub(left));
    }

    /// Books what was used of a quantum of so much. The rest is in the purse again, but for what was lent.
    pub fn book(&self, quantum: u32, used: u32) {
        let booked = quantum.saturating_sub(self.handed_out());
        self.spend(used.saturating_sub(booked));
        self.take_in();
    }

    /// Takes in what is handed out of a loan, to be put back there.
    #[must_use]
    pub fn take_lent(&self) -> u32 {
        let lent = self.lent.load(Relaxed);
        self.lent.store(0, Relaxed);
        lent
    }

    /// The loans that it has to do with.
    pub fn loans(&self) -> &Loans {
        &self.loans
    }

    /// What is handed out, its own and lent.
    pub fn handed_out(&self) -> u32 {
        self.out.load(Relaxed).saturating_add(self.lent.load(Relaxed))
    }

    /// Uses what was lent, then what was its own, then what it owes from now on.
    fn spend(&self, used: u32) {
        let (lent, out) = (self.lent.load(Relaxed), self.out.load(Relaxed));
        let own = used.saturating_sub(lent);
        self.lent.store(lent.saturating_sub(used), Relaxed);
        self.out.store(out.saturating_sub(own), Relaxed);
        self.add(-i64::from(own.saturating_sub(out)));
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
    fn what_was_lent_is_used_first_and_goes_back_where_it_came_from() {
        let purse = Purse::default();
        purse.put(100);
        assert_eq!(purse.hand_out(100), Some(100));
        // A call is taken at 70: all of that was its own.
        purse.look(70);
        assert_eq!((purse.handed_out(), purse.empty()), (70, 0));
        purse.take_in();
        assert_eq!(purse.empty(), 70);
        purse.hand_out_lent(50);
        purse.put(20);
        purse.hand_out_more(20);
        purse.look(40);
        purse.take_in();
        assert_eq!((purse.handed_out(), purse.take_lent(), purse.empty()), (20, 20, 20));
        // It is answered at 40, and ended at 90 of its quantum of 100.
        purse.put(40);
        purse.hand_out_more(40);
        purse.book(100, 90);
        assert_eq!((purse.take_lent(), purse.empty()), (0, 10));
    }

    #[test]
    fn a_quantum_is_booked_that_was_begun_before_the_purse_was_there() {
        let purse = Purse::default();
        // Of a quantum of 100, 60 were left then, of which 50 are lent.
        purse.hand_out_lent(50);
        purse.put(10);
        purse.hand_out_more(10);
        purse.book(100, 70);
        assert_eq!((purse.take_lent(), purse.empty()), (20, 10), "30 were used since");
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

    #[test]
    fn what_is_overrun_of_what_was_lent_is_owed() {
        let purse = Purse::default();
        purse.hand_out_lent(100);
        purse.book(100, 128);
        assert_eq!((purse.take_lent(), purse.wants(0)), (0, 28));
    }
}
