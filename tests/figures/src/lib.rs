//! Samples of what was measured, as rows of a table and of JSON.
//!
//! Owns how a figure is summed up: least, median, 95th percentile and most of its samples, and how many
//! there are. Every bench program prints its figures by this, so that they read alike. It measures nothing.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

/// The parts of the sorted samples that are shown.
const PERCENTS: [usize; 4] = [0, 50, 95, 100];

/// A figure and all its samples.
#[derive(Clone, Debug)]
pub struct Figure {
    name: String,
    unit: &'static str,
    samples: Vec<f64>,
}

impl Figure {
    /// A figure with its samples, in any order.
    pub fn new(name: impl Into<String>, unit: &'static str, mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        Figure { name: name.into(), unit, samples }
    }

    /// The sample in the middle.
    pub fn median(&self) -> f64 {
        self.at(50)
    }

    /// The sample that `percent` of the others do not exceed.
    fn at(&self, percent: usize) -> f64 {
        let index = (self.samples.len().saturating_sub(1) * percent).div_ceil(100);
        self.samples.get(index).copied().unwrap_or(f64::NAN)
    }

    fn row(&self) -> String {
        let mut row = format!("{:<52} {:<12}", self.name, self.unit);
        for percent in PERCENTS {
            let value = self.at(percent);
            // Ratios and seconds want their fractions, cycles and bytes do not.
            let decimals = if value.abs() < 100.0 { 3 } else { 0 };
            let _never_fails = write!(row, " {value:>10.decimals$}");
        }
        let _never_fails = write!(row, " {:>6}", self.samples.len());
        row
    }

    fn json(&self) -> String {
        let [min, median, p95, max] = PERCENTS.map(|percent| self.at(percent));
        format!(
            r#"{{"name":"{}","unit":"{}","min":{min},"median":{median},"p95":{p95},"max":{max},"n":{}}}"#,
            self.name,
            self.unit,
            self.samples.len()
        )
    }
}

/// Prints figures as a table under `title`.
pub fn print(title: &str, figures: &[Figure]) {
    let [min, median, p95, max] = ["min", "median", "p95", "max"];
    println!("{title:<52} {:<12} {min:>10} {median:>10} {p95:>10} {max:>10} {:>6}", "unit", "n");
    figures.iter().for_each(|figure| println!("{}", figure.row()));
}

/// Writes figures as a list in JSON.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, figures: &[Figure]) -> io::Result<()> {
    let rows: Vec<String> = figures.iter().map(Figure::json).collect();
    fs::write(path, format!("[\n{}\n]\n", rows.join(",\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_sorted_before_they_are_summed_up() {
        let figure = Figure::new("x", "ns", (1..=100).rev().map(f64::from).collect());
        assert_eq!(PERCENTS.map(|percent| figure.at(percent)), [1.0, 51.0, 96.0, 100.0]);
        assert!(figure.json().ends_with(r#""min":1,"median":51,"p95":96,"max":100,"n":100}"#));
    }

    #[test]
    fn one_sample_is_all_of_them() {
        assert_eq!(Figure::new("x", "ns", vec![7.0]).json().matches(":7,").count(), 4);
    }
}
