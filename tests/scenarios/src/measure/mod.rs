//! What is measured of a kernel, on the host and in QEMU: calls, spawns, switches, waits, lateness.
//!
//! Owns the list of measures. A measure plays on a [`Stage`] whose kernel was made with
//! [`stamps::host_calls`] and runs the programs that it names, and hands every sample on. Samples are
//! counts of the machine's cycle counter: native cycles on the host; in QEMU, under a clock that counts
//! instructions, so many of those as the clock's shift says. A measure asserts that what it measured
//! was done right, and never how long it took.

mod bulk;
mod calls;
mod compute;
mod late;
mod memory;
pub mod native;
mod regions;
mod restarts;
mod revokes;
mod spawns;
pub mod stamps;
mod streams;
pub mod switches;
mod waits;

use crate::{Stage, Verdict};

/// What runs a measure's actors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programs {
    /// Programs in Rust ([`native`]): all that is left is the kernel's.
    Native,
    /// The test modules, by the interpreter.
    Wasm,
}

/// What samples count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The cycle counter.
    Cycles,
    /// Nanoseconds of the kernel's clock.
    Nanos,
}

/// Takes one sample: a count, and how many times over what is measured took it.
pub type Sink<'a> = dyn FnMut(u64, u32) + 'a;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// What it is called.
    pub name: &'static str,
    /// What its samples count.
    pub unit: Unit,
    /// What runs its actors.
    pub programs: Programs,
    /// Measures [`Stage::rounds`] times.
    pub play: fn(&mut Stage<'_>, &mut Sink<'_>) -> Verdict,
}

const fn cycles(
    name: &'static str,
    programs: Programs,
    play: fn(&mut Stage<'_>, &mut Sink<'_>) -> Verdict,
) -> Measure {
    Measure { name, unit: Unit::Cycles, programs, play }
}

/// Every measure.
pub const MEASURES: &[Measure] = &[
    cycles("call_kernel_part", Programs::Native, calls::served_by_a_main_actor),
    cycles("call_kernel_part_handler", Programs::Native, calls::served_by_a_handler),
    cycles("call_wasm", Programs::Wasm, calls::through_the_interpreter),
    cycles("call_wasm_traced", Programs::Wasm, calls::through_the_interpreter_and_traced),
    cycles("call_wasm_measured", Programs::Wasm, calls::through_the_interpreter_and_measured),
    cycles("spawn_to_first", Programs::Wasm, spawns::to_the_first_instruction),
    cycles("spawn_to_end", Programs::Wasm, spawns::to_the_end),
    cycles("restart_to_answer", Programs::Wasm, restarts::to_the_next_answer),
    cycles("switch", Programs::Native, switches::voluntary),
    cycles("wait_any_1", Programs::Wasm, waits::for_one),
    cycles("wait_any_16", Programs::Wasm, waits::for_sixteen),
    cycles("wait_any_256", Programs::Wasm, waits::for_256),
    cycles("revoke_1", Programs::Native, revokes::of_one),
    cycles("revoke_100", Programs::Native, revokes::of_a_hundred),
    cycles("revoke_10000", Programs::Native, revokes::of_ten_thousand),
    Measure {
        name: "revoke_10000_hold",
        unit: Unit::Nanos,
        programs: Programs::Native,
        play: revokes::longest_hold_for_ten_thousand,
    },
    cycles("stream_1", Programs::Native, streams::from_one),
    cycles("stream_2", Programs::Native, streams::from_two),
    cycles("stream_8", Programs::Native, streams::from_eight),
    cycles("region_read", Programs::Native, regions::reading),
    cycles("region_write", Programs::Native, regions::writing),
    cycles("mebibyte_by_region", Programs::Native, regions::handing_over),
    cycles("mebibyte_by_messages", Programs::Native, regions::sending),
    cycles("integers", Programs::Wasm, compute::integers),
    cycles("floats", Programs::Wasm, compute::floats),
    Measure { name: "lateness", unit: Unit::Nanos, programs: Programs::Wasm, play: late::lateness },
];

/// The measure of this name.
pub fn find(name: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| measure.name == name)
}
