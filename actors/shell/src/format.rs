//! Numbers and tables as people read them.
//!
//! Does not: write anywhere.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// An actor's id as people read and type it: its place among the actors, and how often that place was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActorId(pub u64);

impl fmt::Display for ActorId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0 & u64::from(u32::MAX), self.0 >> 32)
    }
}

impl FromStr for ActorId {
    type Err = core::num::ParseIntError;

    /// Reads the form that is shown; a place alone means its first use.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (place, uses) = text.split_once('.').unwrap_or((text, "1"));
        Ok(Self(u64::from(uses.parse::<u32>()?) << 32 | u64::from(place.parse::<u32>()?)))
    }
}

/// A length of time, with a unit that leaves three or four digits.
#[must_use]
pub fn time(ns: u64) -> String {
    match ns {
        0..10_000 => format!("{ns} ns"),
        10_000..10_000_000 => format!("{} us", ns / 1_000),
        10_000_000..10_000_000_000 => format!("{} ms", ns / 1_000_000),
        _ => format!("{}.{} s", ns / 1_000_000_000, ns / 100_000_000 % 10),
    }
}

/// A number of bytes, rounded to the nearest of a unit that leaves up to four digits.
#[must_use]
pub fn bytes(count: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    match count {
        0..KIB => format!("{count} B"),
        KIB..MIB => format!("{} KiB", (count + KIB / 2) / KIB),
        _ => format!("{} MiB", (count + MIB / 2) / MIB),
    }
}

/// Lines of cells as columns, each as wide as its widest cell; numbers stand to the right.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let widths: Vec<usize> = (0..columns)
        .map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let begins_with_digit = cell.chars().next().is_some_and(|first| first.is_ascii_digit());
            let padded =
                if begins_with_digit { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
            line.push_str(&padded);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec;

    #[test]
    fn ids_are_read_as_they_are_shown() {
        let id = ActorId(3 << 32 | 14);
        assert_eq!((format!("{id}").as_str(), "14.3".parse()), ("14.3", Ok(id)));
        assert_eq!("14".parse(), Ok(ActorId(1 << 32 | 14)));
        assert!("echo".parse::<ActorId>().is_err() && "1.2.3".parse::<ActorId>().is_err());
    }

    #[test]
    fn times_change_their_unit() {
        assert_eq!([9_999, 10_000, 10_000_000].map(time), ["9999 ns", "10 us", "10 ms"]);
        assert_eq!([9_999_999_999, 61_250_000_000].map(time), ["9999 ms", "61.2 s"]);
    }

    #[test]
    fn bytes_change_their_unit_and_are_rounded() {
        assert_eq!([1023, 1024, 17_296, 5 << 20].map(bytes), ["1023 B", "1 KiB", "17 KiB", "5 MiB"]);
    }

    #[test]
    fn columns_line_up_with_numbers_to_the_right() {
        let rows =
            [vec!["ID".into(), "NAME".into()], vec!["7".into(), "a".into()], vec!["12".into(), "bc".into()]];
        assert_eq!(table(&rows), "ID  NAME\n 7  a\n12  bc\n");
    }
}
