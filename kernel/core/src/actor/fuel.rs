//! The fuel that a metered actor runs on: where it comes from, and what happens when there is none.
//!
//! Owns nothing of its own; an actor's purse lies with what most do without. An actor that is not metered has none, and
//! this costs it a look at that. What is lent ([`super::lending`]) is used before the account's own.
//! Invariant: between two activations, while it waits in a host call, and where it gives its core back at a safe point, so
//! while it is held back, an actor has no fuel in hand; what was overrun it owes.
//! An empty budget suspends: the actor waits in its account's line, at its gate and without a deadline, until fuel comes
//! or it is to end. It shows as suspended, and is not silent for that. Locks: `STARVED`, not across the wait.

use super::{Actor, Extras};
use crate::account::{Joins, Purse};
use crate::engine::{Fuel, Guest};
use crate::sched::gate::Cause;
use alloc::sync::Arc;
use khal::time::Instant;
use tessera_abi::Error;

impl Actor {
    /// What it has in hand, if it is metered.
    pub(super) fn purse(&self) -> Option<&Purse> {
        self.extras.get()?.purse.get()
    }

    /// As [`purse`](Self::purse), which it has from now on: for an actor that is not metered.
    ///
    /// # Errors
    /// `OverQuota`, `NoMemory`.
    pub(super) fn make_purse(&self) -> Result<&Purse, Error> {
        if let Some(purse) = self.purse() {
            return Ok(purse);
        }
        // One that stands in for another has them, and has paid for them, from its beginning on.
        let bytes = if self.lineage().is_some() { 0 } else { size_of::<Extras>() };
        self.tenancy.take_more(bytes)?;
        let extras = self.extras().inspect_err(|_| self.tenancy.take_less(bytes))?;
        Ok(extras.purse.call_once(Purse::default))
    }

    /// It is over, and its account is to have what it had in hand.
    pub(super) fn leave_fuel(&self) {
        if let Some(purse) = self.purse() {
            purse.loans().clear();
            self.refund(purse.empty());
        }
    }

    /// Whether it waits for fuel. Of an actor whose stack has just been left.
    pub(crate) fn starves(&self) -> bool {
        self.purse().is_some_and(Purse::starves)
    }

    /// Draws up to `wanted`.
    pub(super) fn draw(&self, wanted: u64) -> u64 {
        self.account().draw_fuel(wanted)
    }

    /// Gives back what was drawn and not used.
    fn refund(&self, amount: u64) {
        self.account().refund_fuel(amount);
    }

    /// Fuel for a quantum of so much, or for the shorter one that there is fuel for, once there is any; `None` when the
    /// actor does not go on. What is lent goes first. Outside its containment: others are woken here.
    pub(super) fn fuel_up(
        self: &Arc<Self>,
        purse: &Purse,
        quantum: impl Fn() -> u32,
        goes_on: impl Fn() -> bool,
    ) -> Option<u32> {
        let mut joins = Joins::Last;
        while goes_on() {
            let quantum = quantum();
            // Before anything is lent, or who works on loans would owe more and more.
            purse.put(self.draw(purse.wants(0)));
            let lent = self.draw_lent(purse, quantum);
            if lent != 0 {
                return Some(lent);
            }
            purse.put(self.draw(purse.wants(quantum)));
            if let Some(fuel) = purse.hand_out(quantum) {
                return Some(fuel);
            }
            self.starve(purse, quantum, joins);
            joins = Joins::First;
        }
        None
    }

    /// A host call begins: books what was used of the quantum until then.
    pub fn look_at_fuel(&self, guest: &dyn Guest) {
        if let Some(purse) = self.purse() {
            purse.look(guest.fuel_left().0);
        }
    }

    /// Within a host call, before a wait, or when what it works on changes: gives back what it has in hand.
    pub(crate) fn put_fuel_down(&self) {
        if let Some(purse) = self.purse() {
            self.put_back_lent(purse);
            purse.take_in();
            self.refund(purse.empty());
        }
    }

    /// A host call is over: has in hand what is left of the quantum, as far as there is fuel for it. By the rest the
    /// quantum is shortened, but for the step that an engine has to end it in: that is owed.
    pub fn take_fuel_up(&self, guest: &mut dyn Guest) {
        let Some(purse) = self.purse() else { return };
        let Fuel(left) = guest.fuel_left();
        if purse.handed_out() == left {
            return;
        }
        let own = left - self.draw_lent(purse, left);
        // No more than was asked for.
        let drawn = u32::try_from(self.draw(u64::from(own))).unwrap_or(own);
        let Fuel(cut) = guest.shorten(Fuel(own - drawn));
        purse.put(u64::from(drawn));
        purse.hand_out_more(own - cut);
    }

    /// Of the quantum that was on so much was used. What was overrun is the loan's, too, as far as it goes.
    pub(super) fn book_fuel(&self, purse: &Purse, quantum: u32, used: u32) {
        let overrun = used.saturating_sub(quantum);
        let mut handed_out = quantum;
        if overrun != 0
            && let Some(loan) = purse.loans().last()
        {
            let lent = u32::try_from(loan.draw(u64::from(overrun))).unwrap_or(overrun);
            purse.hand_out_lent(lent);
            handed_out = handed_out.saturating_add(lent);
        }
        purse.book(handed_out, used);
        self.put_back_lent(purse);
    }

    /// An activation is over and has used so much of its last quantum: pays what it owes, gives back what is left.
    /// Outside its containment, as [`fuel_up`](Self::fuel_up).
    pub(super) fn settle_fuel(&self, purse: &Purse, quantum: u32, used: u32) {
        self.book_fuel(purse, quantum, used);
        purse.put(self.draw(purse.wants(0)));
        self.refund(purse.empty());
    }

    /// Waits for fuel, and draws up to a quantum of what has come, unless it is to end or held back. There may still be
    /// none: somebody else has drawn it.
    fn starve(self: &Arc<Self>, purse: &Purse, quantum: u32, joins: Joins) {
        self.await_fuel(purse, joins);
        if !self.must_stop() && !self.hold.is_suspended() {
            purse.put(self.draw(purse.wants(quantum)));
        }
        // Whether it was woken, or looked by itself while it was being woken: the next in line is not.
        self.account().offer_fuel();
    }

    fn await_fuel(self: &Arc<Self>, purse: &Purse, joins: Joins) {
        let line = self.account().starved();
        let ticket = self.gate.arm();
        line.join(self, ticket, joins);
        // In this order, against `Account::offer_fuel`: see the line.
        let ended = if self.account().has_fuel() {
            self.gate.withdraw()
        } else {
            purse.note_starving(true);
            // Without a deadline nothing is refused.
            let ended = self.block(ticket, Instant::NEVER, None).ok();
            purse.note_starving(false);
            ended
        };
        if ended != Some(Cause::Delivered) {
            line.leave(self, ticket);
        }
    }
}

#[cfg(loom)]
impl Actor {
    /// What it has in hand: for models, which play activations themselves.
    pub fn purse_for_model(&self) -> Option<&Purse> {
        self.purse()
    }

    /// Fuel for a quantum, as its activation gets it: for models.
    pub fn fuel_for_model(self: &Arc<Self>, quantum: u32) -> Option<u32> {
        self.fuel_up(self.purse()?, || quantum, || !self.must_stop())
    }
}
