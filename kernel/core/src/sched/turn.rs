//! One turn of an actor on a core: from the pick to what becomes of it.
//!
//! Owns nothing of its own; it is the scheduler's, on the core loop's stack. Invariants: an actor's thread is
//! taken out of it for the turn and put back before the actor is published; it is published (queued, parked,
//! put aside) only after the switch away from it, so it is never ready while its stack is in use.
//! Locks: `BODY`, `STACKS`, `QUEUE`, each alone; none while the actor runs.

use super::core::{Place, Scheduler, Step};
use super::gate::Park;
use super::levels::{self, Ready};
use super::stacks::Loan;
use crate::actor::{Actor, activation, add_to};
use crate::trace::Happening;
use alloc::sync::Arc;
use core::time::Duration;
use khal::cpu::CoreId;
use khal::sync::atomic::Ordering;
use khal::thread::{Returned, Stack, Thread};
use khal::time::{self, Instant};
use tessera_abi::{ActorState, Shape, TraceKind, TurnEnd};

impl Scheduler {
    /// Runs an actor from `began`, the moment at which this turn of the loop began: reading a clock is dear, so
    /// what it took to put the one before away, and to look for this one, is the actor's.
    pub(super) fn run(&self, id: CoreId, actor: Arc<Actor>, began: Instant) -> Step {
        let core = self.core(id);
        let step = Step::Ran(actor.id());
        let is_suspended = actor.state() == ActorState::Suspended;
        if is_suspended {
            actor.measure(ActorState::Ready, ActorState::Suspended, began);
            actor.note_state(ActorState::Suspended);
        }
        if actor.is_held_back() {
            // It may have come from the line for stacks: then somebody behind it is to have its chance.
            self.stacks().offer().into_iter().for_each(|next| self.make_ready(next, Place::Home));
            return step;
        }
        if is_suspended {
            // It was let go meanwhile, or is to end.
            actor.measure(ActorState::Suspended, ActorState::Ready, began);
            actor.note_state(ActorState::Ready);
        }
        let Some(mut thread) = self.take_thread(&actor) else { return step };
        actor.note_safe_point(false);
        actor.set_home(id);
        actor.measure(ActorState::Ready, ActorState::Running, began);
        actor.note_state(ActorState::Running);
        actor.pulse().turn_begins(began);
        core.level.store(levels::index(actor.priority()) as u8, Ordering::SeqCst);
        core.running.store(actor.id().bits(), Ordering::Relaxed);
        add_to(&core.tally.switches, 1);
        let slice_ends = core.slice(actor.id().bits(), began, self.slice);
        time::arm(slice_ends.min(core.timers.earliest()));
        let returned = thread.resume();
        let now = time::now();
        let ran = now.since(began);
        actor.measure(ActorState::Running, left_in(&actor, returned), now);
        add_to(&actor.tally().turns, 1);
        add_to(&actor.tally().cpu_ns, ran.as_nanos() as u64);
        core.level.store(levels::LEVELS as u8, Ordering::SeqCst);
        core.running.store(0, Ordering::Relaxed);
        if returned == Returned::Preempted {
            add_to(&core.tally.preempted, 1);
        }
        note_turn(&actor, ran, returned);
        self.publish(actor, thread, returned, now);
        core.leave(now);
        step
    }

    /// The actor's activation, begun now if it has none; `None` when it has to wait for a stack.
    fn take_thread(&self, actor: &Arc<Actor>) -> Option<Thread> {
        if let Some(thread) = actor.thread().take() {
            return Some(thread);
        }
        let bought = match actor.profile().shape {
            Shape::Main => actor.body().lock().stack.take(),
            Shape::Handler => None,
        };
        let is_bought = bought.is_some();
        let stack = match bought {
            Some(stack) => stack,
            None => match self.stacks().borrow(actor) {
                Loan::Stack(stack) => stack,
                Loan::InLine => return None,
                Loan::NoMemory(next) => {
                    next.into_iter().for_each(|next| self.make_ready(next, Place::Home));
                    self.make_ready(actor.clone(), Place::Home);
                    return None;
                }
            },
        };
        if actor.gate().is_fired() {
            // A handler that rested: its next activation begins by ending that wait.
            actor.gate().finish();
            actor.through().end();
        }
        match activation::begin(actor, stack) {
            Ok(thread) => Some(thread),
            Err(stack) => {
                // No memory for the closure just now: others go on, this one tries again behind them.
                if is_bought {
                    actor.body().lock().stack = Some(stack);
                } else {
                    self.stacks_back(stack);
                }
                self.make_ready(actor.clone(), Place::Home);
                None
            }
        }
    }

    /// What becomes of an actor whose stack has just been left.
    fn publish(&self, actor: Arc<Actor>, thread: Thread, returned: Returned, now: Instant) {
        actor.settle(!thread.movable());
        match returned {
            Returned::Yielded | Returned::Preempted => {
                put_back(&actor, thread);
                self.make_ready(actor, Place::Home);
            }
            Returned::Blocked => {
                actor.pulse().waits(now);
                actor.note_state(blocked_as(&actor));
                put_back(&actor, thread);
                self.park(actor);
            }
            Returned::Ended => {
                let over = actor.end().has_come();
                if over {
                    self.stacks().note_depth(thread.high_water());
                }
                if let Ok(stack) = thread.into_stack() {
                    self.stacks_back(stack);
                }
                actor.settle(false);
                if !over {
                    // It rests, wherever it was switched out on its last steps.
                    actor.note_safe_point(true);
                    actor.pulse().rests(now);
                    actor.note_state(ActorState::Idle);
                    self.park(actor);
                }
            }
        }
    }

    fn park(&self, actor: Arc<Actor>) {
        if actor.gate().park() == Park::Awake {
            self.make_ready(actor, Place::Home);
        }
    }

    fn stacks_back(&self, stack: Stack) {
        if let Some(next) = self.stacks().give_back(stack) {
            self.make_ready(next, Place::Home);
        }
    }
}

/// Leaves an activation with its actor, from whom it was taken for the turn.
fn put_back(actor: &Actor, thread: Thread) {
    let refused = actor.thread().put(thread);
    debug_assert!(refused.is_ok(), "one actor, one activation");
}

/// The state in which an actor's stack has been left.
fn left_in(actor: &Actor, returned: Returned) -> ActorState {
    match returned {
        Returned::Yielded | Returned::Preempted => ActorState::Ready,
        Returned::Blocked => blocked_as(actor),
        Returned::Ended if actor.end().has_come() => ActorState::Ended,
        Returned::Ended => ActorState::Idle,
    }
}

/// The state of an actor that waits at its gate: one without fuel is held back by that.
fn blocked_as(actor: &Actor) -> ActorState {
    if actor.starves() { ActorState::Suspended } else { ActorState::Blocked }
}

fn note_turn(actor: &Actor, ran: Duration, returned: Returned) {
    actor.kernel().trace().note(|| {
        let end = match returned {
            Returned::Yielded => TurnEnd::Yielded,
            Returned::Preempted => TurnEnd::Preempted,
            Returned::Blocked => TurnEnd::Blocked,
            Returned::Ended => TurnEnd::Ended,
        };
        let (first, second) = (ran.as_nanos() as u64, u64::from(end.number()));
        Happening { kind: TraceKind::Turn, actor: actor.id().bits(), first, second }
    });
}
