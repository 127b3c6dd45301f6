//! From the bytes that a terminal sends to keys.
//!
//! State machine: what has been read of a key, and what the next byte makes of it.
//!
//! | state    | byte             | becomes                                  |
//! |----------|------------------|------------------------------------------|
//! | Plain    | ESC              | Escape                                   |
//! | Plain    | control          | Plain, gives the key                     |
//! | Plain    | first of UTF-8   | Partial until the character is whole     |
//! | Escape   | `[` or `O`       | Sequence                                 |
//! | Escape   | other            | Plain, gives nothing                     |
//! | Sequence | digit, `;`       | Sequence, the digit is kept              |
//! | Sequence | other            | Plain, gives the key that it means       |
//!
//! Does not: know what keys do.

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character to insert.
    Character(char),
    /// Return.
    Enter,
    /// Delete before the cursor.
    Backspace,
    /// Delete under the cursor.
    Delete,
    /// One to the left.
    Left,
    /// One to the right.
    Right,
    /// The line before.
    Up,
    /// The line after.
    Down,
    /// To the start.
    Home,
    /// To the end.
    End,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    EndOfInput,
    /// Ctrl-K.
    CutToEnd,
    /// Ctrl-U.
    CutToStart,
    /// Ctrl-W.
    CutWord,
    /// Ctrl-L.
    Redraw,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Plain,
    Partial {
        bytes: [u8; 4],
        have: usize,
        need: usize,
    },
    Escape,
    Sequence {
        digit: u8,
    },
}

/// Reads keys byte by byte.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decoder {
    state: State,
    after_return: bool,
}

impl Decoder {
    /// Takes the next byte, and gives the key that it completes.
    pub fn push(&mut self, byte: u8) -> Option<Key> {
        let after_return = core::mem::replace(&mut self.after_return, byte == b'\r');
        if after_return && byte == b'\n' {
            // A return and a line feed are one key.
            return None;
        }
        let (state, key) = match self.state {
            State::Plain => plain(byte),
            State::Partial { bytes, have, need } => partial(bytes, (have, need), byte),
            State::Escape if byte == b'[' || byte == b'O' => (State::Sequence { digit: 0 }, None),
            State::Escape => (State::Plain, None),
            State::Sequence { .. } if byte.is_ascii_digit() => (State::Sequence { digit: byte }, None),
            State::Sequence { digit } if byte == b';' => (State::Sequence { digit }, None),
            State::Sequence { digit } => (State::Plain, sequence(byte, digit)),
        };
        self.state = state;
        key
    }
}

fn plain(byte: u8) -> (State, Option<Key>) {
    let need = match byte {
        0x1b => return (State::Escape, None),
        0..0x20 | 0x7f => return (State::Plain, control(byte)),
        0x20..0x7f => return (State::Plain, Some(Key::Character(char::from(byte)))),
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf5 => 4,
        // The middle of a character whose start was lost.
        _ => return (State::Plain, None),
    };
    (State::Partial { bytes: [byte, 0, 0, 0], have: 1, need }, None)
}

fn partial(mut bytes: [u8; 4], (have, need): (usize, usize), byte: u8) -> (State, Option<Key>) {
    if byte & 0xc0 != 0x80 {
        return plain(byte);
    }
    if let Some(place) = bytes.get_mut(have) {
        *place = byte;
    }
    if have + 1 < need {
        return (State::Partial { bytes, have: have + 1, need }, None);
    }
    let text = bytes.get(..need).and_then(|whole| str::from_utf8(whole).ok());
    (State::Plain, text.and_then(|text| text.chars().next()).map(Key::Character))
}

const fn control(byte: u8) -> Option<Key> {
    Some(match byte {
        0x01 => Key::Home,
        0x02 => Key::Left,
        0x03 => Key::Interrupt,
        0x04 => Key::EndOfInput,
        0x05 => Key::End,
        0x06 => Key::Right,
        0x08 | 0x7f => Key::Backspace,
        b'\r' | b'\n' => Key::Enter,
        0x0b => Key::CutToEnd,
        0x0c => Key::Redraw,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::CutToStart,
        0x17 => Key::CutWord,
        _ => return None,
    })
}

const fn sequence(byte: u8, digit: u8) -> Option<Key> {
    Some(match (byte, digit) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) => Key::Right,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', b'1' | b'7') => Key::Home,
        (b'F', _) | (b'~', b'4' | b'8') => Key::End,
        (b'~', b'3') => Key::Delete,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        bytes.iter().filter_map(|byte| decoder.push(*byte)).collect()
    }

    #[test]
    fn arrows_home_end_and_delete_come_in_both_dialects() {
        use Key::{Delete, Down, End, Home, Left, Right, Up};
        assert_eq!(keys(b"\x1b[A\x1b[B\x1bOC\x1b[D"), [Up, Down, Right, Left]);
        assert_eq!(keys(b"\x1b[H\x1b[1~\x1b[F\x1b[4~\x1b[3~"), [Home, Home, End, End, Delete]);
    }

    #[test]
    fn return_and_line_feed_are_one_key_or_two_alone() {
        assert_eq!(keys(b"\r\n\n\r"), [Key::Enter, Key::Enter, Key::Enter]);
    }

    #[test]
    fn characters_of_several_bytes_are_one_key_and_broken_ones_none() {
        assert_eq!(keys("é€😀".as_bytes()), ['é', '€', '😀'].map(Key::Character));
        assert_eq!(keys(b"\xff\x80\xc3a"), [Key::Character('a')]);
    }

    #[test]
    fn an_unknown_sequence_is_swallowed_whole() {
        assert_eq!(keys(b"\x1b[1;5Zx"), [Key::Character('x')]);
    }
}
