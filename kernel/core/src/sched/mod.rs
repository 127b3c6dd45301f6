//! Scheduling: who runs where, who waits, who is woken.
//!
//! A core's life is a loop on its own boot stack ([`core`]): acknowledge kicks, fire due timers, take
//! the best ready actor or steal, resume its stack until it pauses, and only then publish what became
//! of it. An actor is in exactly one place at any time: a run queue, running, parked at its
//! [`gate`], or, when it is suspended, aside ([`hold`]). One that is parked or aside is in no queue, and whoever
//! wins its gate, or releases it, puts it into one.
//!
//! [`inherit`] says at which level one runs for whom others wait in calls. `turn` is what happens between a pick and
//! what becomes of the actor, [`per_core`] what each core owns, [`levels`] orders one core's ready actors, [`queue`]
//! locks them for owner and thieves, [`spot`] says where one is, [`timers`] keeps deadlines, [`fifo`] is the list under
//! all of them.

pub mod core;
pub mod fifo;
pub mod gate;
pub mod hold;
pub mod inherit;
pub mod levels;
pub mod per_core;
pub mod queue;
pub mod spot;
pub mod stacks;
pub mod timers;
mod turn;
