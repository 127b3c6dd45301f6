//! Bytes that somebody damaged: they are refused or they run, and neither the parser, the validator
//! nor the interpreter panics, hangs or keeps memory.

use std::sync::Arc;

use khal::contain::{Escape, Meter, enter};
use tessera_abi::HostCall;
use tessera_core::engine::{Completion, Engine, Entry, Fault, Guest, HostCalls, Stop};
use tessera_wasm::Interpreter;

use crate::differential::generate::{self, scramble};
use crate::differential::setting;
use crate::support::{Quanta, ROOMY};

/// More than any undamaged module here needs to load, run and be limited.
const ACCOUNT_BYTES: usize = 8 << 20;

struct Deaf;

impl HostCalls for Deaf {
    fn call(&self, _: HostCall, args: &[u64], _: &mut dyn Guest) -> Result<i64, Stop> {
        Ok(i64::try_from(args.len()).unwrap())
    }
}

/// One to four changes: a byte set, a bit flipped, a piece removed or doubled.
fn damage(bytes: &mut Vec<u8>, seed: u64) {
    for turn in 0..1 + seed % 4 {
        let random = scramble(seed ^ (turn << 32));
        let at = usize::try_from(random >> 32).unwrap() % bytes.len();
        let end = (at + 1 + usize::try_from(random % 9).unwrap()).min(bytes.len());
        match random >> 8 & 3 {
            0 => bytes[at] = random as u8,
            1 => bytes[at] ^= 1 << (random & 7),
            2 if bytes.len() > 16 => drop(bytes.drain(at..end)),
            _ => {
                let piece = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, piece));
            }
        }
    }
}

/// Loads, and if that works runs it all for a limited time.
fn live(
    engine: &Interpreter,
    bytes: &[u8],
    host: Arc<dyn HostCalls>,
    loaded: &mut u64,
) -> Result<Completion, Fault> {
    let module = engine.load(bytes)?;
    *loaded += 1;
    let mut instance = module.instantiate(&ROOMY, host)?;
    for entry in [Entry::Start, Entry::Main, Entry::Handle] {
        let stopped = instance.activate(entry, &mut Quanta::stopping_after(500, 20))?;
        if stopped != Completion::Returned {
            return Ok(stopped);
        }
    }
    Ok(Completion::Returned)
}

#[test]
fn damaged_modules_are_refused_or_run_and_never_panic() {
    let count = 5 * setting("TESSERA_FUZZ_MODULES", 400);
    let first = setting("TESSERA_FUZZ_SEED", 1);
    let (engine, host): (_, Arc<dyn HostCalls>) = (Interpreter::new(), Arc::new(Deaf));
    let mut loaded = 0;
    let mut original = Vec::new();
    for seed in first..first + count {
        if seed % 10 == 1 || original.is_empty() {
            original = generate::module(seed);
        }
        let mut bytes = original.clone();
        damage(&mut bytes, seed);
        let meter = Meter::new(ACCOUNT_BYTES);
        let outcome = enter(&meter, || live(&engine, &bytes, host.clone(), &mut loaded));
        if let Err(escape @ Escape::Panic { .. }) = outcome {
            panic!("seed {seed}: {escape}");
        }
        assert_eq!((meter.live(), meter.used()), (0, 0), "seed {seed}");
    }
    println!("{count} damaged modules: {loaded} were still valid and ran");
    assert!(count < 100 || (count / 50..count).contains(&loaded), "{loaded} of {count}");
}
