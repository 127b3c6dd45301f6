//! Fuel that travels with calls: how an actor lends, and how it works on what it is lent.
//!
//! Owns nothing of its own; the loans are in its purse, which one that is not metered gets when it first has to do with
//! one. Whoever takes a call works on its loan from then on until it answers the call, hands it on or drops it: what it
//! has in hand goes back where it came from, and what is left of its quantum comes out of the loan that is then the
//! current one ([`super::fuel`]), so what was not used is in the loan before the caller is woken.
//! Everything here is done by the actor itself: within a host call, or between two quanta. Locks: `LOANS`, its own and the caller's, each
//! alone, and what waking somebody takes who has no fuel.

use super::Actor;
use crate::account::{Loan, Loans, Purse};
use crate::fallible;
use crate::ipc::Reply;
use alloc::sync::Arc;
use tessera_abi::Error;

/// A loan while its caller waits, or is about to: dropped, the loan is closed.
#[derive(Debug)]
pub struct Lending<'a> {
    purse: &'a Purse,
    loan: Arc<Loan>,
}

impl Drop for Lending<'_> {
    fn drop(&mut self) {
        self.purse.loans().lend_no_more();
        self.loan.close();
    }
}

impl Actor {
    /// Lends `fuel` with the call that it makes next.
    ///
    /// # Errors
    /// `OverQuota` when its account has less free, or no memory for a purse; `NoMemory`.
    pub fn lend(&self, fuel: u64) -> Result<Lending<'_>, Error> {
        let purse = self.make_purse()?;
        // What it has in hand is not used yet: it can be lent.
        self.put_fuel_down();
        let loan = fallible::share(Loan::take(self.account(), fuel)?)?;
        purse.loans().lend(&loan);
        Ok(Lending { purse, loan })
    }

    /// The loans that it has to do with, if there were ever any, or it is metered.
    pub(crate) fn loans(&self) -> Option<&Loans> {
        self.purse().map(Purse::loans)
    }

    /// Has got a call, to be answered by this: it works on what came with it from now on. Where no note can be kept of
    /// that, it works on its own.
    pub fn begin_serving(&self, reply: &Reply) {
        let (Some(loan), Some(call)) = (reply.loan(), reply.call()) else { return };
        if let Ok(purse) = self.make_purse() {
            self.put_fuel_down();
            let _on_its_own = purse.loans().serve(call, &loan);
        }
    }

    /// Is about to answer a call, to hand it on or to drop it: works on what came with it no more.
    pub fn end_serving(&self, reply: &Reply) {
        let (Some(purse), Some(call)) = (self.purse(), reply.call()) else { return };
        if purse.loans().serves(call) {
            self.put_fuel_down();
            let loan = purse.loans().serve_no_more(call);
            drop(loan);
        }
    }

    /// Hands up to so much out of the current loan; how much that was.
    pub(super) fn draw_lent(&self, purse: &Purse, most: u32) -> u32 {
        let drawn = purse.loans().current().map_or(0, |loan| loan.draw(u64::from(most)));
        // It is no more than was asked for.
        let drawn = u32::try_from(drawn).unwrap_or(most);
        purse.hand_out_lent(drawn);
        drawn
    }

    /// Puts back what is handed out of a loan. Only the last in the list is drawn from.
    pub(super) fn put_back_lent(&self, purse: &Purse) {
        let lent = purse.take_lent();
        if lent != 0
            && let Some(loan) = purse.loans().last()
        {
            loan.put(u64::from(lent));
        }
    }
}
