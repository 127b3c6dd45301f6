//! How long the line is: over how many turns of others a watched actor is passed while it is ready, and how
//! many timer interrupts a turn takes.
//!
//! Owns what the core loops of this image note about each turn. Counts, so they mean the same on any number
//! of cores whoever plays them: one thread of the host plays all cores of a counted clock, and a time would
//! be mostly the emulator's. An actor is made ready by its own core's loop at the beginning of a turn, when
//! its deadline is due; if it is still ready there when the turn is over, that turn was another's.
//! Lock: its own, around the watched actor, never held across a turn.

use alloc::sync::Arc;
use khal::cpu::{self, CoreId};
use khal::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use spin::Mutex;
use tessera_abi::ActorState;
use tessera_core::actor::Actor;
use tessera_core::sched::core::Step;

static WATCHED: Mutex<Option<Watched>> = Mutex::new(None);
static TICKS_MOST: AtomicU64 = AtomicU64::new(0);
/// Whether anybody is watched: a turn is noted only then, as noting takes as long as a good part of a call.
static WATCHES: AtomicBool = AtomicBool::new(false);

struct Watched {
    actor: Arc<Actor>,
    passed: u64,
    seen: Seen,
}

/// What has been seen of a watched actor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Its own turns.
    pub turns: u64,
    /// The most turns of others that its core took while it was ready there.
    pub passed_most: u64,
    /// The most timer interrupts that any turn took, of any actor on any core.
    pub ticks_most: u64,
}

/// From now on every turn is noted.
pub fn watch(actor: &Arc<Actor>) {
    TICKS_MOST.store(0, Ordering::Relaxed);
    *WATCHED.lock() = Some(Watched { actor: actor.clone(), passed: 0, seen: Seen::default() });
    WATCHES.store(true, Ordering::Relaxed);
}

/// No more; what has been seen.
pub fn seen() -> Seen {
    WATCHES.store(false, Ordering::Relaxed);
    let seen = WATCHED.lock().take().map(|watched| watched.seen).unwrap_or_default();
    Seen { ticks_most: TICKS_MOST.load(Ordering::Relaxed), ..seen }
}

/// Takes `turn` on this core, and notes what it was.
pub fn noted(core: CoreId, turn: impl FnOnce() -> Step) -> Step {
    // Relaxed: a turn more or less around the watching makes no difference; the lock says who is watched.
    if !WATCHES.load(Ordering::Relaxed) {
        return turn();
    }
    let before = cpu::stats(core).timer_ticks;
    let step = turn();
    let Step::Ran(ran) = step else { return step };
    if let Some(watched) = &mut *WATCHED.lock() {
        TICKS_MOST.fetch_max(cpu::stats(core).timer_ticks - before, Ordering::Relaxed);
        if watched.actor.id() == ran {
            watched.seen.turns += 1;
            watched.seen.passed_most = watched.seen.passed_most.max(watched.passed);
            watched.passed = 0;
        } else if watched.actor.home() == core && watched.actor.state() == ActorState::Ready {
            watched.passed += 1;
        }
    }
    step
}
