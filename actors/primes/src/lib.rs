//! Counts the primes below its argument (100,000 if it says nothing) by trial division, which takes time and
//! no memory, and logs how many there are.
//!
//! Does not: wait for anything, so it is preempted or it is alone.
#![no_std]

use actor_sdk::{args, info};

const LIMIT: u32 = 100_000;

fn run() {
    let limit = args().trim().parse().unwrap_or(LIMIT);
    info!("{} primes below {limit}", count_below(limit));
}
actor_sdk::main!(run);

/// How many primes are smaller than `limit`.
#[must_use]
pub fn count_below(limit: u32) -> usize {
    (2..limit).filter(|number| is_prime(*number)).count()
}

fn is_prime(number: u32) -> bool {
    let mut divisors = (2..).take_while(|divisor| divisor * divisor <= number);
    divisors.all(|divisor| !number.is_multiple_of(divisor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actor_sdk::Log;
    use actor_sdk::fake::Kernel;

    #[test]
    fn the_known_counts_come_out() {
        assert_eq!([0, 2, 3, 100, 10_000].map(count_below), [0, 0, 1, 25, 1229]);
    }

    #[test]
    fn the_argument_is_the_limit() {
        let mut kernel = Kernel::new();
        kernel.grant::<Log>("log");
        kernel.set_args("10");
        run();
        assert_eq!(kernel.log_lines(), ["4 primes below 10"]);
    }
}
