//! Wakes up at fixed intervals, and logs how late that was. Arguments: the interval in milliseconds (1000),
//! how many beats (0 for no end), and after how many beats to log (60).
//!
//! Invariant: beats are at multiples of the interval from the first one on, so lateness does not add up.
#![no_std]

use actor_sdk::{Capability, Clock, Error, args, info};

const NS_PER_MS: u64 = 1_000_000;

/// What the arguments say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    interval_ns: u64,
    beats: u64,
    beats_per_report: u64,
}

impl Settings {
    /// Reads the arguments; what is missing or no number above 0 takes its default.
    #[must_use]
    pub fn parse(args: &str) -> Self {
        let mut numbers = args.split_whitespace().map(|word| word.parse::<u64>().ok());
        let mut next = |default| numbers.next().flatten().unwrap_or(default);
        let interval_ns = next(1000).clamp(1, 86_400_000) * NS_PER_MS;
        Self { interval_ns, beats: next(0), beats_per_report: next(60).max(1) }
    }
}

/// How late the beats since the last report were.
#[derive(Clone, Copy, Debug, Default)]
struct Lateness {
    beats: u64,
    sum_ns: u64,
    most_ns: u64,
}

impl Lateness {
    fn add(&mut self, late_ns: u64) {
        self.beats += 1;
        self.sum_ns += late_ns;
        self.most_ns = self.most_ns.max(late_ns);
    }
}

fn run() -> Result<(), Error> {
    beat(Settings::parse(&args()))
}
actor_sdk::main!(run);

fn beat(settings: Settings) -> Result<(), Error> {
    let clock = Clock::find("clock")?;
    let mut due_ns = clock.now_ns()?;
    let mut lateness = Lateness::default();
    let mut count = 0;
    while settings.beats == 0 || count < settings.beats {
        due_ns = due_ns.saturating_add(settings.interval_ns);
        clock.sleep_until(due_ns)?;
        lateness.add(clock.now_ns()?.saturating_sub(due_ns));
        count += 1;
        if lateness.beats == settings.beats_per_report || count == settings.beats {
            let mean_ns = lateness.sum_ns / lateness.beats;
            info!("{count} beats, late by {mean_ns} ns on average, {} ns at most", lateness.most_ns);
            lateness = Lateness::default();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actor_sdk::Log;
    use actor_sdk::fake::Kernel;

    #[test]
    fn missing_arguments_take_their_defaults() {
        let settings = Settings { interval_ns: 1_000_000_000, beats: 0, beats_per_report: 60 };
        assert_eq!(Settings::parse(""), settings);
        assert_eq!(Settings::parse("10 5"), Settings { interval_ns: 10_000_000, beats: 5, ..settings });
        assert_eq!(Settings::parse("0 5 0").interval_ns, 1_000_000);
    }

    #[test]
    fn the_beats_last_as_long_as_they_should_and_are_reported() {
        let mut kernel = Kernel::new();
        kernel.grant::<Clock>("clock");
        kernel.grant::<Log>("log");
        assert_eq!(beat(Settings::parse("10 5 2")), Ok(()));
        assert_eq!(kernel.now_ns(), 50_000_000);
        assert_eq!(kernel.log_lines().len(), 3);
        assert_eq!(kernel.log_lines()[2], "5 beats, late by 0 ns on average, 0 ns at most");
    }
}
