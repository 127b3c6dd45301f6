//! QEMU's firmware configuration device: files that the command line put into the machine.
//!
//! A selector port and a data port; items are read byte by byte, integers in the directory are
//! big-endian (QEMU, docs/specs/fw_cfg). Absent on other machines, where the signature does not
//! answer. Used at boot only, by one core.

use alloc::string::String;
use alloc::vec::Vec;

use super::ports;

const SELECTOR: u16 = 0x510;
const DATA: u16 = 0x511;
const SIGNATURE_ITEM: u16 = 0;
const DIRECTORY_ITEM: u16 = 0x19;
const SIGNATURE: [u8; 4] = *b"QEMU";
const NAME_BYTES: usize = 56;
/// Longer files are cut: this reads options, not images.
const MAX_BYTES: usize = 4096;
const MAX_FILES: u32 = 1024;

/// The text of the file `name`; empty if there is none or it is not UTF-8. Leaked: it is read once.
pub fn text(name: &str) -> &'static str {
    file(name).and_then(|bytes| String::from_utf8(bytes).ok()).map_or("", |text| text.leak())
}

fn file(name: &str) -> Option<Vec<u8>> {
    if select(SIGNATURE_ITEM).bytes() != SIGNATURE {
        return None;
    }
    let directory = select(DIRECTORY_ITEM);
    for _ in 0..u32::from_be_bytes(directory.bytes()).min(MAX_FILES) {
        let size = u32::from_be_bytes(directory.bytes());
        let item = u16::from_be_bytes(directory.bytes());
        let _reserved: [u8; 2] = directory.bytes();
        let entry: [u8; NAME_BYTES] = directory.bytes();
        if entry.split(|byte| *byte == 0).next() == Some(name.as_bytes()) {
            let contents = select(item);
            return Some((0..MAX_BYTES.min(size as usize)).map(|_| contents.byte()).collect());
        }
    }
    None
}

/// The item that is selected: reading it goes on where it stopped.
struct Item;

fn select(item: u16) -> Item {
    // SAFETY: this file alone drives the device, and without one nothing listens there; selecting
    // makes it touch no memory.
    unsafe { ports::write16(SELECTOR, item) };
    Item
}

impl Item {
    fn byte(&self) -> u8 {
        // SAFETY: as in `select`.
        unsafe { ports::read8(DATA) }
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        core::array::from_fn(|_| self.byte())
    }
}
