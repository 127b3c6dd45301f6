//! One line being edited.
//!
//! Invariant: the cursor is between two characters of the text, or at one of its ends.
//! Does not: draw, or know the lines before (see [`crate::history`]).

use alloc::string::String;
use alloc::vec::Vec;

use crate::keys::Key;

/// What a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Event {
    /// The line may look different.
    Edited,
    /// The line is finished.
    Finished,
    /// The line before is wanted.
    Earlier,
    /// The line after is wanted.
    Later,
    /// The line is given up.
    Abandoned,
    /// There is nothing more to read, the line being empty.
    EndOfInput,
    /// The screen is to be cleared.
    Redraw,
}

/// The longest line, in characters; further ones are not taken.
pub const LINE_MAX: usize = 1000;

/// The line.
#[derive(Clone, Debug, Default)]
pub struct Line {
    text: Vec<char>,
    cursor: usize,
}

impl Line {
    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// How many characters stand behind the cursor.
    #[must_use]
    pub const fn behind_cursor(&self) -> usize {
        self.text.len() - self.cursor
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        self.text = text.chars().take(LINE_MAX).collect();
        self.cursor = self.text.len();
    }

    /// Does what the key means.
    pub fn apply(&mut self, key: Key) -> Event {
        match key {
            Key::Character(character) if self.text.len() < LINE_MAX => {
                self.text.insert(self.cursor, character);
                self.cursor += 1;
            }
            Key::Character(_) => {}
            Key::Backspace => {
                if self.cursor > 0 {
                    self.cursor -= 1;
                    self.text.remove(self.cursor);
                }
            }
            Key::Delete => self.delete(),
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = (self.cursor + 1).min(self.text.len()),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.text.len(),
            Key::CutToEnd => self.text.truncate(self.cursor),
            Key::CutToStart => self.cut_from(0),
            Key::CutWord => self.cut_from(self.word_start()),
            Key::EndOfInput if !self.text.is_empty() => self.delete(),
            Key::EndOfInput => return Event::EndOfInput,
            Key::Enter => return Event::Finished,
            Key::Up => return Event::Earlier,
            Key::Down => return Event::Later,
            Key::Interrupt => return Event::Abandoned,
            Key::Redraw => return Event::Redraw,
        }
        Event::Edited
    }

    fn delete(&mut self) {
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
        }
    }

    fn cut_from(&mut self, start: usize) {
        self.text.drain(start..self.cursor);
        self.cursor = start;
    }

    /// Where the word before the cursor begins; blanks between belong to it.
    fn word_start(&self) -> usize {
        let before = self.text.iter().take(self.cursor).rev();
        let blanks = before.clone().take_while(|one| one.is_whitespace()).count();
        let letters = before.skip(blanks).take_while(|one| !one.is_whitespace()).count();
        self.cursor - blanks - letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str, keys: &[Key]) -> (String, usize) {
        let mut line = Line::default();
        for character in text.chars() {
            assert_eq!(line.apply(Key::Character(character)), Event::Edited);
        }
        for key in keys {
            assert_eq!(line.apply(*key), Event::Edited);
        }
        (line.text(), line.behind_cursor())
    }

    #[test]
    fn characters_go_in_and_out_where_the_cursor_is() {
        use Key::{Backspace, Character, Delete, Left};
        assert_eq!(typed("abc", &[Left, Left, Character('é')]), ("aébc".into(), 2));
        assert_eq!(typed("abc", &[Left, Backspace]), ("ac".into(), 1));
        assert_eq!(typed("abc", &[Left, Delete]), ("ab".into(), 0));
    }

    #[test]
    fn the_ends_stop_the_cursor_and_the_deleting() {
        use Key::{Backspace, Delete, End, Home, Left, Right};
        assert_eq!(typed("ab", &[Home, Left, Backspace]), ("ab".into(), 2));
        assert_eq!(typed("ab", &[Home, End, Right, Delete]), ("ab".into(), 0));
    }

    #[test]
    fn cutting_takes_the_word_the_start_or_the_end() {
        use Key::{CutToEnd, CutToStart, CutWord, Left};
        assert_eq!(typed("kill one  ", &[CutWord]), ("kill ".into(), 0));
        assert_eq!(typed("abc", &[Left, CutToStart]), ("c".into(), 1));
        assert_eq!(typed("abc", &[Left, CutToEnd]), ("ab".into(), 0));
        assert_eq!(typed("", &[CutWord, CutToStart, CutToEnd]), (String::new(), 0));
    }

    #[test]
    fn end_of_input_means_delete_while_there_is_text() {
        assert_eq!(typed("ab", &[Key::Home, Key::EndOfInput]), ("b".into(), 1));
        assert_eq!(Line::default().apply(Key::EndOfInput), Event::EndOfInput);
    }

    #[test]
    fn a_line_does_not_grow_for_ever() {
        let mut line = Line::default();
        line.set(&"x".repeat(LINE_MAX + 5));
        assert_eq!(line.apply(Key::Character('y')), Event::Edited);
        assert_eq!(line.text().len(), LINE_MAX);
    }
}
