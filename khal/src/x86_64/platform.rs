//! What the firmware says of the machine, in our own words.
//!
//! Plain data, made by `acpi` and read by the bring-up. Nothing here is checked against the hardware.

use crate::cpu::MAX_CORES;

/// The machine.
#[derive(Clone, Copy, Debug)]
pub struct Platform {
    /// Physical address of every core's local APIC.
    pub local_apic: u64,
    /// APIC ids of the usable processors, in the firmware's order.
    pub processors: [u32; MAX_CORES],
    /// How many of `processors` are meant.
    pub processor_count: usize,
    /// The controller that has the first lines, among them the serial port's.
    pub io_apic: Option<IoApic>,
    /// Where the serial port's interrupt arrives.
    pub serial_line: Line,
    /// The counter of known rate.
    pub reference: Option<Reference>,
    /// How to switch off.
    pub sleep: SleepPorts,
    /// How to start anew.
    pub reset: Option<Reset>,
}

/// An I/O APIC.
#[derive(Clone, Copy, Debug)]
pub struct IoApic {
    /// Physical address of its registers.
    pub physical: u64,
    /// The global number of its first line.
    pub first_line: u32,
}

/// A line of an I/O APIC.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Its global number.
    pub number: u32,
    /// Which level means "interrupt".
    pub polarity: Polarity,
    /// Whether it is the level or the change.
    pub trigger: Trigger,
}

/// See `Line`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Polarity {
    /// Active high, as on the ISA bus.
    High,
    /// Active low.
    Low,
}

/// See `Line`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// Edge, as on the ISA bus.
    Edge,
    /// Level.
    Level,
}

/// A counter whose rate is known.
#[derive(Clone, Copy, Debug)]
pub enum Reference {
    /// High precision event timer, by the physical address of its registers.
    Hpet(u64),
    /// ACPI's power management timer, by its port: 3.579545 MHz, 24 bits at least.
    PmTimer(u16),
}

/// The ports of ACPI's fixed sleep hardware; 0 means absent.
#[derive(Clone, Copy, Default, Debug)]
pub struct SleepPorts {
    /// PM1a control.
    pub control_a: u16,
    /// PM1b control.
    pub control_b: u16,
    /// Where `enable` is written to take the hardware over from the firmware.
    pub command: u16,
    /// What is written there.
    pub enable: u8,
}

/// The reset register, in port space.
#[derive(Clone, Copy, Debug)]
pub struct Reset {
    /// Where.
    pub port: u16,
    /// What.
    pub value: u8,
}
