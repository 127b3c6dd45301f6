//! Asking an actor to end, where killing it would lose what it has begun: what SIGTERM is to SIGKILL.
//!
//! An actor that wants to be asked names a notification of its own and bits. Asking sets them, and the actor ends
//! itself when it has done what it wants to; whoever asked may lose patience and kill. One that has named
//! nothing, or whose notification was taken from it, is killed at once, so that asking always has an effect.
//! Lock: `END`, for what was named; the signal is given outside it.

use super::Actor;
use super::end::EndSignal;
use alloc::sync::Arc;

impl Actor {
    /// Asks it to end.
    pub fn terminate(self: &Arc<Self>) {
        let told = self
            .end()
            .asked()
            .is_some_and(|(notification, pass, bits)| notification.signal(&pass, bits).is_ok());
        if !told {
            self.kill();
        }
    }

    /// What it wants to be given when it is asked to end; with nothing it is ended.
    pub fn wants_to_be_asked(&self, signal: Option<EndSignal>) {
        let _dropped_outside_the_lock = self.end().keep_asked(signal);
    }
}
