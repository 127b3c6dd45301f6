//! The machine under khal, one property or one death a boot, chosen by the options line.
//!
//! Properties (`audit`, `cores=N`, `clock`, `frames`, `ramdisk`, `input`, `seeds`; in `preempt`: `forced`,
//! `deferred`, `kick`) print `machine <name> ok` and
//! end with status 0; one that does not hold panics. Deaths (`page-fault`, `null-call`, `text-write`,
//! `ramdisk-write`, `data-exec`, `double-fault`, `invalid-opcode`, `other-core`) must end in an epitaph; `off` and
//! `reboot` end as they say. `selftest` beside it shows what runs on the machine; this shows the machine.
//! It also builds for the host, where the deaths are the process's and most properties say nothing.
#![no_std]
#![no_main]
#![expect(clippy::unwrap_used, reason = "a panic is how a property fails")]

extern crate alloc;

mod deaths;
mod preempt;

use alloc::format;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;

use khal::boot::{Machine, start_cores};
use khal::cpu::{self, CoreId};
use khal::{console, entropy, heap, memory, power, time};

khal::entry!(main);

/// The image's ramdisk is this very file.
static RAMDISK: &[u8] = include_bytes!("main.rs");

const CLOCK_ROUNDS: usize = 20_000;
const END_OF_INPUT: u8 = b'!';

static LATEST: AtomicU64 = AtomicU64::new(0);
static FINISHED: AtomicUsize = AtomicUsize::new(0);

fn main(machine: Machine) -> ! {
    let (name, value) = machine.options.split_once('=').unwrap_or((machine.options, ""));
    match name {
        "audit" => audit(),
        "cores" => assert_eq!(value.parse(), Ok(machine.cores), "cores"),
        "clock" => start_cores(compare_clocks),
        "frames" => frames(machine.memory_bytes),
        "ramdisk" => assert_eq!(machine.ramdisk, RAMDISK, "ramdisk"),
        "input" => input(),
        "seeds" => assert_ne!(entropy::seed(), entropy::seed(), "seeds"),
        "other-core" => start_cores(deaths::on_the_last_core),
        "off" => power::off(),
        "reboot" => power::reboot(),
        "forced" => start_cores(preempt::forced),
        "deferred" => start_cores(preempt::deferred),
        "kick" => start_cores(preempt::kick),
        death => deaths::die(death, machine.ramdisk),
    }
    hold(name)
}

/// The property holds: the end.
fn hold(name: &str) -> ! {
    console::write(format!("machine {name} ok\n").as_bytes());
    power::exit(0)
}

fn audit() {
    // Mappings that come after boot count too.
    let _stack = khal::thread::Stack::allocate().unwrap();
    let report = memory::audit().unwrap();
    assert!(report.is_sound(), "{report:?}");
}

/// The bootloader's memory came back: all but a few MiB of what the firmware reported is ours.
fn frames(memory_bytes: u64) {
    let stats = heap::stats();
    let managed = stats.frames_total as u64 * 4096;
    assert!(managed + (4 << 20) > memory_bytes && managed <= memory_bytes, "{stats:?} of {memory_bytes}");
}

/// No core ever reads an earlier time than what any core read and published before.
fn compare_clocks(me: CoreId) -> ! {
    for _ in 0..CLOCK_ROUNDS {
        let published = LATEST.load(SeqCst);
        let now = time::now().as_nanos();
        assert!(now >= published, "core {} reads {now} after {published}", me.index());
        LATEST.fetch_max(now, SeqCst);
    }
    finish(me, "clock", || {
        let ticked = cpu::all().filter(|core| cpu::stats(*core).timer_ticks > 0).count();
        assert_eq!(ticked, cpu::count(), "each core's timer fired at bring-up");
    })
}

/// The end of a property of all cores: when the last one is here, the boot core checks what is left to
/// check and ends.
fn finish(me: CoreId, name: &str, check: fn()) -> ! {
    FINISHED.fetch_add(1, SeqCst);
    while me == CoreId::BOOT && FINISHED.load(SeqCst) < cpu::count() {
        cpu::idle(Some(time::now() + Duration::from_millis(1)));
    }
    if me == CoreId::BOOT {
        check();
        hold(name)
    }
    loop {
        cpu::idle(None);
    }
}

/// Takes input up to an exclamation mark, asleep between bytes, and prints its length and checksum.
fn input() {
    console::write(b"console ready\n");
    let (mut length, mut sum, mut ended) = (0_usize, 0_u64, false);
    while !ended {
        cpu::acknowledge_kick();
        let mut bytes = [0; 64];
        let taken = console::read(&mut bytes);
        for byte in bytes.iter().take(taken) {
            sum = sum.wrapping_mul(31).wrapping_add(u64::from(*byte));
            ended |= *byte == END_OF_INPUT;
        }
        length += taken;
        if taken == 0 {
            cpu::idle(None);
        }
    }
    console::write(format!("input {length} {sum:016x}\n").as_bytes());
}
