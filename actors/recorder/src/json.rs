//! One JSON object on one line.
//!
//! Owns: the text as it grows. Invariant: what has been added so far and a closing brace are valid JSON (RFC 8259).
//! Does not: read any, or write numbers that a reader could not keep: above 2^53 they are cut to that.

use alloc::format;
use alloc::string::String;

/// The largest whole number that every reader of JSON keeps exactly.
const LARGEST: u64 = 1 << 53;

/// See the module.
#[derive(Clone, Debug)]
pub struct Object {
    text: String,
}

impl Object {
    /// One without members.
    #[must_use]
    pub fn new() -> Self {
        Self { text: String::from("{") }
    }

    /// With a whole number.
    #[must_use]
    pub fn number(self, key: &str, value: u64) -> Self {
        self.member(key, &format!("{}", value.min(LARGEST)))
    }

    /// With a text.
    #[must_use]
    pub fn text(self, key: &str, value: &str) -> Self {
        self.member(key, &quoted(value))
    }

    /// With an object.
    #[must_use]
    pub fn object(self, key: &str, value: Self) -> Self {
        self.member(key, &value.done())
    }

    /// With pairs of numbers.
    #[must_use]
    pub fn pairs(self, key: &str, values: impl Iterator<Item = (u64, u64)>) -> Self {
        let mut list = String::from("[");
        for (first, second) in values {
            list.push_str(if list.len() > 1 { "," } else { "" });
            list.push_str(&format!("[{},{}]", first.min(LARGEST), second.min(LARGEST)));
        }
        list.push(']');
        self.member(key, &list)
    }

    /// The whole, without a line's end.
    #[must_use]
    pub fn done(mut self) -> String {
        self.text.push('}');
        self.text
    }

    fn member(mut self, key: &str, value: &str) -> Self {
        self.text.push_str(if self.text.len() > 1 { "," } else { "" });
        self.text.push_str(&quoted(key));
        self.text.push(':');
        self.text.push_str(value);
        self
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(letter);
            }
            control if u32::from(control) < 0x20 => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_follow_each_other_with_commas() {
        let inner = Object::new().number("a", 1);
        let pairs = [(1, 2), (3, u64::MAX)].into_iter();
        let whole =
            Object::new().text("b", "x").object("c", inner).pairs("d", pairs).pairs("e", [].into_iter());
        let expected = r#"{"b":"x","c":{"a":1},"d":[[1,2],[3,9007199254740992]],"e":[]}"#;
        assert_eq!(whole.done(), expected);
        assert_eq!(Object::new().done(), "{}");
    }

    #[test]
    fn what_would_end_a_text_is_escaped() {
        let line = Object::new().text("k\"", "a\"b\\c\nd\u{1}é").done();
        assert_eq!(line, "{\"k\\\"\":\"a\\\"b\\\\c\\u000ad\\u0001é\"}");
    }
}
