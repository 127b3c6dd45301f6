//! What tinywasm's options are worth: each one way and the other, on a module of integers and one of floats.
//!
//! All variants are run in turns within one process, so that a slow moment of the machine hits all of them;
//! the ratios to the product's choice are what can be compared. Cargo features are of a whole build, so
//! `tools/bench-features.sh` runs two builds of this in turns. Nothing here is a test.

use std::time::{Duration, Instant};

use tinywasm::engine::{Config, FuelPolicy, StackConfig};
use tinywasm::parser::{Parser, ParserOptions};
use tinywasm::{Engine, ExecProgress, Module, ModuleInstance, Store};

const MODULES: [(&str, &str); 2] =
    [("integers", include_str!("modules/integers.wat")), ("floats", include_str!("modules/floats.wat"))];
const ROUNDS: usize = 41;
const MAKES: usize = 1001;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// One choice of every option.
#[derive(Clone)]
struct Variant {
    name: &'static str,
    config: Config,
    parser: ParserOptions,
    fuel: Fuelled,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fuelled {
    /// One quantum that is large enough for all.
    Yes,
    /// `call`, which cannot be interrupted.
    No,
}

/// As `src/limits.rs` and `src/parse.rs` choose.
fn product() -> Variant {
    let config = Config::new()
        .with_call_stack(StackConfig::dynamic(8, 1024))
        .with_value_stack_32(StackConfig::dynamic(32, 8192))
        .with_value_stack_64(StackConfig::dynamic(8, 4096))
        .with_value_stack_128(StackConfig::dynamic(0, 2048));
    let parser = ParserOptions::default().with_operand_deduplication(false);
    Variant { name: "the product's choice", config, parser, fuel: Fuelled::Yes }
}

fn variants() -> [Variant; 6] {
    let own = product();
    let stacks = Config::new();
    [
        own.clone(),
        Variant {
            name: "fuel weighted",
            config: own.config.clone().with_fuel_policy(FuelPolicy::Weighted),
            ..own.clone()
        },
        Variant { name: "no fuel at all", fuel: Fuelled::No, ..own.clone() },
        Variant { name: "stacks fixed, of default size", config: stacks, ..own.clone() },
        Variant {
            name: "operands deduplicated",
            parser: own.parser.clone().with_operand_deduplication(true),
            ..own.clone()
        },
        Variant { name: "not optimised", parser: own.parser.clone().with_optimize(false), ..own },
    ]
}

fn instance(variant: &Variant, module: &Module) -> Result<(Store, ModuleInstance)> {
    let mut store = Store::new(Engine::new(variant.config.clone()));
    let instance = ModuleInstance::instantiate(&mut store, module, None)?;
    Ok((store, instance))
}

fn run(variant: &Variant, store: &mut Store, instance: &ModuleInstance) -> Result<Duration> {
    let handle = instance.func::<(), ()>(store, "handle")?;
    let began = Instant::now();
    match variant.fuel {
        Fuelled::No => handle.call(store, ())?,
        Fuelled::Yes => {
            let ExecProgress::Completed(()) = handle.call_resumable(store, ())?.resume_with_fuel(u32::MAX)?
            else {
                return Err("a quantum did not do".into());
            };
        }
    }
    Ok(began.elapsed())
}

fn make(variant: &Variant, module: &Module) -> Result<Duration> {
    let began = Instant::now();
    instance(variant, module)?;
    Ok(began.elapsed())
}

fn at(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

fn compare(name: &str, text: &str) -> Result<()> {
    let bytes = wat::parse_str(text)?;
    let mut rows = Vec::new();
    for variant in variants() {
        let module = Parser::new(variant.parser.clone()).parse_module_bytes(&bytes)?;
        let (store, instance) = instance(&variant, &module)?;
        rows.push((variant, module, store, instance, Vec::new()));
    }
    for _ in 0..ROUNDS {
        for (variant, _, store, instance, times) in &mut rows {
            times.push(run(variant, store, instance)?);
        }
    }
    println!(
        "{name:<32} {:>10} {:>10} {:>10} {:>10} {:>5} {:>8} {:>10}",
        "min", "median", "p95", "max", "n", "ratio", "make"
    );
    let mut own = None;
    for (variant, module, _, _, mut times) in rows {
        let [min, median, p95, max] = [0, 50, 95, 100].map(|percent| at(&mut times, percent));
        let own = *own.get_or_insert(median);
        let ratio = median.as_secs_f64() / own.as_secs_f64();
        let mut makes = (0..MAKES).map(|_| make(&variant, &module)).collect::<Result<Vec<_>>>()?;
        println!(
            "  {:<30} {min:>10.1?} {median:>10.1?} {p95:>10.1?} {max:>10.1?} {:>5} {ratio:>8.3} {:>10.1?}",
            variant.name,
            times.len(),
            at(&mut makes, 50)
        );
    }
    Ok(())
}

fn main() -> Result<()> {
    MODULES.iter().try_for_each(|(name, text)| compare(name, text))
}
