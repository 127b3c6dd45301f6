//! From a line to words, and from a wrong word to the right one.
//!
//! Does not: expand anything.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Splits a line at blanks; `"…"` and `'…'` keep theirs. Nothing is answered for a quote without end.
#[must_use]
pub fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match quote {
            Some(open) if open == character => quote = None,
            Some(_) => word.get_or_insert_default().push(character),
            None if character == '"' || character == '\'' => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// The one of `known` that `word` most likely meant: at most two slips away.
#[must_use]
pub fn closest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const SLIPS_MAX: usize = 2;
    let near = known.map(|candidate| (slips(word, candidate), candidate));
    let best = near.filter(|(slips, candidate)| *slips <= SLIPS_MAX && *slips < candidate.len());
    best.min_by_key(|(slips, _)| *slips).map(|(_, candidate)| candidate)
}

/// How many letters must be changed, added, left out or swapped with their neighbour to make `right` of
/// `wrong`. Row by row of the usual table; swaps need the row before the last.
fn slips(wrong: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut previous = None;
    for (row, letter) in wrong.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX - 1);
            let changed = at(&last, column) + usize::from(letter != *other);
            let mut best = changed.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            let left = column.checked_sub(1).and_then(|left| Some((left, *right.get(left)?)));
            if let Some((left, neighbour)) = left.filter(|(_, neighbour)| *neighbour == letter)
                && previous == Some(*other)
                && neighbour != *other
            {
                best = best.min(at(&before_last, left) + 1);
            }
            current.push(best);
        }
        before_last = core::mem::replace(&mut last, current);
        previous = Some(letter);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_at_blanks_but_not_in_quotes() {
        assert_eq!(split("  spawn  primes 100 ").unwrap(), ["spawn", "primes", "100"]);
        assert_eq!(split("a \"b c\" d'e f'g ''").unwrap(), ["a", "b c", "de fg", ""]);
        assert_eq!(split("").unwrap(), [""; 0]);
        assert_eq!(split("say \"no end"), None);
    }

    #[test]
    fn slips_are_counted() {
        let pairs = [
            ("help", "help", 0),
            ("hlep", "help", 1),
            ("hep", "help", 1),
            ("helpp", "help", 1),
            ("", "ps", 2),
        ];
        for (wrong, right, count) in pairs {
            assert_eq!(slips(wrong, right), count, "{wrong} for {right}");
        }
    }

    #[test]
    fn a_word_far_from_all_has_no_closest() {
        let known = ["help", "ps", "shutdown"];
        assert_eq!(closest("shutdwon", known.into_iter()), Some("shutdown"));
        assert_eq!(closest("frobnicate", known.into_iter()), None);
        assert_eq!(closest("xy", known.into_iter()), None);
    }
}
