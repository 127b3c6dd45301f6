//! The kernel stacks that activations run on.
//!
//! Owns the idle stacks and the count of all. A main actor's stack is bought when it is spawned and
//! given back at its end; a handler borrows one when its activation begins. At the limit a handler
//! waits in one of two lines, urgent and ordinary, for the next stack that it may have; a main actor
//! is refused. The last [`RESERVE`] stacks are for actors of priority critical and high, so that a flood
//! of ordinary handlers cannot keep the system's own from answering.
//! Invariant: `lent <= most`, and `existing <= idle + lent` but for a stack that is just being unmade: a new
//! stack counts as lent from before it is made, which is done, like unmaking, without the lock: its pages
//! have to be mapped and cleared. A place that was counted and came to nothing goes to whoever got in line
//! meanwhile.
//! Lock: its own, rank `STACKS`.

use super::fifo::Fifo;
use crate::actor::Actor;
use crate::ranks;
use alloc::sync::Arc;
use alloc::vec::Vec;
use khal::sync::Mutex;
use khal::thread::Stack;
use tessera_abi::Priority;

/// Stacks that only actors of priority critical or high may take.
pub const RESERVE: usize = 4;

/// Idle stacks that are kept for the next activation; more are given back to the machine.
const IDLE_MOST: usize = 64;

/// What a handler that wants a stack gets.
#[derive(Debug)]
#[must_use]
pub(crate) enum Loan {
    /// A stack.
    Stack(Stack),
    /// A place in line; whoever gives a stack back makes it ready.
    InLine,
    /// Nothing, as the machine has no memory just now: nobody will make it ready.
    NoMemory(Next),
}

/// Who may have a stack's place now and is to be made ready, if somebody is in line.
pub(crate) type Next = Option<Arc<Actor>>;

/// What a place in the pool comes to.
enum Place {
    /// A stack that was idle.
    Idle(Stack),
    /// A stack still to be made; it is counted.
    New,
}

/// The pool's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StackFigures {
    /// Stacks that activations hold, or main actors have bought.
    pub lent: usize,
    /// Stacks that wait for the next activation.
    pub idle: usize,
    /// The most that were lent at once.
    pub high_water: usize,
    /// The most bytes that an ended activation used of its stack.
    pub deepest_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Stack>,
    urgent: Fifo<Actor>,
    ordinary: Fifo<Actor>,
    figures: StackFigures,
}

/// See the module.
#[derive(Debug)]
pub struct Stacks {
    state: Mutex<State>,
    most: usize,
}

impl Stacks {
    /// A pool of at most `most` stacks, none made yet.
    pub fn new(most: usize) -> Self {
        Stacks { state: Mutex::new(ranks::STACKS, State::default()), most }
    }

    /// The figures at this moment.
    pub fn figures(&self) -> StackFigures {
        let state = self.state.lock();
        StackFigures { idle: state.idle.len(), ..state.figures }
    }

    /// Takes a stack for a main actor.
    ///
    /// # Errors
    /// At the limit, or when the machine has no memory.
    pub(crate) fn buy(&self) -> Result<Stack, Next> {
        let place = self.state.lock().take(self.most.saturating_sub(RESERVE));
        self.realize(place.ok_or(None)?, Stack::allocate)
    }

    /// Takes a stack for a handler, or puts it in line for the next that comes back.
    pub(crate) fn borrow(&self, actor: &Arc<Actor>) -> Loan {
        let urgent = matches!(actor.profile().priority, Priority::Critical | Priority::High);
        let most = if urgent { self.most } else { self.most.saturating_sub(RESERVE) };
        let place = {
            let mut state = self.state.lock();
            let place = state.take(most);
            if place.is_none() {
                let line = if urgent { &mut state.urgent } else { &mut state.ordinary };
                line.push_back(actor.clone());
            }
            place
        };
        match place.map(|place| self.realize(place, Stack::allocate)) {
            None => Loan::InLine,
            Some(Ok(stack)) => Loan::Stack(stack),
            Some(Err(next)) => Loan::NoMemory(next),
        }
    }

    /// The stack of a place, made with `make` if need be. Holds no lock then.
    fn realize(&self, place: Place, make: impl FnOnce() -> Option<Stack>) -> Result<Stack, Next> {
        match place {
            Place::Idle(stack) => Ok(stack),
            Place::New => make().ok_or_else(|| self.write_off()),
        }
    }

    /// Takes a stack back; who it was kept for, if somebody is in line, is to be made ready.
    pub(crate) fn give_back(&self, stack: Stack) -> Next {
        let mut state = self.state.lock();
        state.figures.lent -= 1;
        let unkept = if state.idle.len() < IDLE_MOST && state.idle.try_reserve(1).is_ok() {
            state.idle.push(stack);
            None
        } else {
            Some(stack)
        };
        let next = state.next(self.most);
        drop(state);
        drop(unkept);
        next
    }

    /// Counts a stack that is lost: with the actor that could not be made, or for want of memory.
    pub(crate) fn write_off(&self) -> Next {
        let mut state = self.state.lock();
        state.figures.lent -= 1;
        state.next(self.most)
    }

    /// Who in line may have the stack that somebody was made ready for and does not take.
    pub(crate) fn offer(&self) -> Next {
        let mut state = self.state.lock();
        if state.figures.lent < self.most { state.next(self.most) } else { None }
    }

    /// Notes how deep an activation went.
    pub(crate) fn note_depth(&self, bytes: usize) {
        let mut state = self.state.lock();
        state.figures.deepest_bytes = state.figures.deepest_bytes.max(bytes);
    }
}

impl State {
    /// Who in line may have a stack now: the urgent first, the others only outside the reserve.
    fn next(&mut self, most: usize) -> Next {
        let for_all = self.figures.lent < most.saturating_sub(RESERVE);
        self.urgent.pop_front().or_else(|| if for_all { self.ordinary.pop_front() } else { None })
    }

    /// A place for a stack, counted as lent; none at `most`.
    fn take(&mut self, most: usize) -> Option<Place> {
        if self.figures.lent >= most {
            return None;
        }
        self.figures.lent += 1;
        self.figures.high_water = self.figures.high_water.max(self.figures.lent);
        Some(self.idle.pop().map_or(Place::New, Place::Idle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pool from which one ordinary actor may have a stack.
    fn pool() -> Stacks {
        Stacks::new(RESERVE + 1)
    }

    fn place(stacks: &Stacks) -> Option<Place> {
        stacks.state.lock().take(stacks.most - RESERVE)
    }

    #[test]
    fn a_stack_is_made_without_the_pools_lock_and_counts_already() {
        let stacks = pool();
        let new = place(&stacks).unwrap();
        let made = stacks.realize(new, || {
            // Under the pool's lock this would be a lock out of order, which panics.
            assert_eq!(stacks.figures().lent, 1);
            assert!(place(&stacks).is_none(), "the limit holds while a stack is being made");
            Stack::allocate()
        });
        assert!(made.is_ok());
        assert_eq!(stacks.figures(), StackFigures { lent: 1, high_water: 1, ..StackFigures::default() });
    }

    #[test]
    fn a_stack_that_could_not_be_made_leaves_its_place() {
        let stacks = pool();
        let new = place(&stacks).unwrap();
        assert!(matches!(stacks.realize(new, || None), Err(None)));
        assert_eq!(stacks.figures().lent, 0);
        assert!(matches!(place(&stacks), Some(Place::New)));
    }

    #[test]
    fn a_stack_that_came_back_is_lent_again() {
        let stacks = pool();
        let new = place(&stacks).unwrap();
        let made = stacks.realize(new, Stack::allocate).unwrap();
        assert!(stacks.give_back(made).is_none());
        assert_eq!(stacks.figures().idle, 1);
        assert!(matches!(place(&stacks), Some(Place::Idle(_))));
    }
}
