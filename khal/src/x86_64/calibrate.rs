//! Two clocks measured against a third: the time stamp counter and the local APIC's timer, against a
//! counter whose rate the machine states (HPET, or ACPI's power management timer).
//!
//! Runs once, on the boot core, with interrupts masked. A sample reads all three; it is taken eight
//! times and the quickest is kept, since under an emulator any read may take long. Owns nothing
//! afterwards: the rates go to `time` and `apic`.

use super::memory::devices::{self, Registers};
use super::platform::Reference;
use super::{apic, ports, time};

/// Long enough that a sample's width (some µs) is below 100 ppm of it.
const SPAN_NS: u64 = 20_000_000;
const TRIES: usize = 8;

/// HPET registers (IA-PC HPET specification 1.0a, 2.3).
const HPET_BYTES: usize = 0x400;
const HPET_CAPABILITIES: usize = 0x00;
const HPET_CONFIGURATION: usize = 0x10;
const HPET_COUNTER: usize = 0xf0;
const HPET_ENABLE: u32 = 1;
const FEMTOS_PER_NANO: u64 = 1_000_000;
/// A longer period is against the specification: no counter is there.
const MAX_PERIOD_FEMTOS: u64 = 100_000_000;

const PM_TIMER_HERTZ: u64 = 3_579_545;
const PM_TIMER_MASK: u32 = 0x00ff_ffff;

/// Why there is no clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The machine names no counter of known rate, or it cannot be reached.
    NoReference,
    /// The counter does not count.
    Stopped,
}

/// The counter of known rate, ready to be read. Both kinds are read as 24 or 32 bits that wrap.
enum Counter {
    Hpet { registers: Registers, femtos: u64 },
    PmTimer { port: u16 },
}

#[derive(Clone, Copy)]
struct Sample {
    reference: u32,
    cycles: u64,
    width: u64,
    counts: u32,
}

/// Measures both rates; boot is the count `base` of the time stamp counter.
pub fn run(reference: Option<Reference>, base: u64) -> Result<(), Failure> {
    let counter = Counter::open(reference.ok_or(Failure::NoReference)?)?;
    apic::start_counting();
    let first = counter.sample();
    let mut tries = 0_u64;
    let last = loop {
        let sample = counter.sample();
        tries += 1;
        if counter.nanos_between(first.reference, sample.reference) >= SPAN_NS {
            break sample;
        }
        if sample.reference == first.reference && tries > 1_000_000 {
            return Err(Failure::Stopped);
        }
    };
    apic::stop_counting();
    let nanos = counter.nanos_between(first.reference, last.reference);
    time::set_rate(nanos, last.cycles - first.cycles, base);
    apic::set_rate(u64::from(last.counts - first.counts), nanos);
    Ok(())
}

impl Counter {
    fn open(reference: Reference) -> Result<Counter, Failure> {
        match reference {
            Reference::PmTimer(port) => Ok(Counter::PmTimer { port }),
            Reference::Hpet(physical) => {
                // SAFETY: the firmware says that an HPET is there; nobody else drives it, its
                // interrupts stay off, and it touches no memory.
                let registers = unsafe { devices::map(physical, HPET_BYTES) }.ok_or(Failure::NoReference)?;
                let femtos = registers.read64(HPET_CAPABILITIES) >> 32;
                if femtos == 0 || femtos > MAX_PERIOD_FEMTOS {
                    return Err(Failure::NoReference);
                }
                registers.write32(HPET_CONFIGURATION, HPET_ENABLE);
                Ok(Counter::Hpet { registers, femtos })
            }
        }
    }

    fn read(&self) -> u32 {
        match self {
            Counter::Hpet { registers, .. } => registers.read32(HPET_COUNTER),
            // SAFETY: the firmware says that the timer is there; reading it has no effect.
            Counter::PmTimer { port } => unsafe { ports::read32(*port) },
        }
    }

    /// Time between two readings less than one turn of the counter apart (4.6 s for 24 bits).
    fn nanos_between(&self, first: u32, last: u32) -> u64 {
        match self {
            Counter::Hpet { femtos, .. } => u64::from(last.wrapping_sub(first)) * femtos / FEMTOS_PER_NANO,
            Counter::PmTimer { .. } => {
                u64::from(last.wrapping_sub(first) & PM_TIMER_MASK) * 1_000_000_000 / PM_TIMER_HERTZ
            }
        }
    }

    /// All three counters at one moment, as nearly as eight tries allow.
    fn sample(&self) -> Sample {
        (0..TRIES).map(|_| self.sample_once()).min_by_key(|sample| sample.width).unwrap_or(self.sample_once())
    }

    fn sample_once(&self) -> Sample {
        let before = time::cycles();
        let reference = self.read();
        let counts = apic::counted();
        let width = time::cycles().wrapping_sub(before);
        Sample { reference, cycles: before + width / 2, width, counts }
    }
}
