//! A short text held in place: what a panic says, kept without allocating.
//!
//! Invariant: the first `len` bytes are valid UTF-8, since they are only ever appended as `str`s.

use core::fmt;
use core::ops::Deref;

/// At most `N` bytes (up to 255) of text, by value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Text<N> {
    /// No text.
    pub const EMPTY: Self = Text { bytes: [0; N], len: 0 };

    /// The beginning of `text`, as much as fits.
    pub fn head(text: &str) -> Self {
        let mut fresh = Self::EMPTY;
        fresh.push(text);
        fresh
    }

    /// The end of `text`, as much as fits.
    pub fn tail(text: &str) -> Self {
        let mut from = text.len().saturating_sub(N.min(255));
        while !text.is_char_boundary(from) {
            from += 1;
        }
        Self::head(text.get(from..).unwrap_or(""))
    }

    /// Appends as many whole characters as fit.
    pub fn push(&mut self, text: &str) {
        let start = usize::from(self.len);
        let room = N.min(255) - start;
        let mut take = text.len().min(room);
        while !text.is_char_boundary(take) {
            take -= 1;
        }
        let piece = text.as_bytes().get(..take).unwrap_or(&[]);
        if let Some(space) = self.bytes.get_mut(start..start + take) {
            space.copy_from_slice(piece);
            self.len += take as u8;
        }
    }
}

impl<const N: usize> Deref for Text<N> {
    type Target = str;

    fn deref(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or(&[]);
        core::str::from_utf8(bytes).unwrap_or("")
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    /// Never fails: what does not fit is dropped.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(&*Text::<4>::head("aéé"), "aé");
        assert_eq!(&*Text::<4>::tail("aééb"), "éb");
        assert_eq!(&*Text::<4>::tail("éaé"), "aé");
        assert_eq!(&*Text::<8>::head("short"), "short");
    }
}
