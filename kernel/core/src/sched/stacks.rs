//! The kernel stacks that activations run on.
//!
//! Owns the idle stacks and the count of all. A main actor's stack is bought when it is spawned and
//! given back at its end; a handler borrows one when its activation begins. At the limit a handler
//! waits in one of two lines, urgent and ordinary, for the next stack that it may have; a main actor
//! is refused. The last [`RESERVE`] stacks are for actors of priority critical and high, so that a flood
//! of ordinary handlers cannot keep the system's own from answering.
//! Invariant: `existing = idle + lent`, and `existing <= most`. Lock: its own, rank `STACKS`.

use super::fifo::Fifo;
use crate::actor::Actor;
use crate::ranks;
use alloc::sync::Arc;
use alloc::vec::Vec;
use khal::sync::Mutex;
use khal::thread::Stack;
use tessera_abi::{Error, Priority};

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
    NoMemory,
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
    /// `NoMemory` at the limit or when the machine has none.
    pub fn buy(&self) -> Result<Stack, Error> {
        self.state.lock().take(self.most.saturating_sub(RESERVE)).ok_or(Error::NoMemory)
    }

    /// Takes a stack for a handler, or puts it in line for the next that comes back.
    pub(crate) fn borrow(&self, actor: &Arc<Actor>) -> Loan {
        let urgent = matches!(actor.profile().priority, Priority::Critical | Priority::High);
        let most = if urgent { self.most } else { self.most.saturating_sub(RESERVE) };
        let mut state = self.state.lock();
        if let Some(stack) = state.take(most) {
            return Loan::Stack(stack);
        }
        if state.figures.lent < most {
            return Loan::NoMemory;
        }
        let line = if urgent { &mut state.urgent } else { &mut state.ordinary };
        line.push_back(actor.clone());
        Loan::InLine
    }

    /// Takes a stack back; who it was kept for, if somebody is in line, is to be made ready.
    pub(crate) fn give_back(&self, stack: Stack) -> Option<Arc<Actor>> {
        self.keep(stack);
        self.state.lock().next(self.most)
    }

    fn keep(&self, stack: Stack) {
        let mut state = self.state.lock();
        state.figures.lent -= 1;
        if state.idle.len() < IDLE_MOST && state.idle.try_reserve(1).is_ok() {
            state.idle.push(stack);
        } else {
            drop(state);
            drop(stack);
        }
    }

    /// Counts a stack that was bought and lost with the actor that could not be made; who may have
    /// its place, if somebody is in line, is to be made ready.
    pub(crate) fn write_off(&self) -> Option<Arc<Actor>> {
        let mut state = self.state.lock();
        state.figures.lent -= 1;
        state.next(self.most)
    }

    /// Notes how deep an activation went.
    pub(crate) fn note_depth(&self, bytes: usize) {
        let mut state = self.state.lock();
        state.figures.deepest_bytes = state.figures.deepest_bytes.max(bytes);
    }
}

impl State {
    /// Who in line may have a stack now: the urgent first, the others only outside the reserve.
    fn next(&mut self, most: usize) -> Option<Arc<Actor>> {
        let for_all = self.figures.lent < most.saturating_sub(RESERVE);
        self.urgent.pop_front().or_else(|| if for_all { self.ordinary.pop_front() } else { None })
    }

    fn take(&mut self, most: usize) -> Option<Stack> {
        if self.figures.lent >= most {
            return None;
        }
        let stack = self.idle.pop().or_else(Stack::allocate)?;
        self.figures.lent += 1;
        self.figures.high_water = self.figures.high_water.max(self.figures.lent);
        Some(stack)
    }
}
