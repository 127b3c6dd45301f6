//! ACPI: the firmware's description of the machine, read by the `acpi` crate.
//!
//! `discover` reads the static tables once, at boot. `soft_off_types` runs the AML interpreter, only
//! when the machine is to be switched off, because that costs time and heap. Tables are read through
//! read-only pages of the direct map. Cites the ACPI specification, 6.5.

mod handler;
mod madt;

use alloc::vec::Vec;

use ::acpi::address::{AddressSpace, GenericAddress};
use ::acpi::aml::namespace::AmlName;
use ::acpi::aml::object::Object;
use ::acpi::aml::{AmlError, Interpreter};
use ::acpi::platform::AcpiPlatform;
use ::acpi::sdt::fadt::Fadt;
use ::acpi::sdt::madt::Madt;
use ::acpi::{AcpiError, AcpiTables, HpetInfo};
use core::fmt;
use core::str::FromStr;

use super::platform::{Platform, Reference, Reset, SleepPorts};
use handler::Firmware;

static ROOT_POINTER: spin::Once<u64> = spin::Once::new();

/// Why the machine could not be described.
#[derive(Debug)]
pub enum Failure {
    /// The firmware has no tables, or wrong ones.
    Tables(AcpiError),
    /// The AML interpreter gave up.
    Aml(AmlError),
    /// A table that we cannot do without.
    NoInterruptTable,
    /// `\_S5` is not a package of two numbers.
    NoSoftOff,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Tables(error) => write!(out, "tables: {error:?}"),
            Failure::Aml(error) => write!(out, "AML: {error:?}"),
            Failure::NoInterruptTable => out.write_str("no MADT"),
            Failure::NoSoftOff => out.write_str("\\_S5 is not what it should be"),
        }
    }
}

/// Reads the tables that the root pointer at physical address `root_pointer` leads to.
pub fn discover(root_pointer: u64) -> Result<Platform, Failure> {
    ROOT_POINTER.call_once(|| root_pointer);
    let tables = tables()?;
    let madt = tables.find_table::<Madt>().ok_or(Failure::NoInterruptTable)?;
    let mut platform = madt::read(madt.get());
    let fadt = tables.find_table::<Fadt>();
    platform.sleep = fadt.as_ref().map(|fadt| sleep_ports(fadt)).unwrap_or_default();
    platform.reset = fadt.as_ref().and_then(|fadt| reset(fadt));
    platform.reference = HpetInfo::new(&tables)
        .map(|hpet| Reference::Hpet(hpet.base_address as u64))
        .ok()
        .or_else(|| fadt.as_ref().and_then(|fadt| pm_timer(fadt)));
    Ok(platform)
}

/// What PM1a and PM1b control want as sleep type for soft-off: the package `\_S5` (section 7.4.2).
pub fn soft_off_types() -> Result<(u8, u8), Failure> {
    let platform = AcpiPlatform::new(tables()?, Firmware).map_err(Failure::Tables)?;
    let interpreter = Interpreter::new_from_platform(&platform).map_err(Failure::Tables)?;
    let name = AmlName::from_str("\\_S5").map_err(Failure::Aml)?;
    let value = interpreter.evaluate(name, Vec::new()).map_err(Failure::Aml)?;
    let Object::Package(elements) = &*value else { return Err(Failure::NoSoftOff) };
    let number = |index: usize| elements.get(index).and_then(|element| element.as_integer().ok());
    match (number(0), number(1)) {
        (Some(a), Some(b)) => Ok((a as u8 & 7, b as u8 & 7)),
        _ => Err(Failure::NoSoftOff),
    }
}

fn tables() -> Result<AcpiTables<Firmware>, Failure> {
    let root = ROOT_POINTER.get().copied().unwrap_or(0);
    // SAFETY: the bootloader found the root pointer's signature there, or the firmware named it.
    unsafe { AcpiTables::from_rsdp(Firmware, root as usize) }.map_err(Failure::Tables)
}

fn sleep_ports(fadt: &Fadt) -> SleepPorts {
    SleepPorts {
        control_a: fadt.pm1a_control_block().ok().and_then(port).unwrap_or(0),
        control_b: fadt.pm1b_control_block().ok().flatten().and_then(port).unwrap_or(0),
        command: u16::try_from(fadt.smi_cmd_port).unwrap_or(0),
        enable: fadt.acpi_enable,
    }
}

fn reset(fadt: &Fadt) -> Option<Reset> {
    let flags = fadt.flags;
    let register = fadt.reset_register().ok().filter(|_| flags.supports_system_reset_via_fadt())?;
    Some(Reset { port: port(register)?, value: fadt.reset_value })
}

fn pm_timer(fadt: &Fadt) -> Option<Reference> {
    fadt.pm_timer_block().ok().flatten().and_then(port).map(Reference::PmTimer)
}

fn port(address: GenericAddress) -> Option<u16> {
    if address.address_space != AddressSpace::SystemIo {
        return None;
    }
    u16::try_from(address.address).ok().filter(|port| *port != 0)
}
