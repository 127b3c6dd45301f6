//! What the `acpi` crate asks of its host.
//!
//! Memory is only ever read: tables are mapped without a right to write, and AML that writes to
//! memory or to PCI configuration space is not obeyed. All that is evaluated is `\_S5`, which is
//! data; loading the tables around it may read ports. Mappings stay, since the direct map only grows.

use core::ptr::NonNull;
use core::time::Duration;

use ::acpi::aml::AmlError;
use ::acpi::{Handle, Handler, PciAddress, PhysicalMapping};

use crate::x86_64::memory::space;
use crate::x86_64::traps::epitaph;
use crate::x86_64::{ports, time};

/// The one firmware there is.
#[derive(Clone, Copy)]
pub struct Firmware;

fn memory(address: usize, bytes: usize) -> *const u8 {
    match space::map_firmware(address as u64, bytes) {
        Ok(pointer) => pointer,
        Err(error) => epitaph::halt(format_args!("firmware table at {address:#x}: {error:?}")),
    }
}

fn load<T: Copy>(address: usize) -> T {
    let pointer = memory(address, size_of::<T>()).cast::<T>();
    // SAFETY: the page was just made readable, and nothing there is written by us.
    unsafe { pointer.read_unaligned() }
}

/// Loads a port, whose harmlessness the firmware's own code vouches for.
macro_rules! load_port {
    ($read:ident, $port:expr) => {{
        // SAFETY: AML names ports of the chip set, which the firmware knows and nobody else drives.
        unsafe { ports::$read($port) }
    }};
}

/// Stores to a port, as above.
macro_rules! store_port {
    ($write:ident, $port:expr, $value:expr) => {{
        // SAFETY: as for loading; the chip set's own registers touch no memory.
        unsafe { ports::$write($port, $value) }
    }};
}

impl Handler for Firmware {
    unsafe fn map_physical_region<T>(&self, physical: usize, size: usize) -> PhysicalMapping<Self, T> {
        let pointer = memory(physical, size).cast_mut().cast::<T>();
        PhysicalMapping {
            physical_start: physical,
            virtual_start: NonNull::new(pointer).unwrap_or(NonNull::dangling()),
            region_length: size,
            mapped_length: size,
            handler: *self,
        }
    }

    fn unmap_physical_region<T>(_region: &PhysicalMapping<Self, T>) {}

    fn read_u8(&self, address: usize) -> u8 {
        load(address)
    }
    fn read_u16(&self, address: usize) -> u16 {
        load(address)
    }
    fn read_u32(&self, address: usize) -> u32 {
        load(address)
    }
    fn read_u64(&self, address: usize) -> u64 {
        load(address)
    }

    fn write_u8(&self, _address: usize, _value: u8) {}
    fn write_u16(&self, _address: usize, _value: u16) {}
    fn write_u32(&self, _address: usize, _value: u32) {}
    fn write_u64(&self, _address: usize, _value: u64) {}

    fn read_io_u8(&self, port: u16) -> u8 {
        load_port!(read8, port)
    }
    fn read_io_u16(&self, port: u16) -> u16 {
        load_port!(read16, port)
    }
    fn read_io_u32(&self, port: u16) -> u32 {
        load_port!(read32, port)
    }

    fn write_io_u8(&self, port: u16, value: u8) {
        store_port!(write8, port, value)
    }
    fn write_io_u16(&self, port: u16, value: u16) {
        store_port!(write16, port, value)
    }
    fn write_io_u32(&self, port: u16, value: u32) {
        store_port!(write32, port, value)
    }

    fn read_pci_u8(&self, _address: PciAddress, _offset: u16) -> u8 {
        u8::MAX
    }
    fn read_pci_u16(&self, _address: PciAddress, _offset: u16) -> u16 {
        u16::MAX
    }
    fn read_pci_u32(&self, _address: PciAddress, _offset: u16) -> u32 {
        u32::MAX
    }

    fn write_pci_u8(&self, _address: PciAddress, _offset: u16, _value: u8) {}
    fn write_pci_u16(&self, _address: PciAddress, _offset: u16, _value: u16) {}
    fn write_pci_u32(&self, _address: PciAddress, _offset: u16, _value: u32) {}

    fn nanos_since_boot(&self) -> u64 {
        time::nanos()
    }

    fn stall(&self, microseconds: u64) {
        time::spin_for(Duration::from_micros(microseconds));
    }

    fn sleep(&self, milliseconds: u64) {
        time::spin_for(Duration::from_millis(milliseconds));
    }

    // One core, once, switching the machine off: nobody to exclude.
    fn create_mutex(&self) -> Handle {
        Handle(0)
    }

    fn acquire(&self, _mutex: Handle, _timeout: u16) -> Result<(), AmlError> {
        Ok(())
    }

    fn release(&self, _mutex: Handle) {}
}
