//! The process as a machine (threads mode), entered through `entry!` like the kernel.
//!
//! Run without arguments, this program starts itself once for each scenario below and judges what that
//! said and how it ended; `cargo test` takes it for a test without a harness.
#![no_std]
#![no_main]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test without a harness: what goes wrong in it fails it"
)]

extern crate std;

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::string::String;
use std::{eprintln, format, println};

use khal::boot::{Machine, start_cores};
use khal::cpu::{self, CoreId};
use khal::{console, power, time};

khal::entry!(main);

/// What a scenario is, and the status and output that it must end with.
struct Scenario {
    name: &'static str,
    arguments: &'static str,
    input: &'static [u8],
    play: fn(Machine) -> !,
    status: i32,
    output: &'static str,
}

const SCENARIOS: [Scenario; 6] = [
    Scenario {
        name: "a_kick_is_never_lost",
        arguments: "cores=4",
        input: b"",
        play: |_| start_cores(pass_the_token),
        status: 0,
        output: "",
    },
    Scenario {
        name: "sleep_ends_at_its_limit",
        arguments: "cores=1",
        input: b"",
        play: |_| start_cores(sleep_a_little),
        status: 5,
        output: "",
    },
    Scenario {
        name: "input_wakes_the_boot_core_and_its_end_does_not_end_the_session",
        arguments: "cores=2",
        input: b"hello, machine",
        play: |_| start_cores(echo),
        status: 7,
        output: "HELLO, MACHINE still here",
    },
    Scenario {
        name: "the_options_and_the_ramdisk_arrive",
        arguments: "cores=3 ramdisk=/proc/self/cmdline color=blue",
        input: b"",
        play: describe,
        status: 0,
        output: "3 true true",
    },
    Scenario {
        name: "a_panic_on_any_core_is_the_end_with_an_epitaph",
        arguments: "cores=2",
        input: b"",
        play: |_| start_cores(die_on_core_one),
        status: 101,
        output: "EPITAPH core=1 panic: of no importance",
    },
    Scenario {
        name: "a_core_runs_threads",
        arguments: "cores=1",
        input: b"",
        play: |_| start_cores(run_a_thread),
        status: 9,
        output: "",
    },
];

/// Either a scenario (its name is among the options), or the judge.
fn main(machine: Machine) -> ! {
    let named = |s: &&Scenario| machine.options.split(' ').any(|word| word == s.name);
    if let Some(scenario) = SCENARIOS.iter().find(named) {
        (scenario.play)(machine)
    }
    let mut failed = 0;
    for scenario in &SCENARIOS {
        let verdict = judge(scenario);
        println!("test {} ... {}", scenario.name, if verdict.is_ok() { "ok" } else { "FAILED" });
        if let Err(why) = verdict {
            eprintln!("{why}");
            failed += 1;
        }
    }
    let passed = SCENARIOS.len() - failed;
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out");
    power::exit(u8::from(failed > 0))
}

fn judge(scenario: &Scenario) -> Result<(), String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(scenario.arguments.split(' '))
        .arg(scenario.name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(scenario.input).unwrap();
    let status = wait(&mut child)?;
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    if status == Some(scenario.status) && output.trim() == scenario.output {
        return Ok(());
    }
    Err(format!("ended with {status:?} and said {output:?}"))
}

/// The child's status; one that hangs (a minute, for something that takes a second) is ended.
fn wait(child: &mut Child) -> Result<Option<i32>, String> {
    for _ in 0..6000 {
        if let Some(status) = child.try_wait().unwrap() {
            return Ok(status.code());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    Err(String::from("it hangs"))
}

/// Each core sleeps until the token is its own, then hands it on: one lost kick and all sleep.
fn pass_the_token(me: CoreId) -> ! {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    const ROUNDS: usize = 30_000;
    loop {
        cpu::acknowledge_kick();
        let turn = TURN.load(SeqCst);
        if turn >= ROUNDS {
            power::exit(u8::from(cpu::stats(me).ipis_sent == 0))
        }
        if turn % cpu::count() == me.index() {
            TURN.store(turn + 1, SeqCst);
            cpu::kick(CoreId::new((turn + 1) % cpu::count()).unwrap());
        } else {
            cpu::idle(None);
        }
    }
}

fn sleep_a_little(_: CoreId) -> ! {
    // A slice that is over does not end a sleep.
    time::arm(time::now());
    let until = time::now() + Duration::from_millis(20);
    let mut sleeps = 0;
    while time::now() < until {
        cpu::idle(Some(until));
        sleeps += 1;
    }
    time::arm(time::now() + Duration::from_millis(1));
    while !cpu::resched_due() {
        core::hint::spin_loop();
    }
    let slept = cpu::stats(cpu::current());
    // The tick of the core's start is one of the two.
    let as_expected = slept.idle_ns > 10_000_000 && slept.timer_ticks == 2 && sleeps < 100;
    power::exit(if as_expected { 5 } else { 6 })
}

fn echo(me: CoreId) -> ! {
    let mut seen = 0;
    let mut piece = [0; 5];
    if me != CoreId::BOOT {
        loop {
            cpu::idle(None);
        }
    }
    loop {
        cpu::acknowledge_kick();
        let count = console::read(&mut piece);
        piece.make_ascii_uppercase();
        console::write(&piece[..count]);
        seen += count;
        if seen == 14 {
            // The writer closed its end right after the last byte.
            cpu::idle(Some(time::now() + Duration::from_millis(50)));
            console::write(b" still here");
            power::exit(7)
        }
        if !console::has_input() {
            cpu::idle(None);
        }
    }
}

fn describe(machine: Machine) -> ! {
    let ramdisk = machine.ramdisk.windows(10).any(|part| part == b"color=blue");
    let options = machine.options.contains("color=blue");
    console::write(format!("{} {ramdisk} {options}", machine.cores).as_bytes());
    power::off()
}

fn die_on_core_one(me: CoreId) -> ! {
    if me.index() == 1 {
        panic!("of no importance");
    }
    loop {
        cpu::idle(None);
    }
}

fn run_a_thread(_: CoreId) -> ! {
    static SUM: AtomicU64 = AtomicU64::new(0);
    let stack = khal::thread::Stack::allocate().unwrap();
    let body = || {
        SUM.fetch_add(4, SeqCst);
        khal::thread::pause(khal::thread::Pause::Yield);
        SUM.fetch_add(5, SeqCst);
    };
    let mut thread = khal::thread::Thread::new(stack, std::boxed::Box::new(body));
    while thread.resume() != khal::thread::Returned::Ended {}
    power::exit(SUM.load(SeqCst) as u8)
}
