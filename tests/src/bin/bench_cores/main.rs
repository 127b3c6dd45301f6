//! What a second core is worth, native: `bench_cores cores=2 [out=OUT.json]`, with a real thread a core.
//!
//! Ratios within one process: what two independent pairs of callers and servers (and two actors that only
//! compute) get done in a time on two cores, against what one does in this same machine of two. The boot
//! core directs, and turns its own loop meanwhile. With fewer processors than cores, or anything else
//! running, the figures say nothing.
#![no_main]

mod rounds;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use khal::boot::Machine;
use khal::cpu::{self, CoreId};
use khal::time;
use spin::{Mutex, Once};
use tessera_core::kernel::Kernel;
use tessera_core::sched::core::Step;

khal::entry!(boot);

/// The longest that the boot core sleeps: how late the end of what runs elsewhere is seen.
const NAP: Duration = Duration::from_micros(100);

/// The longest that another core sleeps, so that it finds the next kernel.
const REST: Duration = Duration::from_millis(2);

static MACHINE: Once<Machine> = Once::new();
static KERNEL: Mutex<Option<Arc<Kernel>>> = Mutex::new(None);

fn boot(machine: Machine) -> ! {
    MACHINE.call_once(|| machine);
    khal::boot::start_cores(enter)
}

fn enter(core: CoreId) -> ! {
    if core == CoreId::BOOT {
        khal::power::exit(direct());
    }
    loop {
        let kernel = KERNEL.lock().clone();
        match kernel {
            Some(kernel) => turn(&kernel, core, REST),
            None => cpu::idle(Some(time::now() + NAP)),
        }
    }
}

/// Turns a core's loop until it has nothing to do, then sleeps a little; but not for ever.
fn turn(kernel: &Kernel, core: CoreId, longest: Duration) {
    const TURNS: usize = 256;
    for _ in 0..TURNS {
        if let Step::Idle(until) = kernel.step(core) {
            return cpu::idle(Some(until.min(time::now() + longest)));
        }
    }
}

/// The status of the process.
fn direct() -> u8 {
    let options = MACHINE.get().map_or("", |machine| machine.options);
    let out = options.split(' ').find_map(|word| word.strip_prefix("out="));
    match rounds::figures() {
        Ok(figures) => {
            tessera_figures::print(&format!("native, {} cores", cpu::count()), &figures);
            let written = out.map_or(Ok(()), |out| tessera_figures::write(Path::new(out), &figures));
            written.map_or(1, |()| 0)
        }
        Err(failure) => {
            eprintln!("bench_cores: {}", failure.0.as_str());
            1
        }
    }
}
