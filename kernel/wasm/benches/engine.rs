//! What the engine costs: fuel in quanta of several sizes, a host call, an instance.
//!
//! `cargo bench -p tessera-wasm --ignore-rust-version` prints a table. Times are of this machine at
//! this moment; the ratios are what can be compared, because all variants are run in turns within
//! one process. Nothing here is a test.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use khal::contain::{Meter, enter};
use tessera_abi::HostCall;
use tessera_core::engine::{
    Completion, Engine, Entry, Fuel, Guest, HostCalls, Instance, Limits, Module, Next, Pace, Stop,
};
use tessera_wasm::Interpreter;

const LIMITS: Limits =
    Limits { memory_bytes_max: 1 << 20, table_elements_max: 1000, stack_bytes_max: 256 * 1024 };

/// Sieve of Eratosthenes and a linear congruence: integers and memory.
const INTEGERS: &str = include_str!("modules/integers.wat");

/// The Mandelbrot iteration over a grid: doubles and branches.
const FLOATS: &str = include_str!("modules/floats.wat");

/// 100,000 host calls with four arguments.
const CALLS: &str = r#"(module
    (import "tessera" "console_read" (func $host (param i64 i32 i32 i64) (result i64)))
    (memory (export "memory") 1)
    (func (export "handle") (local $i i32)
        (loop $next
            (drop (call $host (i64.const 1) (i32.const 2) (local.get $i) (i64.const 4)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $i) (i32.const 100000))))))"#;

struct Nothing;

impl HostCalls for Nothing {
    fn call(&self, _: HostCall, args: &[u64], _: &mut dyn Guest) -> Result<i64, Stop> {
        Ok(black_box(args).len().cast_signed() as i64)
    }
}

/// Equal quanta; counts them and their fuel.
struct Quanta(u32, u64);

impl Pace for Quanta {
    fn quantum(&mut self, Fuel(used): Fuel) -> Next {
        self.1 += u64::from(used);
        Next::Run(Fuel(self.0))
    }

    fn ended(&mut self, Fuel(used): Fuel) {
        self.1 += u64::from(used);
    }
}

fn load(text: &str) -> Arc<dyn Module> {
    let bytes = wat::parse_str(text).unwrap_or_default();
    match Interpreter::new().load(&bytes) {
        Ok(module) => module,
        Err(fault) => fail(&format!("{fault:?}")),
    }
}

fn fail(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(1)
}

fn instance(module: &Arc<dyn Module>) -> Box<dyn Instance> {
    module.instantiate(&LIMITS, Arc::new(Nothing)).unwrap_or_else(|fault| fail(&format!("{fault:?}")))
}

/// One run of `handle`: its time and fuel.
fn time(instance: &mut dyn Instance, quantum: u32) -> (Duration, u64) {
    let mut pace = Quanta(quantum, 0);
    let begin = Instant::now();
    if instance.activate(Entry::Handle, &mut pace) != Ok(Completion::Returned) {
        fail("the run did not return");
    }
    (begin.elapsed(), pace.1)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Runs all quanta in turns, so that a slow moment of the machine hits all of them.
fn quanta(name: &str, text: &str) {
    const SIZES: [u32; 4] = [u32::MAX, 100_000, 10_000, 1_000];
    const ROUNDS: usize = 41;
    let mut instance = instance(&load(text));
    let mut times = SIZES.map(|_| Vec::new());
    let mut fuel = 0;
    for _ in 0..ROUNDS {
        for (size, times) in SIZES.iter().zip(&mut times) {
            let (elapsed, used) = time(instance.as_mut(), *size);
            times.push(elapsed);
            fuel = used;
        }
    }
    let medians = times.map(|mut times| median(&mut times));
    let whole = medians.first().copied().unwrap_or_default();
    println!(
        "{name}: {fuel} units of fuel, {:.2} ns each in one quantum",
        whole.as_nanos() as f64 / fuel as f64
    );
    for (size, median) in SIZES.iter().zip(medians) {
        println!("  quantum {size:>10}: {median:>10.1?}  x{:.3}", median.as_secs_f64() / whole.as_secs_f64());
    }
}

fn host_call() {
    let mut instance = instance(&load(CALLS));
    let mut times: Vec<_> = (0..21).map(|_| time(instance.as_mut(), u32::MAX).0).collect();
    println!("host call of 4 arguments: {:.1} ns", median(&mut times).as_nanos() as f64 / 100_000.0);
}

/// What one instance of a small handler holds, and how long it takes to make and to enter first.
fn instances() {
    let module = load(
        r#"(module
            (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
            (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
            (memory (export "memory") 256 (pagesize 1)) (global $n (mut i32) (i32.const 0))
            (func (export "handle")
                (drop (call $recv (i64.const 0) (i32.const 0) (i64.const 0)))
                (drop (call $reply (i64.const 0) (i32.const 0)))))"#,
    );
    let meter = Meter::new(usize::MAX);
    let host: Arc<dyn HostCalls> = Arc::new(Nothing);
    let made = enter(&meter, || module.instantiate(&LIMITS, host.clone()));
    let Ok(Ok(mut made)) = made else { fail("no instance") };
    let fresh = (meter.used(), meter.live());
    let _ = enter(&meter, || time(made.as_mut(), 1000));
    println!(
        "an instance: {} bytes in {} allocations, {} after its first message, 256 of them its memory",
        fresh.0,
        fresh.1,
        meter.used()
    );
    let _ = enter(&meter, move || drop(made));
    let mut times: Vec<_> = (0..2001)
        .map(|_| {
            let begin = Instant::now();
            let mut instance = instance(&module);
            time(instance.as_mut(), 1000);
            begin.elapsed()
        })
        .collect();
    println!("instantiate, first message, drop: {:.1?}", median(&mut times));
}

fn main() {
    println!("{}", Interpreter::new().name());
    quanta("integers", INTEGERS);
    quanta("floats", FLOATS);
    host_call();
    instances();
}
