//! The interrupt table: processors, controllers, and where the serial port's line really goes.
//!
//! Section 5.2.12. The iterator is the `acpi` crate's; this only translates.

use core::pin::Pin;

use ::acpi::sdt::madt::{InterruptSourceOverrideEntry, Madt, MadtEntry};

use crate::cpu::MAX_CORES;
use crate::x86_64::platform::{IoApic, Line, Platform, Polarity, SleepPorts, Trigger};

/// The serial port's line on the ISA bus.
const SERIAL_IRQ: u8 = 4;
/// Local APIC flags: the processor can be used (table 5.23).
const ENABLED: u32 = 1;

/// Everything that the table says; the other fields are empty.
pub fn read(madt: Pin<&Madt>) -> Platform {
    let isa = Line { number: SERIAL_IRQ.into(), polarity: Polarity::High, trigger: Trigger::Edge };
    let mut platform = Platform {
        local_apic: madt.local_apic_address.into(),
        processors: [0; MAX_CORES],
        processor_count: 0,
        io_apic: None,
        serial_line: isa,
        reference: None,
        sleep: SleepPorts::default(),
        reset: None,
    };
    for entry in madt.entries() {
        note(&mut platform, &entry);
    }
    platform
}

fn note(platform: &mut Platform, entry: &MadtEntry<'_>) {
    match entry {
        MadtEntry::LocalApic(entry) if entry.flags & ENABLED != 0 => {
            if let Some(slot) = platform.processors.get_mut(platform.processor_count) {
                *slot = entry.apic_id.into();
                platform.processor_count += 1;
            }
        }
        MadtEntry::LocalApicAddressOverride(entry) => platform.local_apic = entry.local_apic_address,
        MadtEntry::IoApic(entry) => {
            let found = IoApic {
                physical: entry.io_apic_address.into(),
                first_line: entry.global_system_interrupt_base,
            };
            if platform.io_apic.is_none_or(|known| found.first_line < known.first_line) {
                platform.io_apic = Some(found);
            }
        }
        MadtEntry::InterruptSourceOverride(entry) if entry.irq == SERIAL_IRQ => {
            platform.serial_line = line(entry);
        }
        _ => {}
    }
}

/// Flags as in table 5.26: two bits of polarity, two of trigger mode, 0 meaning "as the bus has it".
fn line(entry: &InterruptSourceOverrideEntry) -> Line {
    let flags = entry.flags;
    Line {
        number: entry.global_system_interrupt,
        polarity: if flags & 3 == 3 { Polarity::Low } else { Polarity::High },
        trigger: if flags >> 2 & 3 == 3 { Trigger::Level } else { Trigger::Edge },
    }
}
