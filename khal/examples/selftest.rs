//! khal on its own: one scenario after another on every core of the machine, bare or hosted.
//!
//! The options line names scenarios (`contain`, `threads`, `forced`, `heap`, `reserve`, `sleep`,
//! `idle`, `panic`, `overflow`); none named means the six that end well and soon. Each prints `selftest <name> ok` and its figures. The status is 0 when all did; a
//! property that does not hold is a panic, hence an epitaph and status 101. It has no kernel: its
//! core loop is a queue of threads under one lock.
#![no_std]
#![no_main]
#![expect(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "panics are its verdict")]

extern crate alloc;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use core::cell::Cell;
use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;

use khal::boot::{Machine, start_cores};
use khal::contain::{Escape, Meter, enter, leave};
use khal::cpu::{self, CoreId};
use khal::sync::{Mutex, Order, PreemptGuard, Rank};
use khal::thread::{Pause, Returned, Stack, Thread, pause};
use khal::{console, heap, power, time};

khal::entry!(main);

const QUEUE: Rank = Rank::of(&Order { order: 10, name: "selftest queue" });

static READY: Mutex<VecDeque<Thread>> = Mutex::new(QUEUE, VecDeque::new());
/// Threads that have not ended.
static LEFT: AtomicUsize = AtomicUsize::new(0);
static PREEMPTED: AtomicUsize = AtomicUsize::new(0);
static MIGRATED: AtomicUsize = AtomicUsize::new(0);
/// How long a thread may run before it is asked, and then forced, to pause.
const SLICE: Duration = Duration::from_micros(50);

static OPTIONS: Mutex<&str> = Mutex::new(Rank::of(&Order { order: 1, name: "selftest options" }), "");

fn main(machine: Machine) -> ! {
    *OPTIONS.lock() = machine.options;
    say(&format!("selftest on {} cores\n", machine.cores));
    start_cores(core_main)
}

/// A name, and what to do; it returns its figures.
type Scenario = (&'static str, fn() -> String);

fn core_main(me: CoreId) -> ! {
    time::set_grace(Duration::from_micros(10));
    if me != CoreId::BOOT {
        loop {
            run_ready();
            cpu::idle(None);
            cpu::acknowledge_kick();
        }
    }
    let options = *OPTIONS.lock();
    let named = |name: &str| options.split(' ').any(|word| word == name);
    let all: [Scenario; 9] = [
        ("contain", contain),
        ("threads", threads),
        ("forced", forced),
        ("heap", heap_blocks),
        ("reserve", reserve),
        ("sleep", sleep),
        ("idle", idle),
        ("panic", || panic!("as asked")),
        ("overflow", overflow),
    ];
    let any = all.iter().any(|(name, _)| named(name));
    for (index, (name, scenario)) in all.iter().enumerate() {
        if named(name) || (!any && index < 6) {
            let figures = scenario();
            say(&format!("selftest {name} ok {figures}\n"));
        }
    }
    for held in khal::sync::rank_stats() {
        say(&format!("{} {}: {} ns\n", held.rank.order, held.rank.name, held.longest_hold_ns));
    }
    power::exit(0)
}

/// Runs threads on this core until none is ready.
fn run_ready() {
    loop {
        let next = READY.lock().pop_front();
        let Some(mut thread) = next else { return };
        cpu::clear_resched();
        time::arm(time::now() + SLICE);
        match thread.resume() {
            Returned::Ended => {
                LEFT.fetch_sub(1, SeqCst);
                continue;
            }
            Returned::Preempted => PREEMPTED.fetch_add(1, SeqCst),
            Returned::Yielded | Returned::Blocked => 0,
        };
        READY.lock().push_back(thread);
    }
}

/// Runs `bodies` as threads on all cores, up to the last one's end. Where threads cannot move, here.
fn run_everywhere(bodies: Vec<Box<dyn FnOnce() + Send>>) {
    LEFT.store(bodies.len(), SeqCst);
    for body in bodies {
        let thread = Thread::new(Stack::allocate().unwrap(), body);
        READY.lock().push_back(thread);
    }
    let everywhere = begun_threads_move();
    while LEFT.load(SeqCst) > 0 {
        if everywhere {
            cpu::all().filter(|core| *core != cpu::current()).for_each(cpu::kick);
        }
        run_ready();
    }
}

fn begun_threads_move() -> bool {
    let mut probe = Thread::new(Stack::allocate().unwrap(), Box::new(|| pause(Pause::Yield)));
    probe.resume();
    let movable = probe.movable();
    probe.resume();
    movable
}

fn workload() -> usize {
    let mut numbers = Vec::new();
    (0..300_u32).for_each(|i| numbers.push(i));
    let texts: Vec<String> = numbers.iter().map(|i| format!("number {i}")).collect();
    let boxes: Vec<Box<[u8]>> = (1..40).map(|i| vec![0_u8; i * 7].into_boxed_slice()).collect();
    numbers.truncate(10);
    numbers.shrink_to_fit();
    texts.len() + boxes.len() + numbers.len()
}

/// Panics and refused allocations come back as escapes, and nothing of the scope stays.
fn contain() -> String {
    let meter = Meter::new(1 << 22);
    assert_eq!(enter(&meter, workload), Ok(349));
    let index = black_box(9);
    let escape = enter(&meter, || {
        let _owned = Box::new([1, 2, 3]);
        [1, 2, 3][index]
    });
    let Err(Escape::Panic { message, file, line }) = escape else { panic!("{escape:?}") };
    assert!(message.ends_with("the len is 3 but the index is 9"), "{message}");
    assert!(file.ends_with("selftest.rs") && line > 0, "{file}");
    assert_eq!((meter.used(), meter.live()), (0, 0));
    let mut n = 0;
    let before = heap::stats();
    loop {
        meter.fail_after(n);
        let outcome = enter(&meter, workload);
        assert_eq!((meter.used(), meter.live()), (0, 0), "leaked when allocation {n} failed");
        match outcome {
            Err(Escape::OutOfMemory { .. }) => n += 1,
            Ok(349) => break,
            other => panic!("{other:?} when allocation {n} failed"),
        }
    }
    meter.fail_after(u64::MAX);
    assert_eq!(heap::stats().live, before.live);
    let nested = enter(&meter, || leave(|| enter(&meter, || -> () { panic!("inner") })).is_err());
    assert_eq!(nested, Ok(true));
    format!("allocations={n}")
}

/// Voluntary pauses on all cores, every thread with floating-point sums of its own.
fn threads() -> String {
    let bodies = (0..64_u32).map(|seed| -> Box<dyn FnOnce() + Send> {
        Box::new(move || {
            let mut sum = f64::from(seed);
            for i in 0..100 {
                sum += f64::from(black_box(seed)) * 0.5;
                assert_eq!(sum, f64::from(seed) * (1.0 + 0.5 * f64::from(i + 1)));
                pause(Pause::Yield);
            }
        })
    });
    run_everywhere(bodies.collect());
    String::from("threads=64")
}

/// Threads that never pause by themselves, and do all there is to do (floats, heap, locks, failures)
/// while they are switched out every few dozen microseconds, from core to core.
fn forced() -> String {
    static SHARED: Mutex<usize> = Mutex::new(Rank::of(&Order { order: 11, name: "selftest shared" }), 0);
    *SHARED.lock() = 0;
    let rounds = 300;
    let bodies = (0..16_u32).map(|seed| -> Box<dyn FnOnce() + Send> {
        Box::new(move || {
            let meter = Meter::new(1 << 22);
            for round in 0..rounds {
                let before = { (PreemptGuard::new(), cpu::current()).1 };
                float_work(seed);
                meter.fail_after(u64::from(round * seed % 400));
                let _ = enter(&meter, workload);
                assert_eq!(meter.live(), 0);
                *SHARED.lock() += 1;
                let after = { (PreemptGuard::new(), cpu::current()).1 };
                MIGRATED.fetch_add(usize::from(before != after), SeqCst);
            }
        })
    });
    PREEMPTED.store(0, SeqCst);
    run_everywhere(bodies.collect());
    assert_eq!(*SHARED.lock(), 16 * rounds as usize);
    let stats: Vec<_> = cpu::all().map(cpu::stats).collect();
    let deferred: u64 = stats.iter().map(|s| s.deferred_switches).sum();
    let longest = stats.iter().map(|s| s.longest_guarded_ns).max().unwrap_or(0);
    format!(
        "preempted={} deferred={deferred} migrated={} longest_guarded_ns={longest}",
        PREEMPTED.load(SeqCst),
        MIGRATED.load(SeqCst)
    )
}

/// Keeps a dozen vector registers busy, and checks them.
fn float_work(seed: u32) {
    let step = f64::from(seed) + 0.25;
    let mut sums = [0.0_f64; 12];
    for _ in 0..2000 {
        for (i, sum) in sums.iter_mut().enumerate() {
            *sum += step * i as f64;
        }
    }
    for (i, sum) in sums.iter().enumerate() {
        assert_eq!(*sum, 2000.0 * step * i as f64, "a register changed hands");
    }
}

/// Large blocks keep their contents while they grow, and give every frame back.
fn heap_blocks() -> String {
    drop(vec![1_u8; 100_000]);
    let before = heap::stats();
    let mut block: Vec<u64> = Vec::new();
    let mut moves = 0;
    for i in 0..200_000 {
        let at = block.as_ptr();
        block.push(i);
        moves += usize::from(at != block.as_ptr());
    }
    assert!(block.iter().copied().eq(0..200_000));
    block.truncate(20_000);
    block.shrink_to_fit();
    assert!(block.iter().copied().eq(0..20_000));
    let zeroed = vec![0_u8; 1 << 20];
    assert!(zeroed.iter().all(|byte| *byte == 0));
    drop((block, zeroed));
    let after = heap::stats();
    assert_eq!((after.live, after.bytes, after.frames_free), (before.live, before.bytes, before.frames_free));
    format!("moves={moves} frames_free={} of {}", after.frames_free, after.frames_total)
}

/// Contained work that takes all it can get is refused while the kernel still gets what it needs.
fn reserve() -> String {
    let before = heap::stats();
    if before.frames_total == 0 {
        return String::from("(the host's memory has no end)");
    }
    let meter = Meter::new(usize::MAX);
    let granted = Cell::new(0);
    let escape = enter(&meter, || {
        let mut blocks: Vec<Vec<u8>> = Vec::new();
        loop {
            let mut block = Vec::new();
            if block.try_reserve_exact(1 << 20).is_err() {
                leave(|| drop(vec![0_u8; 1 << 20]));
                block = Vec::with_capacity(1 << 20);
            }
            blocks.push(block);
            granted.set(blocks.len());
        }
    });
    let wanted: Result<(), _> = Err(Escape::OutOfMemory { bytes: 1 << 20 });
    assert_eq!((escape, meter.live()), (wanted, 0));
    let after = heap::stats();
    assert_eq!((after.live, after.bytes), (before.live, before.bytes));
    format!("granted_mib={} frames_free={} of {}", granted.get(), after.frames_free, after.frames_total)
}

/// A sleep with a limit ends after it, and not long before.
fn sleep() -> String {
    let mut latest = Duration::ZERO;
    for _ in 0..20 {
        let until = time::now() + Duration::from_millis(2);
        while time::now() < until {
            cpu::idle(Some(until));
        }
        latest = latest.max(time::now() - until);
    }
    time::arm(time::now() + Duration::from_millis(1));
    while !cpu::resched_due() {
        cpu::idle(None);
    }
    format!("latest_ns={} ticks={}", latest.as_nanos(), cpu::stats(cpu::current()).timer_ticks)
}

/// Ten seconds in which nothing happens: for whoever measures what that costs the host.
fn idle() -> String {
    let until = time::now() + Duration::from_secs(10);
    while time::now() < until {
        cpu::idle(Some(until));
    }
    let shares: Vec<_> = cpu::all().map(|core| cpu::stats(core).idle_ns / 1_000_000).collect();
    format!("idle_ms={shares:?}")
}

/// Runs into a stack's guard page.
fn overflow() -> String {
    fn deeper(n: u64) -> u64 {
        let frame = black_box([n; 64]);
        if n == 0 { 0 } else { deeper(n - 1) + frame[3] }
    }
    run_everywhere(vec![Box::new(|| assert_ne!(deeper(u64::MAX), 1))]);
    panic!("the overflow went unnoticed")
}

fn say(text: &str) {
    console::write(text.as_bytes());
}
