//! The gate an actor waits at, and the only way anybody wakes it.
//!
//! Owns one word: the generation of the current wait, what ended it, and the phase.
//! A wait is won exactly once: of the sender, the timer, the killer and the dying peer that
//! race for it, one gets the [`Claim`]; the others are told so and keep what they had in hand.
//!
//! | phase     | arm   | claim     | fire              | park        | finish | withdraw |
//! |-----------|-------|-----------|-------------------|-------------|--------|----------|
//! | Open      | Armed | refused   | –                 | –           | –      | –        |
//! | Armed     | –     | Claimed   | –                 | Parked      | –      | Open     |
//! | Claimed   | –     | refused   | Fired             | Yielding    | –      | waits    |
//! | Parked    | –     | Yielding  | –                 | –           | –      | –        |
//! | Yielding  | –     | refused   | Fired, wake owed  | –           | –      | –        |
//! | Fired     | –     | refused   | –                 | stays awake | Open   | Open     |
//!
//! `arm`, `finish` and `withdraw` belong to the owner, `park` to the core loop that ran it, after
//! the switch: so an actor is never made ready while its stack is still in use. A wake that comes
//! between "decided to block" and "parked" leaves the phase at Fired, which `park` sees: it cannot
//! be lost. A claim from an earlier wait names an old generation and is refused.
//!
//! The gate takes no lock and may be used under any. Loom models: `tests/loom_gate.rs`.

use khal::sync::atomic::{AtomicU64, Ordering};

/// Names one wait of one gate. Stale as soon as that wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    /// What was waited for has happened; where there is something to take, it is there.
    Delivered = 1,
    /// The deadline passed first.
    TimedOut = 2,
    /// The other side ended, or the object was closed.
    PeerDied = 3,
    /// The waiting actor itself is to stop.
    Stopped = 4,
    /// The capability that was waited through has been taken back.
    Revoked = 5,
}

/// Whether the one who fired must put the actor into a run queue.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an owed wake that nobody delivers is an actor that never runs again"]
pub enum Wake {
    /// The actor was parked: make it ready.
    Owed,
    /// The actor had not left its core yet: its core loop will see it.
    NotOwed,
}

/// What the core loop is to do with an actor whose stack has just been left.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an actor that is awake and in no queue never runs again"]
pub enum Park {
    /// It sleeps; whoever fires the gate makes it ready.
    Asleep,
    /// It was woken before it slept: make it ready now.
    Awake,
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Open = 0,
    Armed,
    Claimed,
    Parked,
    Yielding,
    Fired,
}

#[derive(Clone, Copy)]
struct Word {
    generation: u64,
    cause: u8,
    phase: Phase,
}

impl Word {
    fn unpack(bits: u64) -> Self {
        let phase = match bits & 0xff {
            1 => Phase::Armed,
            2 => Phase::Claimed,
            3 => Phase::Parked,
            4 => Phase::Yielding,
            5 => Phase::Fired,
            _ => Phase::Open,
        };
        Word { generation: bits >> 16, cause: (bits >> 8) as u8, phase }
    }

    fn pack(self) -> u64 {
        self.generation << 16 | u64::from(self.cause) << 8 | self.phase as u64
    }

    fn at(self, phase: Phase) -> Self {
        Word { phase, ..self }
    }

    fn cause(self) -> Cause {
        match self.cause {
            1 => Cause::Delivered,
            2 => Cause::TimedOut,
            3 => Cause::PeerDied,
            5 => Cause::Revoked,
            _ => Cause::Stopped,
        }
    }
}

/// See the module's table.
#[derive(Debug)]
pub struct Gate {
    word: AtomicU64,
}

impl Gate {
    /// A gate that nobody waits at.
    pub fn new() -> Self {
        Gate { word: AtomicU64::new(0) }
    }

    /// Declares a wait. From now on it can be claimed; the owner goes on to register where it
    /// waits, looks once more for a reason not to (its stop flag), and leaves its stack.
    pub fn arm(&self) -> Ticket {
        let mut ticket = Ticket(0);
        self.change(|word| {
            ticket = Ticket(word.generation.wrapping_add(1) & (u64::MAX >> 16));
            Some(Word { generation: ticket.0, cause: 0, phase: Phase::Armed })
        });
        ticket
    }

    /// The wait that is on, if it has not been won.
    pub fn ticket(&self) -> Option<Ticket> {
        let word = Word::unpack(self.word.load(Ordering::SeqCst));
        matches!(word.phase, Phase::Armed | Phase::Parked).then_some(Ticket(word.generation))
    }

    /// Tries to become the one that ends the wait `ticket`.
    pub fn claim(&self, ticket: Ticket) -> Option<Claim<'_>> {
        self.claim_where(|word| word.generation == ticket.0)
    }

    /// Tries to become the one that ends whatever wait is on, as a kill does.
    pub fn claim_any(&self) -> Option<Claim<'_>> {
        self.claim_where(|_| true)
    }

    fn claim_where(&self, wanted: impl Fn(Word) -> bool) -> Option<Claim<'_>> {
        self.change(|word| match word.phase {
            Phase::Armed if wanted(word) => Some(word.at(Phase::Claimed)),
            Phase::Parked if wanted(word) => Some(word.at(Phase::Yielding)),
            _ => None,
        })
        .map(|_| Claim { gate: self })
    }

    /// The core loop's half, after the switch away from the actor.
    pub fn park(&self) -> Park {
        let parked = self.change(|word| match word.phase {
            Phase::Armed => Some(word.at(Phase::Parked)),
            Phase::Claimed => Some(word.at(Phase::Yielding)),
            _ => None,
        });
        if parked.is_some() { Park::Asleep } else { Park::Awake }
    }

    /// Ends the wait for its owner, who runs again because the gate was fired.
    pub fn finish(&self) -> Cause {
        let mut cause = Cause::Stopped;
        self.change(|word| {
            cause = word.cause();
            (word.phase == Phase::Fired).then(|| word.at(Phase::Open))
        });
        cause
    }

    /// Takes a wait back before sleeping. `Some` when somebody else had won it already: then the
    /// owner must treat it as ended, for something may have been delivered.
    pub fn withdraw(&self) -> Option<Cause> {
        loop {
            let before = self.change(|word| match word.phase {
                Phase::Armed | Phase::Fired => Some(word.at(Phase::Open)),
                _ => None,
            });
            match before {
                Some(word) if word.phase == Phase::Fired => return Some(word.cause()),
                Some(_) => return None,
                // A claim is being carried out on another core, under a guard: it ends soon. It may take locks, so who
                // withdraws a call's wait that a reply may end holds none.
                None => khal::sync::relax(),
            }
        }
    }

    /// Whether a wait has been ended and its owner has not taken notice yet.
    pub fn is_fired(&self) -> bool {
        Word::unpack(self.word.load(Ordering::SeqCst)).phase == Phase::Fired
    }

    /// Whether a wait is on.
    pub fn is_waiting(&self) -> bool {
        let phase = Word::unpack(self.word.load(Ordering::SeqCst)).phase;
        !matches!(phase, Phase::Open | Phase::Fired)
    }

    /// Applies `step` atomically; the word before, or `None` when `step` refused it.
    fn change(&self, mut step: impl FnMut(Word) -> Option<Word>) -> Option<Word> {
        // SeqCst throughout: `arm` against the stop flag is a store-then-load on both sides (see
        // `Actor::stop`), which weaker orders do not keep.
        self.word
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |bits| step(Word::unpack(bits)).map(Word::pack))
            .ok()
            .map(Word::unpack)
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

/// The right, and the duty, to end one wait.
#[derive(Debug)]
#[must_use = "a claimed wait that is never fired is an actor that never runs again"]
pub struct Claim<'a> {
    gate: &'a Gate,
}

impl Claim<'_> {
    /// Ends the wait. What is to be handed over must be in its place before.
    pub fn fire(self, cause: Cause) -> Wake {
        let before = self.gate.change(|word| match word.phase {
            Phase::Claimed | Phase::Yielding => Some(Word { cause: cause as u8, ..word.at(Phase::Fired) }),
            _ => None,
        });
        match before {
            Some(word) if word.phase == Phase::Yielding => Wake::Owed,
            _ => Wake::NotOwed,
        }
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_won_once() {
        let gate = Gate::new();
        let ticket = gate.arm();
        let claim = gate.claim(ticket).unwrap();
        assert!(gate.claim(ticket).is_none());
        assert!(gate.claim_any().is_none());
        assert_eq!(claim.fire(Cause::Delivered), Wake::NotOwed);
        assert!(gate.claim(ticket).is_none());
        assert_eq!(gate.finish(), Cause::Delivered);
    }

    #[test]
    fn a_wake_before_parking_is_seen_by_the_parker() {
        let gate = Gate::new();
        let ticket = gate.arm();
        assert_eq!(gate.claim(ticket).unwrap().fire(Cause::TimedOut), Wake::NotOwed);
        assert_eq!(gate.park(), Park::Awake);
        assert_eq!(gate.finish(), Cause::TimedOut);
    }

    #[test]
    fn a_wake_after_parking_is_owed() {
        let gate = Gate::new();
        let ticket = gate.arm();
        assert_eq!(gate.park(), Park::Asleep);
        assert_eq!(gate.claim(ticket).unwrap().fire(Cause::PeerDied), Wake::Owed);
        assert_eq!(gate.finish(), Cause::PeerDied);
    }

    #[test]
    fn parking_between_claim_and_fire_owes_the_wake() {
        let gate = Gate::new();
        let ticket = gate.arm();
        let claim = gate.claim(ticket).unwrap();
        assert_eq!(gate.park(), Park::Asleep);
        assert_eq!(claim.fire(Cause::Delivered), Wake::Owed);
    }

    #[test]
    fn a_stale_ticket_is_refused() {
        let gate = Gate::new();
        let old = gate.arm();
        assert_eq!(gate.withdraw(), None);
        let new = gate.arm();
        assert!(gate.claim(old).is_none());
        assert!(gate.is_waiting());
        assert_eq!(gate.claim(new).unwrap().fire(Cause::Delivered), Wake::NotOwed);
        assert_eq!(gate.withdraw(), Some(Cause::Delivered));
        assert!(!gate.is_waiting());
    }
}
