//! The other half of ping: answers each call with its first word plus one.
//!
//! Does not: keep anything between calls.
#![no_std]

use actor_sdk::{Handler, Incoming, Outgoing};

/// Keeps nothing.
#[derive(Debug)]
pub struct Pong;

impl Handler for Pong {
    fn start() -> Self {
        Self
    }

    fn handle(&mut self, mut message: Incoming) {
        let answer = Outgoing::new(message.label).word(0, message.word(0).wrapping_add(1));
        // What was only sent, or whose caller has gone, needs no answer.
        let _unanswered = message.reply(&answer);
    }
}
actor_sdk::handler!(Pong);

#[cfg(test)]
mod tests {
    use super::*;
    use actor_sdk::fake::{Kernel, Parcel};

    #[test]
    fn the_answer_is_the_next_number() {
        let mut kernel = Kernel::new();
        let answer = kernel.deliver(&mut Pong, Parcel::new(1).word(0, 41)).unwrap();
        assert_eq!(answer.words[0], 42);
    }
}
