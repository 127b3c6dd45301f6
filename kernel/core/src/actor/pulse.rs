//! Signs of life: what an actor is at, since when, and when it last said that it gets on.
//!
//! Owns a few words an actor, written by the core that runs it and by its own heartbeat, read by anybody without a lock.
//! The moments are those that the core loop reads the clock for anyway, at the begin and the end of a turn, so
//! nothing is added to a call; but between two messages that a handler takes in one activation it is read once more.
//! Invariant: whoever sees an actor working sees since when. Moments are kept in ticks of 2^20 ns, in 32 bits, since
//! every actor has them.
//! Does not: judge, or wake anybody.

use khal::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use khal::time::Instant;
use tessera_abi::Spell;

/// A tick is 2 to this many nanoseconds.
const TICK_BITS: u32 = 20;

/// See the module. At first the actor is at rest: it has not begun.
#[derive(Debug, Default)]
pub struct Pulse {
    spell: AtomicU8,
    since: AtomicU32,
    beaten: AtomicU32,
}

/// How long an actor has been at what it is at, and how long it has given no sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// What it is at.
    pub spell: Spell,
    /// For how long, in ns.
    pub spell_ns: u64,
    /// Since its last heartbeat, the begin of its activation, or a handler's next message, in ns.
    pub silent_ns: u64,
}

impl Pulse {
    /// A turn begins. Only the first after a wait or a rest begins something.
    pub(crate) fn turn_begins(&self, now: Instant) {
        // Relaxed: written by whoever ran it last, before it was published.
        let before = self.spell();
        if before == Spell::Working {
            return;
        }
        if before == Spell::AtRest {
            self.beat(now);
        }
        self.begin(Spell::Working, now);
    }

    /// A handler's activation has taken a message and goes on with another: that is a sign of life, and it begins anew.
    pub(crate) fn next_message(&self, now: Instant) {
        self.beat(now);
        self.begin(Spell::Working, now);
    }

    /// It has given its core back, to wait.
    pub(crate) fn waits(&self, now: Instant) {
        self.begin(Spell::Waiting, now);
    }

    /// Its activation is over, and it is not.
    pub(crate) fn rests(&self, now: Instant) {
        self.begin(Spell::AtRest, now);
    }

    /// It says that it gets on.
    pub fn beat(&self, now: Instant) {
        self.beaten.store(ticks(now), Ordering::Relaxed);
    }

    /// What there is to say of it now.
    pub fn read(&self, now: Instant) -> Silence {
        // Acquire, with `begin`: what is seen of a spell includes its begin.
        let spell = Spell::from_number(self.spell.load(Ordering::Acquire)).unwrap_or(Spell::AtRest);
        let ago = |then: &AtomicU32| age_ns(ticks(now), then.load(Ordering::Relaxed));
        Silence { spell, spell_ns: ago(&self.since), silent_ns: ago(&self.beaten) }
    }

    fn spell(&self) -> Spell {
        Spell::from_number(self.spell.load(Ordering::Relaxed)).unwrap_or(Spell::AtRest)
    }

    fn begin(&self, spell: Spell, now: Instant) {
        self.since.store(ticks(now), Ordering::Relaxed);
        // Release, with `read`.
        self.spell.store(spell.number(), Ordering::Release);
    }
}

/// The low bits of the moment's count of ticks.
fn ticks(moment: Instant) -> u32 {
    (moment.as_nanos() >> TICK_BITS) as u32
}

/// From one tick to another. A moment that seems to come is one of just now, that another core has read a little later.
fn age_ns(now: u32, then: u32) -> u64 {
    let age = now.wrapping_sub(then);
    if age > u32::MAX / 2 { 0 } else { u64::from(age) << TICK_BITS }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: u64 = 1 << TICK_BITS;

    fn at(ticks: u64) -> Instant {
        Instant::from_nanos(ticks * TICK)
    }

    fn silence(spell: Spell, spell_ticks: u64, silent_ticks: u64) -> Silence {
        Silence { spell, spell_ns: spell_ticks * TICK, silent_ns: silent_ticks * TICK }
    }

    #[test]
    fn a_spell_goes_on_over_turns_and_begins_anew_with_a_wait() {
        let pulse = Pulse::default();
        assert_eq!(pulse.read(at(3)).spell, Spell::AtRest);
        (10..20).for_each(|turn| pulse.turn_begins(at(turn)));
        assert_eq!(pulse.read(at(20)), silence(Spell::Working, 10, 10));
        pulse.waits(at(20));
        assert_eq!(pulse.read(at(25)), silence(Spell::Waiting, 5, 15));
        pulse.turn_begins(at(30));
        assert_eq!(pulse.read(at(31)), silence(Spell::Working, 1, 21), "a wait is no heartbeat");
    }

    #[test]
    fn a_heartbeat_and_a_new_activation_end_the_silence() {
        let pulse = Pulse::default();
        pulse.turn_begins(at(1));
        pulse.beat(at(8));
        assert_eq!(pulse.read(at(9)), silence(Spell::Working, 8, 1));
        pulse.rests(at(10));
        pulse.turn_begins(at(100));
        assert_eq!(pulse.read(at(101)), silence(Spell::Working, 1, 1));
    }

    #[test]
    fn each_message_of_a_busy_handler_is_a_sign_of_life() {
        let pulse = Pulse::default();
        pulse.turn_begins(at(1));
        pulse.next_message(at(50));
        assert_eq!(pulse.read(at(52)), silence(Spell::Working, 2, 2));
    }

    #[test]
    fn moments_are_told_apart_past_the_end_of_their_count() {
        let pulse = Pulse::default();
        let last = u64::from(u32::MAX);
        pulse.turn_begins(at(last));
        assert_eq!(pulse.read(at(last + 5)), silence(Spell::Working, 5, 5));
        assert_eq!(pulse.read(at(last - 1)), silence(Spell::Working, 0, 0), "read by another core before");
    }
}
