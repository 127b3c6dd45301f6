//! Short text of a fixed size: names of actors, modules and slots, and messages in records.
//!
//! Invariants: always UTF-8; holds no NUL (on the wire the rest of the field is filled with it); the
//! length is at most `N`.
//! Does not: allocate, or judge what a good name is (the manifest's checker does).

use core::fmt;

use crate::wire::{Field, Malformed, Reader, Writer};

/// UTF-8 text of at most `N` bytes, kept in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len_bytes: usize,
}

/// The name of an actor or a module.
pub type Name = Text<32>;

/// The name of a slot in an actor's table.
pub type SlotName = Text<16>;

/// A line of the log, a panic message with its place, or a fault's detail.
pub type Line = Text<192>;

impl<const N: usize> Text<N> {
    /// Text without a byte.
    pub const EMPTY: Self = Self { bytes: [0; N], len_bytes: 0 };

    /// The longest text in bytes.
    pub const CAPACITY: usize = N;

    /// All of `text`, or nothing if it is longer than `N` bytes or has a NUL in it.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let kept = Self::new_truncated(text);
        (kept.len_bytes == text.len()).then_some(kept)
    }

    /// As much of `text` as fits, cut at a character and before the first NUL.
    #[must_use]
    pub fn new_truncated(text: &str) -> Self {
        let mut kept = Self::EMPTY;
        for character in text.chars() {
            if character == '\0' || !kept.push(character) {
                break;
            }
        }
        kept
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.len_bytes).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or("")
    }

    /// Whether there is no text.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len_bytes == 0
    }

    fn push(&mut self, character: char) -> bool {
        let end = self.len_bytes + character.len_utf8();
        let Some(place) = self.bytes.get_mut(self.len_bytes..end) else { return false };
        character.encode_utf8(place);
        self.len_bytes = end;
        true
    }
}

/// By bytes: whoever looks for a name among many need not have each of them checked again.
impl<const N: usize> PartialEq<str> for Text<N> {
    fn eq(&self, other: &str) -> bool {
        self.bytes.get(..self.len_bytes) == Some(other.as_bytes())
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Writing past the capacity keeps what fits, so that a long panic message is cut, not lost.
impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fits = text.chars().filter(|character| *character != '\0').all(|character| self.push(character));
        if fits { Ok(()) } else { Err(fmt::Error) }
    }
}

impl<const N: usize> Field for Text<N> {
    const SIZE: usize = N;

    fn put(&self, writer: &mut Writer<'_>) {
        writer.bytes(&self.bytes);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let bytes: [u8; N] = reader.array()?;
        let len_bytes = bytes.iter().position(|byte| *byte == 0).unwrap_or(N);
        let (text, padding) = bytes.split_at_checked(len_bytes).ok_or(Malformed)?;
        if str::from_utf8(text).is_err() || padding.iter().any(|byte| *byte != 0) {
            return Err(Malformed);
        }
        Ok(Self { bytes, len_bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_too_long_is_refused_or_cut_at_a_character() {
        assert_eq!(Text::<4>::new("abcde"), None);
        assert_eq!(Text::<4>::new("abcd").map(|text| text.as_str().len()), Some(4));
        assert_eq!(Text::<4>::new_truncated("abcé").as_str(), "abc");
    }

    #[test]
    fn text_is_equal_to_what_it_was_made_of_and_to_nothing_else() {
        let text = Text::<8>::new("name").unwrap();
        assert!(text == *"name" && Text::<8>::EMPTY == *"");
        assert!(["nam", "names", "game", "name\0", ""].iter().all(|other| text != **other));
    }

    #[test]
    fn bytes_after_the_first_nul_must_be_nul() {
        assert!(Text::<4>::take(&mut Reader::new(b"ab\0\0")).is_ok());
        assert_eq!(Text::<4>::take(&mut Reader::new(b"a\0b\0")), Err(Malformed));
        assert_eq!(Text::<4>::take(&mut Reader::new(b"\xff\0\0\0")), Err(Malformed));
    }
}
