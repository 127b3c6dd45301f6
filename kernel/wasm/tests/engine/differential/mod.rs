//! The engine against another interpreter: random valid modules give the same results, host calls,
//! traps and final memories as in wasmi 1.1.
//!
//! Modules come from seeds, so a failure names the seed that shows it again. `TESSERA_FUZZ_MODULES`
//! sets how many are run, `TESSERA_FUZZ_SEED` the first seed. A module that tinywasm refuses for its
//! known fault with `select` in dead code is counted and may not become frequent; any other refusal
//! of a valid module is an error.

pub mod generate;
mod oracle;
mod subject;

use tessera_abi::FaultKind;

/// What one entry into a module did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned.
    Returned,
    /// It trapped, in this way.
    Trapped(FaultKind),
    /// It could not be instantiated; the other interpreter does not always say by which trap.
    NotMade,
}

/// Everything of a module's life that somebody outside can see.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Instantiation with the start function, `_start`, `handle`; what follows a trap is not run.
    pub outcomes: Vec<Outcome>,
    /// Numbers and arguments of all host calls, in order.
    pub calls: Vec<(u16, Vec<u64>)>,
    /// The memory at the end; the entry points write their results and all globals into it.
    pub memory: Vec<u8>,
}

/// What both hosts answer: some function of all bits of the call.
pub fn answer(number: u16, args: &[u64]) -> i64 {
    args.iter().fold(u64::from(number), |mix, arg| generate::scramble(mix ^ arg)).cast_signed()
}

/// The largest that memory and tables may become in both.
pub const MEMORY_BYTES_MAX: usize = 1 << 19;
pub const TABLE_ELEMENTS_MAX: usize = 500;

/// A number from the environment.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// The deepest recursion that either allows is its own affair, so a run that meets it proves nothing.
fn comparable(trace: &Trace) -> bool {
    !trace.outcomes.contains(&Outcome::Trapped(FaultKind::CallDepth))
}

/// The other interpreter's outcomes, with a trap that it has no code for taken from ours.
fn expected_outcomes(expected: &Trace, found: &Trace) -> Vec<Outcome> {
    let named = |(index, outcome): (usize, &Outcome)| match (outcome, found.outcomes.get(index)) {
        (Outcome::NotMade, Some(trap @ Outcome::Trapped(_))) => *trap,
        _ => *outcome,
    };
    expected.outcomes.iter().enumerate().map(named).collect()
}

#[test]
fn random_modules_do_the_same_as_in_another_interpreter() {
    let (first, count) = (setting("TESSERA_FUZZ_SEED", 1), setting("TESSERA_FUZZ_MODULES", 400));
    let (mut refused, mut returned, mut trapped, mut called) = (0u64, 0, 0, 0);
    for seed in first..first + count {
        let bytes = generate::module(seed);
        let expected = oracle::run(&bytes);
        let found = match subject::run(&bytes, seed) {
            Ok(trace) => trace,
            Err(fault) if fault.detail().contains("logical operand width mismatch") => {
                refused += 1;
                continue;
            }
            Err(fault) => panic!("seed {seed}: a valid module is refused: {fault:?}"),
        };
        if comparable(&expected) && comparable(&found) {
            assert_eq!(found.outcomes, expected_outcomes(&expected, &found), "seed {seed}");
            assert_eq!(found.calls, expected.calls, "seed {seed}");
            assert!(found.memory == expected.memory, "seed {seed}: other memory at the end");
        }
        returned += found.outcomes.iter().filter(|one| **one == Outcome::Returned).count();
        trapped += found.outcomes.iter().filter(|one| **one != Outcome::Returned).count();
        called += found.calls.len();
    }
    println!("{count} modules: {returned} returns, {trapped} traps, {called} host calls, {refused} refused");
    assert!(refused <= count / 10 + 2, "{refused} of {count} refused");
    assert!(count < 100 || returned > 50 && trapped > 10 && called > 10, "{returned} {trapped} {called}");
}
