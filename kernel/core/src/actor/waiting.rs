//! How an actor blocks: the owner's half of every wait.
//!
//! Owns nothing of its own. Order, for whoever makes a wait of a new kind: arm the gate, register where the
//! one who ends it will look, then [`Actor::block`], which looks once more for a reason not to sleep (the
//! stop flag, the capability that the wait goes through) and sets the deadline. Locks: `TIMERS`; none is
//! held across the switch.

use super::{Actor, ActorId};
use crate::cap::{NodeId, Pass, Passages, Tree};
use crate::sched::core::Place;
use crate::sched::gate::{Cause, Ticket};
use crate::sched::inherit::{self, LONGEST_CHAIN};
use crate::sched::timers::Entry;
use alloc::boxed::Box;
use alloc::sync::Arc;
use khal::cpu::CoreId;
use khal::sync::PreemptGuard;
use khal::sync::atomic::Ordering;
use khal::thread::Pause;
use khal::time::Instant;
use tessera_abi::Error;

impl Actor {
    /// Sleeps until the wait `ticket` ends. The gate has been armed for it and the wait registered;
    /// no lock is held. `through` is the capability that allows the wait: it ends with it, be it taken back or
    /// expired. On an error the wait is over too, and may still be registered.
    ///
    /// # Errors
    /// `Expired` when the capability's time is up before the deadline; `NoMemory` when the deadline cannot be
    /// kept.
    pub(crate) fn block(
        self: &Arc<Self>,
        ticket: Ticket,
        deadline: Instant,
        through: Option<(&Tree, &Pass)>,
    ) -> Result<Cause, Error> {
        let Some((tree, pass)) = through else { return self.sleep(ticket, deadline) };
        let Some(node) = pass.node() else { return self.sleep(ticket, deadline) };
        self.through.begin(tree, node);
        let bound = deadline.min(pass.expires_at());
        let ended = match tree.holds(pass) {
            Ok(()) => self.sleep(ticket, bound),
            // Somebody may have ended the wait meanwhile, and that counts: a parcel may be there.
            Err(_) => Ok(self.gate.withdraw().unwrap_or(Cause::Revoked)),
        };
        self.through.end();
        match ended {
            Ok(Cause::TimedOut) if bound < deadline => Err(Error::Expired),
            ended => ended,
        }
    }

    /// As [`block`](Self::block), by leave of several capabilities: `hold` says whether all of them are good.
    ///
    /// # Errors
    /// As [`block`](Self::block).
    pub(crate) fn block_among(
        self: &Arc<Self>,
        ticket: Ticket,
        deadline: Instant,
        passages: Box<Passages>,
        hold: impl FnOnce() -> bool,
    ) -> Result<Cause, Error> {
        self.through.begin_several(passages);
        let ended = if hold() {
            self.sleep(ticket, deadline)
        } else {
            Ok(self.gate.withdraw().unwrap_or(Cause::Revoked))
        };
        self.through.end_several();
        ended
    }

    fn sleep(self: &Arc<Self>, ticket: Ticket, deadline: Instant) -> Result<Cause, Error> {
        if self.must_stop() {
            self.gate.withdraw();
            return Ok(Cause::Stopped);
        }
        let timers = match self.set_deadline(ticket, deadline) {
            Ok(timers) => timers,
            // Somebody may have ended the wait meanwhile, and that counts: a parcel may be there.
            Err(error) => return self.gate.withdraw().ok_or(error),
        };
        self.put_fuel_down();
        // It may have been ended already; otherwise once, but in a model, where pausing is giving way.
        while !self.gate.is_fired() {
            khal::thread::pause(Pause::Block);
        }
        if let Some(core) = timers {
            self.kernel.scheduler().core(core).timers().cancel(self);
        }
        Ok(self.gate.finish())
    }

    fn set_deadline(self: &Arc<Self>, ticket: Ticket, deadline: Instant) -> Result<Option<CoreId>, Error> {
        if deadline == Instant::NEVER {
            return Ok(None);
        }
        // Under a guard: the core whose timers get the entry is the one whose loop runs next, by the
        // pause below or by a forced switch, and arms its timer for it.
        let _here = PreemptGuard::new();
        let core = khal::cpu::current();
        let entry = Entry { deadline, ticket, thing: self.clone() };
        self.kernel.scheduler().core(core).timers().insert(entry)?;
        Ok(Some(core))
    }

    /// Sleeps until `deadline`, by leave of a capability in `tree`.
    ///
    /// # Errors
    /// `Cancelled` when the actor is to stop, `Revoked`, `NoMemory`.
    pub fn sleep_until(self: &Arc<Self>, through: (&Tree, &Pass), deadline: Instant) -> Result<(), Error> {
        if deadline <= khal::time::now() {
            return Ok(());
        }
        let ticket = self.gate.arm();
        match self.block(ticket, deadline, Some(through))? {
            Cause::TimedOut => Ok(()),
            Cause::Revoked => Err(Error::Revoked),
            _ => Err(Error::Cancelled),
        }
    }

    /// Whether the revocation numbered `revocation` meets it for the first time.
    pub(crate) fn count_once(&self, revocation: u64) -> bool {
        // Relaxed: a figure; two revocations at once may each count an actor twice. Half of the number tells
        // them apart well enough.
        let revocation = revocation as u32;
        self.counted_by.swap(revocation, Ordering::Relaxed) != revocation
    }

    /// Wakes it if it is blocked through this node; whether it was.
    pub(crate) fn interrupt(self: &Arc<Self>, tree: &Tree, node: NodeId) -> bool {
        // From claim to fire nobody may be switched out: somebody else may spin for the fire.
        let _here = PreemptGuard::new();
        let Some(claim) = self.through.interrupt(&self.gate, tree, node) else { return false };
        self.wake(claim.fire(Cause::Revoked), Place::Home);
        true
    }

    /// Notes whom it waits for in a call.
    pub(crate) fn set_calling(self: &Arc<Self>, server: Option<&Arc<Actor>>) {
        inherit::wait_for(self, server);
    }

    /// Notes that its wait `ticket`, for the answer to a call, is now for another server.
    pub(crate) fn follow_call(self: &Arc<Self>, ticket: Ticket, server: Option<&Arc<Actor>>) {
        let after = server.map_or(0, |server| server.id.bits());
        let before = self.standing.waits_for();
        // Mostly it is the one that was called, and noted.
        if before == after || self.gate.ticket() != Some(ticket) {
            return;
        }
        // Its owner may have gone on meanwhile: then the note has changed, or the wait is seen to be over after
        // this, and what was there is put back. But where nobody was noted: that may be true by now, and a note too
        // many would stay, while one too few is made by whoever receives the call.
        let noted = inherit::follow(self, before, server);
        if noted && server.is_some() && self.gate.ticket() != Some(ticket) {
            let put_back = self.kernel.registry().get(ActorId(before));
            let _gone_on = inherit::follow(self, after, put_back.as_ref());
        }
    }

    /// Its wait for the answer to a call is being ended by whom it waits for, who keeps no level that it gave: or he
    /// would run on before it. By who has won the wait and not fired: so the note is of this wait.
    pub(crate) fn is_answered(self: &Arc<Self>) {
        if self.standing.gives() {
            // Where it is noted to wait for another by now, that one has it from here.
            let _followed = inherit::follow(self, self.standing.waits_for(), None);
        }
    }

    /// Whether it waits, through any number of calls up to a bound, for `other`.
    pub(crate) fn waits_for(&self, other: &Arc<Actor>) -> bool {
        let mut id = self.id;
        for _ in 0..LONGEST_CHAIN {
            if id == other.id {
                return true;
            }
            let next = if id == self.id {
                self.standing.waits_for()
            } else {
                let actor = self.kernel.registry().get(id);
                actor.map_or(0, |actor| actor.standing.waits_for())
            };
            if next == 0 {
                return false;
            }
            id = ActorId(next);
        }
        false
    }
}
