//! The console's server: writes what clients send, and hands what is typed to whoever reads.
//!
//! Owns: the console's output, the bytes that nobody has read yet, and who waits for some.
//! Invariants: readers are served in the order they came; a reader that has gone loses no bytes; the
//! keyboard waits while the buffer is full. `console ready` is written when the keyboard listens, and before
//! anything else: tools hold their input back until they see it.
//! Does not: edit lines (its clients do), or know who they are.
//!
//! Protocol: [`actor_sdk::protocol::console`].
#![no_std]

extern crate alloc;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use actor_sdk::protocol::console as label;
use actor_sdk::{Capability, Console, Handler, Incoming, Outgoing, Reply};

/// How many bytes wait at most before the keyboard does.
const BUFFER_BYTES: usize = 2048;

/// The most bytes that one read is answered with.
const READ_BYTES: usize = 256;

/// The server.
#[derive(Debug)]
pub struct Server {
    screen: Option<Console>,
    typed: VecDeque<u8>,
    readers: VecDeque<Reply>,
    keyboard: Option<Reply>,
    /// What clients wanted written before the keyboard listened; nothing once it does.
    early: Option<Vec<u8>>,
}

impl Handler for Server {
    fn start() -> Self {
        Self {
            screen: Console::find("screen").ok(),
            typed: VecDeque::new(),
            readers: VecDeque::new(),
            keyboard: None,
            early: Some(Vec::new()),
        }
    }

    fn handle(&mut self, mut message: Incoming) {
        let reply = message.take_reply();
        match message.label {
            label::WRITE => {
                match &mut self.early {
                    Some(early) if early.len() < BUFFER_BYTES => early.extend(&message.bytes),
                    _ => self.write(&message.bytes),
                }
                answer(reply, label::WRITE);
            }
            label::READ => {
                self.readers.extend(reply);
                self.serve();
            }
            label::READY => {
                self.write(b"console ready\n");
                let early = self.early.take().unwrap_or_default();
                self.write(&early);
                answer(reply, label::READY);
            }
            label::TYPED => {
                self.typed.extend(&message.bytes);
                self.keyboard = reply;
                self.serve();
            }
            _ => answer(reply, label::UNKNOWN),
        }
    }
}
actor_sdk::handler!(Server);

impl Server {
    fn write(&self, bytes: &[u8]) {
        let mut text = Vec::with_capacity(bytes.len() + 16);
        for byte in bytes {
            if *byte == b'\n' {
                text.push(b'\r');
            }
            text.push(*byte);
        }
        if let Some(screen) = &self.screen {
            // Without a screen there is nobody to tell.
            let _unseen = screen.write(&text);
        }
    }

    /// Answers readers while there are bytes, then lets the keyboard go on if there is room.
    fn serve(&mut self) {
        while !self.typed.is_empty()
            && let Some(reader) = self.readers.pop_front()
        {
            let len_bytes = self.typed.len().min(READ_BYTES);
            let piece: Vec<u8> = self.typed.iter().take(len_bytes).copied().collect();
            // A reader that no longer waits takes nothing: the bytes are the next one's.
            if reader.send(&Outgoing::new(label::READ).bytes(&piece)).is_ok() {
                self.typed.drain(..len_bytes);
            }
        }
        if self.typed.len() < BUFFER_BYTES {
            answer(self.keyboard.take(), label::TYPED);
        }
    }
}

fn answer(reply: Option<Reply>, label: u64) {
    if let Some(reply) = reply {
        // A caller that has gone misses nothing.
        let _gone = reply.send(&Outgoing::new(label));
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use actor_sdk::Error;
    use actor_sdk::abi::HostCall;
    use actor_sdk::fake::{Kernel, Parcel};

    fn kernel() -> (Kernel, Server) {
        let mut kernel = Kernel::new();
        kernel.grant::<Console>("screen");
        (kernel, Server::start())
    }

    fn typed(bytes: &[u8]) -> Parcel {
        Parcel::new(label::TYPED).bytes(bytes)
    }

    #[test]
    fn the_marker_is_written_when_the_keyboard_listens() {
        let (mut kernel, mut server) = kernel();
        kernel.deliver(&mut server, Parcel::new(label::READY)).unwrap();
        assert_eq!(kernel.console_output(), "console ready\r\n");
    }

    #[test]
    fn what_is_written_before_the_marker_comes_after_it() {
        let (mut kernel, mut server) = kernel();
        kernel.deliver(&mut server, Parcel::new(label::WRITE).bytes(b"prompt> ")).unwrap();
        assert_eq!(kernel.console_output(), "");
        kernel.deliver(&mut server, Parcel::new(label::READY)).unwrap();
        kernel.deliver(&mut server, Parcel::new(label::WRITE).bytes(b"ps")).unwrap();
        assert_eq!(kernel.console_output(), "console ready\r\nprompt> ps");
    }

    #[test]
    fn without_a_keyboard_text_is_held_back_only_up_to_a_limit() {
        let (mut kernel, mut server) = kernel();
        kernel.deliver(&mut server, Parcel::new(label::WRITE).bytes(&[b'x'; BUFFER_BYTES])).unwrap();
        kernel.deliver(&mut server, Parcel::new(label::WRITE).bytes(b"help")).unwrap();
        assert_eq!(kernel.console_output(), "help");
    }

    #[test]
    fn a_read_is_answered_with_what_was_typed_before() {
        let (mut kernel, mut server) = kernel();
        assert!(kernel.deliver(&mut server, typed(b"ls\r")).is_some());
        assert_eq!(kernel.deliver(&mut server, Parcel::new(label::READ)).unwrap().text(), "ls\r");
    }

    #[test]
    fn a_read_before_anything_was_typed_is_answered_later() {
        let (mut kernel, mut server) = kernel();
        assert!(kernel.deliver(&mut server, Parcel::new(label::READ)).is_none());
        kernel.deliver(&mut server, typed(b"k"));
        assert!(server.typed.is_empty() && server.readers.is_empty());
    }

    #[test]
    fn a_reader_that_has_gone_loses_nothing() {
        let (mut kernel, mut server) = kernel();
        kernel.deliver(&mut server, Parcel::new(label::READ));
        kernel.refuse(HostCall::Reply, Error::PeerDead);
        kernel.deliver(&mut server, typed(b"k"));
        assert_eq!(kernel.deliver(&mut server, Parcel::new(label::READ)).unwrap().text(), "k");
    }

    #[test]
    fn the_keyboard_waits_while_the_buffer_is_full() {
        let (mut kernel, mut server) = kernel();
        assert!(kernel.deliver(&mut server, typed(&[b'x'; BUFFER_BYTES])).is_none());
        assert!(server.keyboard.is_some());
        kernel.deliver(&mut server, Parcel::new(label::READ)).unwrap();
        assert!(server.keyboard.is_none());
    }

    #[test]
    fn an_unknown_label_is_answered_as_such() {
        let (mut kernel, mut server) = kernel();
        assert_eq!(kernel.deliver(&mut server, Parcel::new(77)).unwrap().label, label::UNKNOWN);
    }
}
