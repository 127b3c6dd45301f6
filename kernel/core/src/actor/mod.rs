//! An actor: what the scheduler runs, what holds capabilities, what ends.
//!
//! Owns its identity, gate, inbox, table, meter, latched end, and its body (stack and instance).
//! States: an actor is ready (in one run queue), running (on one core), blocked or idle (parked at
//! its gate, an idle handler without a stack), or ended. It ends on its own stack, by returning: a
//! kill raises the stop flag, wakes it, and is honoured at the next quantum or host call. A suspended actor is put
//! aside there, by the core loop ([`crate::sched::hold`]), and so is one that wakes up without a stack.
//! Locks: `TABLE`, `BODY`, `END`, each alone unless `docs/CONCURRENCY.md` says otherwise.
//!
//! [`activation`] is its life on a stack, [`activity`] where its time goes, `asking` how it is asked to end, `code` how
//! it comes by its instance, [`end`] its end, `fuel` what it is billed in if it is metered, `lending` fuel that travels
//! with calls, `lineage` whom it stands in for, `parts` what it is made of, `pulse` its signs of life, [`registry`] the
//! list of all of them, `scheduled` what the scheduler asks of it, [`spawn`] their beginning, `waiting` how one blocks
//! and what ends that.

pub mod activation;
pub mod activity;
mod asking;
mod code;
pub mod end;
mod fuel;
mod lending;
mod lineage;
mod parts;
pub mod pulse;
pub mod registry;
mod scheduled;
pub mod spawn;
mod waiting;

use crate::account::{Account, Tenancy};
use crate::cap::{Pass, Proof, Table, Through, Tree};
use crate::fallible;
use crate::ipc::{Endpoint, Parcel};
use crate::kernel::Kernel;
use crate::sched::core::Place;
use crate::sched::fifo::Links;
use crate::sched::gate::{Cause, Gate, Wake};
use crate::sched::hold::{Hold, Release};
use crate::sched::inherit::Standing;
use crate::sched::spot::Spot;
use alloc::boxed::Box;
use alloc::sync::Arc;
use khal::contain::Meter;
use khal::cpu::CoreId;
use khal::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, Ordering};
use khal::sync::{Mutex, PreemptGuard, TakeCell};
use khal::thread::{Pause, Thread};
use khal::time::Instant;
use spin::Once;
use tessera_abi::{ActorState, EndReason, Error};

pub use activity::{Activity, Spent};
pub use code::Code;
pub use end::{End, EndSignal};
pub use lending::Lending;
pub use lineage::Lineage;
pub(crate) use parts::Body;
use parts::Extras;
pub use parts::{ActorId, Args, Profile, Tally, add_to};
pub use pulse::{Pulse, Silence};

/// See the module.
pub struct Actor {
    id: ActorId,
    profile: Profile,
    kernel: Arc<Kernel>,
    gate: Gate,
    links: Links<Actor>,
    spot: Spot,
    timer_place: AtomicU32,
    stop: AtomicBool,
    /// The number of the reason that it is to stop for, 0 until somebody has given one.
    stop_reason: AtomicU8,
    state: AtomicU8,
    home: AtomicU16,
    hold: Hold,
    /// Its stack, if it has one, was left between two quanta or host calls: nothing of the kernel's is half
    /// done on it.
    at_safe_point: AtomicBool,
    /// The activation has begun and this machine's threads stay on the core that began them.
    settled: AtomicBool,
    /// Whom it waits for in a call, and who waits for it.
    standing: Standing,
    /// What its present wait goes through.
    through: Through,
    /// The last revocation that has counted it.
    counted_by: AtomicU32,
    /// Which of several things it was handed last.
    won: AtomicU16,
    /// Every capability that names it.
    tree: Tree,
    /// A handler's, with the leave to receive from it.
    own_endpoint: Option<(Arc<Endpoint>, Proof)>,
    /// What it has been handed: put in by who won its gate, before he fires it.
    inbox: TakeCell<Parcel>,
    table: Mutex<Table>,
    /// Its activation, while one is on and not on a core: for the core loop, that has it in hand.
    thread: TakeCell<Thread>,
    body: Mutex<Body>,
    meter: Meter,
    tenancy: Tenancy,
    end: End,
    pulse: Pulse,
    tally: Tally,
    /// `None` for most.
    extras: Once<Box<Extras>>,
}

impl Actor {
    /// Its id.
    pub fn id(&self) -> ActorId {
        self.id
    }

    /// What it was made from.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The kernel that it lives in.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// The gate that it waits at.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Its capability table.
    pub fn table(&self) -> &Mutex<Table> {
        &self.table
    }

    /// Its activation, for the core loop.
    pub(crate) fn thread(&self) -> &TakeCell<Thread> {
        &self.thread
    }

    /// What it begins and runs with; for the core loop and the activation.
    pub(crate) fn body(&self) -> &Mutex<Body> {
        &self.body
    }

    /// Notes whether its stack must stay on the core that it has begun on.
    pub(crate) fn settle(&self, settled: bool) {
        self.settled.store(settled, Ordering::Relaxed);
    }

    /// What is charged to it: all that its instance has allocated.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The account that it lives in: what it makes and sends is charged there, and so are the actors it starts.
    pub fn account(&self) -> &Arc<Account> {
        self.tenancy.account()
    }

    /// What most actors do without, made now if it has none. Whoever is here has the actor in hand, so nobody spins
    /// for anybody.
    fn extras(&self) -> Result<&Extras, Error> {
        self.extras.try_call_once(|| fallible::own(Extras::default())).map(|extras| &**extras)
    }

    /// Gives back what its account was charged for it. What its meter still counts comes back with that.
    pub(crate) fn leave_account(&self) {
        self.leave_fuel();
        self.meter.settle();
        self.tenancy.leave();
    }

    /// Its end, to be waited for.
    pub fn end(&self) -> &End {
        &self.end
    }

    /// Whether it gets on.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// What it has done.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whom it stands in for, if anybody.
    pub fn lineage(&self) -> Option<&Lineage> {
        self.extras.get()?.lineage.get()
    }

    /// The endpoint in slot 0 that a handler is run for.
    pub fn own_endpoint(&self) -> Option<(&Arc<Endpoint>, Pass)> {
        // It has no limits: no handler is made with one that has.
        self.own_endpoint.as_ref().map(|(endpoint, proof)| (endpoint, Pass::lasting(*proof)))
    }

    /// Every capability that names it.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What its present wait goes through.
    pub(crate) fn through(&self) -> &Through {
        &self.through
    }

    /// Where it is in its life, a moment ago.
    pub fn state(&self) -> ActorState {
        if self.end.has_come() {
            return ActorState::Ended;
        }
        if self.hold.is_suspended() && !self.is_draft() {
            return ActorState::Suspended;
        }
        ActorState::from_number(self.state.load(Ordering::Relaxed)).unwrap_or(ActorState::Ready)
    }

    /// Whether it has been made and never resumed.
    pub(crate) fn is_draft(&self) -> bool {
        // Relaxed: a draft is made ready once, and nothing but where it shows and whether it is still handed
        // capabilities depends on it.
        self.state.load(Ordering::Relaxed) == ActorState::Draft.number()
    }

    /// Notes a state for listings; done by the core loop alone, and by who puts it into a queue, so that it shows what
    /// has become of it also where it was switched out by force on its last steps. Relaxed: nothing that runs is
    /// decided by it.
    pub(crate) fn note_state(&self, state: ActorState) {
        self.state.store(state.number(), Ordering::Relaxed);
    }

    /// The core that it runs on or ran on last.
    pub fn home(&self) -> CoreId {
        CoreId::new(usize::from(self.home.load(Ordering::Relaxed))).unwrap_or(CoreId::BOOT)
    }

    pub(crate) fn set_home(&self, core: CoreId) {
        self.home.store(core.index() as u16, Ordering::Relaxed);
    }

    /// Asks it to end, wherever it is. It does so on its own stack: at once if it waits, otherwise at
    /// the next quantum or host call. Asking again, or after the end, changes nothing.
    pub fn kill(self: &Arc<Self>) {
        self.kill_for(EndReason::Killed);
    }

    /// As [`kill`](Self::kill), for a plain reason, which its end tells if nobody has given another before.
    pub fn kill_for(self: &Arc<Self>, reason: EndReason) {
        // Relaxed: the stop flag publishes it. Whoever comes second has seen the first one's before it raises the flag.
        let _first_counts =
            self.stop_reason.compare_exchange(0, reason.number(), Ordering::Relaxed, Ordering::Relaxed);
        // SeqCst, against `block`: it arms the gate and then reads this flag, here the flag is raised
        // and then the gate read, so one of the two sees the other.
        self.stop.store(true, Ordering::SeqCst);
        self.resume();
        // From claim to fire nobody may be switched out: somebody else may spin for the fire.
        let _here = PreemptGuard::new();
        if let Some(claim) = self.gate.claim_any() {
            self.wake(claim.fire(Cause::Stopped), Place::Home);
        }
    }

    /// Why it ended, when that was because it had to.
    pub(crate) fn why_stopped(&self) -> EndReason {
        // Relaxed: read behind the stop flag.
        EndReason::plain(self.stop_reason.load(Ordering::Relaxed)).unwrap_or(EndReason::Killed)
    }

    /// Whether it has been asked to end.
    pub fn must_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Holds it back from its next safe point on. What it has begun in the kernel it carries through.
    pub fn suspend(&self) {
        self.hold.suspend();
    }

    /// Lets it go on. For as long as it was held back it could give no sign of life: it is not silent for that.
    pub fn resume(self: &Arc<Self>) {
        self.pulse.beat(khal::time::now());
        if self.hold.release() == Release::Owed {
            self.kernel.scheduler().make_ready(self.clone(), Place::Home);
        }
    }

    /// Whether it is held back and off its core, in no queue.
    pub fn is_aside(&self) -> bool {
        self.hold.is_aside()
    }

    /// Whether the core loop, which has taken it out of a queue, is to leave it alone: it is aside then.
    pub(crate) fn is_held_back(&self) -> bool {
        // Relaxed: written by the core that ran it, before it was published in a queue.
        self.at_safe_point.load(Ordering::Relaxed) && self.hold.holds_back(|| self.must_stop())
    }

    /// Notes whether its stack is left where it can stay.
    pub(crate) fn note_safe_point(&self, safe: bool) {
        self.at_safe_point.store(safe, Ordering::Relaxed);
    }

    /// A safe point, on its own stack: gives the core back if that is asked for, or the actor is suspended.
    pub fn safe_point(&self) {
        if !self.must_stop() && (khal::cpu::resched_due() || self.hold.is_suspended()) {
            // Also if it only gives way: where it is then, it may be suspended before it goes on.
            self.put_fuel_down();
            self.note_safe_point(true);
            khal::thread::pause(Pause::Yield);
        }
    }

    /// Delivers a wake that is owed.
    pub(crate) fn wake(self: &Arc<Self>, wake: Wake, place: Place) {
        self.wake_at(wake, place, None);
    }

    /// As [`wake`](Self::wake), at a moment that the caller knows already, if it does.
    pub(crate) fn wake_at(self: &Arc<Self>, wake: Wake, place: Place, now: Option<Instant>) {
        if wake == Wake::Owed {
            self.measure_ready(now);
            self.kernel.scheduler().enqueue(self.clone(), place);
        }
    }

    pub(crate) fn put_inbox(&self, parcel: Parcel) {
        let refused = self.inbox.put(parcel);
        debug_assert!(refused.is_ok(), "one wait, one parcel");
    }

    /// Notes which of the things that it waits for it has been handed.
    pub(crate) fn note_won(&self, place: u16) {
        // Relaxed: between claim and fire, so the gate carries it to who reads it after the wait.
        self.won.store(place, Ordering::Relaxed);
    }

    /// Which of the things that it waited for it has been handed.
    pub(crate) fn won(&self) -> u16 {
        self.won.load(Ordering::Relaxed)
    }

    pub(crate) fn take_inbox(&self) -> Option<Parcel> {
        self.inbox.take()
    }

    /// Whom it waits for in a call, and who waits for it.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }
}

impl core::fmt::Debug for Actor {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "actor {} ({:#x})", self.profile.name.as_str(), self.id.bits())
    }
}
