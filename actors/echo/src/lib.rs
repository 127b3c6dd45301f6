//! The smallest handler: answers every call with the label, words and bytes that it got.
//!
//! Does not: keep anything between messages, or answer what was only sent.
#![no_std]

use actor_sdk::{Handler, Incoming, Outgoing};

/// Keeps nothing.
#[derive(Debug)]
pub struct Echo;

impl Handler for Echo {
    fn start() -> Self {
        Self
    }

    fn handle(&mut self, mut message: Incoming) {
        let Some(reply) = message.take_reply() else { return };
        let mut answer = Outgoing::new(message.label).bytes(&message.bytes);
        for (index, word) in message.words.iter().enumerate() {
            answer = answer.word(index, *word);
        }
        // A caller that no longer waits misses nothing.
        let _gone = reply.send(&answer);
    }
}
actor_sdk::handler!(Echo);

#[cfg(test)]
mod tests {
    use super::*;
    use actor_sdk::fake::{Kernel, Parcel};

    #[test]
    fn a_call_is_answered_with_itself() {
        let mut kernel = Kernel::new();
        let answer = kernel.deliver(&mut Echo, Parcel::new(5).word(3, 9).bytes(b"hello")).unwrap();
        assert_eq!((answer.label, answer.words[3], &answer.bytes[..]), (5, 9, &b"hello"[..]));
    }

    #[test]
    fn a_long_message_comes_back_whole_and_no_slot_stays_used() {
        let mut kernel = Kernel::new();
        let before = kernel.slots_used();
        let answer = kernel.deliver(&mut Echo, Parcel::new(1).bytes(&[7; 4096])).unwrap();
        assert_eq!(answer.bytes, [7; 4096]);
        assert_eq!(kernel.slots_used(), before);
    }
}
