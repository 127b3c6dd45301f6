//! The process's start as a machine's.
//!
//! The program's arguments, joined, are the options line. Three of them mean something here:
//! `cores=N` (default: what the host has), `ramdisk=FILE` and `port=FILE`. A panic that reaches the bottom of a core's stack
//! ends the process with an epitaph and status 101, like bare metal's.

use alloc::string::String;
use alloc::vec::Vec;
use std::format;

use super::{console, contain, cpu, port, power};
use crate::boot::Machine;
use crate::cpu::{CoreId, MAX_CORES};

/// Makes C's `main`.
#[doc(hidden)]
#[macro_export]
macro_rules! backend_entry {
    ($main:path) => {
        const _: () = {
            #[unsafe(export_name = "main")]
            extern "C" fn enter() -> i32 {
                $crate::host::boot::run($main)
            }
        };
    };
}

/// Brings the process up as a machine and calls `main` on core 0. For `entry!`.
pub fn run(main: fn(Machine) -> !) -> ! {
    let options = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let cores = option(&options, "cores").and_then(|n| n.parse().ok()).unwrap_or_else(host_cores);
    let cores = cores.clamp(1, MAX_CORES);
    let ramdisk = option(&options, "ramdisk").map_or_else(Vec::new, read_ramdisk);
    if let Some(path) = option(&options, "port")
        && let Err(error) = port::start(path)
    {
        fail(&format!("port {path}: {error}"))
    }
    cpu::set_count(cores);
    cpu::become_core(CoreId::BOOT);
    console::start();
    let machine =
        Machine { cores, ramdisk: ramdisk.leak(), options: options.leak(), memory_bytes: memory_bytes() };
    fatal_if_it_panics(move || main(machine))
}

/// Starts the other cores' OS threads, then enters `body` as core 0. Each core has taken a tick by then.
pub(crate) fn start_cores(body: fn(CoreId) -> !) -> ! {
    cpu::test_timer();
    for core in crate::cpu::all().skip(1) {
        let enter = move || {
            cpu::become_core(core);
            cpu::test_timer();
            fatal_if_it_panics(move || body(core))
        };
        if std::thread::Builder::new().name(format!("core {}", core.index())).spawn(enter).is_err() {
            fail("the host gives no OS thread for a core")
        }
    }
    fatal_if_it_panics(move || body(CoreId::BOOT))
}

/// `key`'s value in an options line of `key=value` words.
fn option<'a>(options: &'a str, key: &str) -> Option<&'a str> {
    options.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

fn host_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn memory_bytes() -> u64 {
    // SAFETY: asks for two figures, touches nothing.
    let pages = unsafe { libc::sysconf(libc::_SC_PHYS_PAGES) };
    u64::try_from(pages).unwrap_or(0) * 4096
}

fn read_ramdisk(path: &str) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| fail(&format!("ramdisk {path}: {error}")))
}

fn fail(what: &str) -> ! {
    std::eprintln!("{what}");
    power::exit(2)
}

/// Runs a core's whole life; the panic itself was printed by the panic hook.
fn fatal_if_it_panics(life: impl FnOnce() -> core::convert::Infallible) -> ! {
    let Err(payload) = contain::catch(life);
    let text = payload.downcast_ref::<&str>().map(|text| String::from(*text));
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
    let core = crate::cpu::current().index();
    console::write(format!("\nEPITAPH core={core} panic: {text}\n").as_bytes());
    power::exit(101)
}
