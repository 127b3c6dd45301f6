//! The loans that an actor has to do with: the one that travels with its own call, and those of the calls that it serves.
//!
//! Owns references to them. The first is there for whoever takes the call, who looks for it here, so that no message
//! keeps room for one; the others in the order in which their calls were received, and the actor works for the last.
//! Invariants: a loan is lent while its caller's wait is on, and before and after it by a few steps of the caller's own;
//! one that is served is in the list until its call is answered, handed on or dropped here, it is found closed, or its
//! actor is over.
//! Lock: its own, rank `LOANS`, alone. No loan is dropped under it.

use super::Loan;
use crate::actor::ActorId;
use crate::ranks;
use crate::sched::gate::Ticket;
use alloc::sync::Arc;
use alloc::vec::Vec;
use khal::sync::Mutex;
use tessera_abi::Error;

/// Names a call: whose it is, and which of his waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId {
    /// Who calls.
    pub caller: ActorId,
    /// His wait.
    pub ticket: Ticket,
}

#[derive(Debug, Default)]
struct State {
    lent: Option<Arc<Loan>>,
    served: Vec<(CallId, Arc<Loan>)>,
}

/// See the module.
#[derive(Debug)]
pub struct Loans(Mutex<State>);

impl Default for Loans {
    fn default() -> Self {
        Loans(Mutex::new(ranks::LOANS, State::default()))
    }
}

impl Loans {
    /// What travels with its actor's call, from now on.
    pub fn lend(&self, loan: &Arc<Loan>) {
        let before = self.0.lock().lent.replace(loan.clone());
        debug_assert!(before.is_none(), "one call, one loan");
    }

    /// Nothing does any more.
    pub fn lend_no_more(&self) {
        let gone = self.0.lock().lent.take();
        drop(gone);
    }

    /// What travels with its actor's call, if the wait in that call `is_on`.
    pub fn lent_while(&self, is_on: impl FnOnce() -> bool) -> Option<Arc<Loan>> {
        let loan = self.0.lock().lent.clone()?;
        // Asked for behind it: what is lent while a wait is on belongs to that call and no other.
        is_on().then_some(loan)
    }

    /// Its actor serves a call with this loan.
    ///
    /// # Errors
    /// `NoMemory`: then it does so without.
    pub fn serve(&self, call: CallId, loan: &Arc<Loan>) -> Result<(), Error> {
        let mut state = self.0.lock();
        state.served.try_reserve(1).map_err(|_| Error::NoMemory)?;
        state.served.push((call, loan.clone()));
        Ok(())
    }

    /// Its actor serves that call no more; the loan, if there was one.
    pub fn serve_no_more(&self, call: CallId) -> Option<Arc<Loan>> {
        let mut state = self.0.lock();
        let at = state.served.iter().rposition(|(served, _)| *served == call)?;
        Some(state.served.remove(at).1)
    }

    /// Whether its actor serves that call with a loan.
    pub fn serves(&self, call: CallId) -> bool {
        self.0.lock().served.iter().any(|(served, _)| *served == call)
    }

    /// The loan of the call that was received last.
    pub fn last(&self) -> Option<Arc<Loan>> {
        self.0.lock().served.last().map(|(_, loan)| loan.clone())
    }

    /// The loan that its actor works on: the last of those whose callers still wait. What is found closed is
    /// forgotten, so nothing of it may be handed out.
    pub fn current(&self) -> Option<Arc<Loan>> {
        loop {
            let closed = {
                let mut state = self.0.lock();
                match state.served.last() {
                    Some((_, loan)) if loan.is_closed() => state.served.pop(),
                    last => return last.map(|(_, loan)| loan.clone()),
                }
            };
            drop(closed);
        }
    }

    /// Its actor is over.
    pub fn clear(&self) {
        let gone = core::mem::take(&mut *self.0.lock());
        drop(gone);
    }
}
