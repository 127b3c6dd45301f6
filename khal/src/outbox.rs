//! Bytes on their way to a slow device, put in whole and taken out in small pieces.
//!
//! What is put at once stays together, so whoever puts a text needs the owner's lock for a copy and not
//! for as long as the device takes; and whoever waits for the device sends for all that wait, so it does
//! not matter if one that has put something is switched out. Owns two counters that only grow; invariant:
//! `sent <= queued <= sent + BYTES`. It has no lock and knows no device: its owner does.

/// See the module.
pub(crate) struct Outbox {
    bytes: [u8; Outbox::BYTES],
    sent: u64,
    queued: u64,
}

/// The end of something that was put.
#[derive(Clone, Copy)]
#[must_use = "what was put has been sent only when the outbox says so"]
pub(crate) struct Mark(u64);

impl Outbox {
    /// What can be in it, and hence the longest text that stays together.
    pub(crate) const BYTES: usize = crate::console::UNMIXED_BYTES;

    /// An empty one.
    pub(crate) const fn new() -> Outbox {
        Outbox { bytes: [0; Outbox::BYTES], sent: 0, queued: 0 }
    }

    /// Puts all of `text`, or nothing when there is no room for all of it.
    pub(crate) fn put(&mut self, text: &[u8]) -> Option<Mark> {
        if (self.queued - self.sent) as usize + text.len() > Outbox::BYTES {
            return None;
        }
        let (start, behind) = self.bytes.split_at_mut(place(self.queued));
        let (first, rest) = text.split_at(text.len().min(behind.len()));
        // In two pieces: one byte at a time would be most of what is done under the owner's lock.
        for (slots, piece) in [(behind, first), (start, rest)] {
            slots.get_mut(..piece.len()).unwrap_or_default().copy_from_slice(piece);
        }
        self.queued += text.len() as u64;
        Some(Mark(self.queued))
    }

    /// Offers what is to be sent next to `device`, which takes as much of its beginning as it says.
    pub(crate) fn send(&mut self, device: impl FnOnce(&[u8]) -> usize) {
        let start = place(self.sent);
        let end = Outbox::BYTES.min(start + (self.queued - self.sent) as usize);
        let next = self.bytes.get(start..end).unwrap_or_default();
        if !next.is_empty() {
            self.sent += device(next).min(next.len()) as u64;
        }
    }

    /// Whether nothing is left to be sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.sent == self.queued
    }

    /// Whether all up to `mark` has been sent.
    pub(crate) fn has_sent(&self, mark: Mark) -> bool {
        self.sent >= mark.0
    }
}

/// Where the byte with this number lies.
fn place(number: u64) -> usize {
    (number % Outbox::BYTES as u64) as usize
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    /// Lets a device of 16 bytes take one load of `outbox` into `line`.
    fn load(outbox: &mut Outbox, line: &mut Vec<u8>) {
        outbox.send(|next| {
            let taken = next.len().min(16);
            line.extend(next.iter().take(taken));
            taken
        });
    }

    #[test]
    fn texts_put_between_two_loads_are_not_mixed() {
        let (mut outbox, mut line) = (Outbox::new(), Vec::new());
        let first = outbox.put(&[b'a'; 40]).unwrap();
        load(&mut outbox, &mut line);
        let second = outbox.put(&[b'b'; 40]).unwrap();
        while !outbox.has_sent(second) {
            load(&mut outbox, &mut line);
        }
        assert!(outbox.has_sent(first));
        assert_eq!(line, [[b'a'; 40], [b'b'; 40]].concat());
    }

    #[test]
    fn a_text_is_sent_only_with_its_last_byte() {
        let (mut outbox, mut line) = (Outbox::new(), Vec::new());
        let mark = outbox.put(&[7; 17]).unwrap();
        load(&mut outbox, &mut line);
        assert!(!outbox.has_sent(mark) && !outbox.is_empty());
        load(&mut outbox, &mut line);
        assert!(outbox.has_sent(mark) && outbox.is_empty());
    }

    #[test]
    fn a_text_without_room_is_not_put_in_part() {
        let (mut outbox, mut line) = (Outbox::new(), Vec::new());
        assert!(outbox.put(&[1; Outbox::BYTES + 1]).is_none());
        let full = outbox.put(&[1; Outbox::BYTES]).unwrap();
        assert!(outbox.put(&[2]).is_none());
        load(&mut outbox, &mut line);
        assert!(outbox.put(&[2; 17]).is_none());
        let last = outbox.put(&[2; 16]).unwrap();
        while !outbox.has_sent(last) {
            load(&mut outbox, &mut line);
        }
        assert!(outbox.has_sent(full));
        assert_eq!(line, [&[1; Outbox::BYTES][..], &[2; 16]].concat());
    }

    #[test]
    fn bytes_keep_their_order_around_the_end() {
        let (mut outbox, mut line, mut put) = (Outbox::new(), Vec::new(), Vec::new());
        for round in 0..50_u8 {
            let text: Vec<u8> = (0..100).map(|at| round ^ at).collect();
            let mark = outbox.put(&text).unwrap();
            put.extend(&text);
            while !outbox.has_sent(mark) {
                load(&mut outbox, &mut line);
            }
        }
        assert_eq!(line, put);
    }

    #[test]
    fn a_device_that_is_not_ready_takes_nothing() {
        let mut outbox = Outbox::new();
        let mark = outbox.put(b"later").unwrap();
        outbox.send(|_| 0);
        assert!(!outbox.has_sent(mark));
        let mut idle = Outbox::new();
        idle.send(|_| panic!("nothing is there to be sent"));
    }
}
