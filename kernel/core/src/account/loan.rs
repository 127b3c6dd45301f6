//! Fuel that travels with a call: what a caller lends to whoever serves it.
//!
//! Owns what is left of it. All of it is taken out of the caller's account before the call; whoever serves draws
//! before he runs and puts back what he has not used; when the call is over the caller closes the loan, and what is
//! left goes back to the account.
//! Invariants: of what was taken, each unit is in the loan, drawn, used, or back in the account; nothing is drawn from a
//! loan that is closed, and what is put back there goes to the account, so a server that works on when its caller has
//! given up keeps nothing from him. Dropped, it is closed.
//! One word, and each step is one read-modify-write of it, so no lock; what goes back to the account takes `STARVED`.
//! Relaxed throughout: nothing else is ordered by it. Loom model: `tests/loom_loan.rs`.

use super::Account;
use alloc::sync::Arc;
use khal::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tessera_abi::Error;

/// In place of what is left: the call is over. No account has so much.
const CLOSED: u64 = u64::MAX;

/// See the module.
#[derive(Debug)]
pub struct Loan {
    account: Arc<Account>,
    left: AtomicU64,
}

impl Loan {
    /// Lends `fuel` out of what `account` has free.
    ///
    /// # Errors
    /// `OverQuota` when so much is not free; then nothing is taken.
    pub fn take(account: &Arc<Account>, fuel: u64) -> Result<Self, Error> {
        account.draw_all_fuel(fuel)?;
        Ok(Loan { account: account.clone(), left: AtomicU64::new(fuel) })
    }

    /// Takes up to `most` out of it, to be used; how much that was.
    pub fn draw(&self, most: u64) -> u64 {
        let drawn = |left: u64| if left == CLOSED { 0 } else { left.min(most) };
        let before = self.left.fetch_update(Relaxed, Relaxed, |left| match drawn(left) {
            0 => None,
            some => Some(left - some),
        });
        before.map_or(0, drawn)
    }

    /// Puts back what was drawn and has not been used.
    pub fn put(&self, fuel: u64) {
        let open = |left: u64| (left != CLOSED).then(|| left.saturating_add(fuel));
        if fuel != 0 && self.left.fetch_update(Relaxed, Relaxed, open).is_err() {
            self.account.refund_fuel(fuel);
        }
    }

    /// The call is over: what is left goes back. Once more changes nothing.
    pub fn close(&self) {
        match self.left.swap(CLOSED, Relaxed) {
            0 | CLOSED => {}
            left => self.account.refund_fuel(left),
        }
    }

    /// Whether the call is over.
    pub fn is_closed(&self) -> bool {
        self.left.load(Relaxed) == CLOSED
    }

    /// What could be drawn, a moment ago.
    pub fn left(&self) -> u64 {
        match self.left.load(Relaxed) {
            CLOSED => 0,
            left => left,
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;
    use tessera_abi::{Amounts, Name, Resource};

    fn machine() -> Arc<Account> {
        Account::machine(Name::EMPTY, &Amounts::NONE.with(Resource::Memory, 1 << 20))
    }

    fn metered(fuel: u64) -> Arc<Account> {
        machine().split(Name::EMPTY, &Amounts::NONE.with(Resource::Fuel, fuel)).unwrap()
    }

    /// What the account counts as used or lent, and what is free.
    fn figures(account: &Account) -> (u64, u64) {
        let figures = account.figures(Resource::Fuel);
        (figures.used, figures.free)
    }

    #[test]
    fn what_is_not_used_of_a_loan_comes_back_when_it_is_closed() {
        let account = metered(100);
        let loan = Loan::take(&account, 60).unwrap();
        assert_eq!((figures(&account), loan.left()), ((60, 40), 60));
        assert_eq!((loan.draw(50), loan.draw(50), loan.draw(50)), (50, 10, 0));
        loan.put(25);
        assert_eq!((loan.left(), figures(&account)), (25, (60, 40)));
        loan.close();
        assert_eq!((loan.is_closed(), figures(&account)), (true, (35, 65)));
        loan.close();
        drop(loan);
        assert_eq!(figures(&account), (35, 65), "it comes back once");
    }

    #[test]
    fn what_is_put_back_into_a_closed_loan_goes_to_the_account() {
        let account = metered(100);
        let loan = Loan::take(&account, 60).unwrap();
        assert_eq!(loan.draw(20), 20);
        loan.close();
        assert_eq!((figures(&account), loan.draw(1), loan.left()), ((20, 80), 0, 0));
        loan.put(5);
        assert_eq!((figures(&account), loan.draw(1)), ((15, 85), 0));
    }

    #[test]
    fn a_loan_that_is_dropped_is_closed() {
        let account = metered(100);
        drop(Loan::take(&account, 60).unwrap());
        assert_eq!(figures(&account), (0, 100));
    }

    #[test]
    fn nobody_lends_more_than_is_free() {
        let account = metered(100);
        let first = Loan::take(&account, 60).unwrap();
        assert_eq!(Loan::take(&account, 41).err(), Some(Error::OverQuota));
        assert!(Loan::take(&account, 40).is_ok());
        assert_eq!((figures(&account), first.left()), ((60, 40), 60));
    }

    #[test]
    fn who_is_not_metered_lends_what_he_says_and_no_more() {
        let loan = Loan::take(&machine(), 60).unwrap();
        assert_eq!((loan.draw(50), loan.draw(50)), (50, 10));
    }
}
