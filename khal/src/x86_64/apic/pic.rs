//! The two 8259A controllers of the PC/AT: moved away from the faults' vectors, and masked.

use crate::x86_64::ports;
use crate::x86_64::traps::idt;

const COMMANDS: [u16; 2] = [0x20, 0xa0];
const DATA: [u16; 2] = [0x21, 0xa1];
/// Initialise, with a fourth word to come; then place of the cascade, then 8086 mode (8259A data
/// sheet, figure 7).
const INITIALISE: u8 = 0x11;
const CASCADE: [u8; 2] = [1 << 2, 2];
const MODE_8086: u8 = 1;
const MASK_ALL: u8 = 0xff;

/// Silences both. Even masked they may raise a spurious interrupt, hence the new vectors.
pub fn silence() {
    let vectors = [idt::PIC, idt::PIC + 8];
    for (((command, data), vector), cascade) in COMMANDS.into_iter().zip(DATA).zip(vectors).zip(CASCADE) {
        write(command, INITIALISE);
        write(data, vector);
        write(data, cascade);
        write(data, MODE_8086);
        write(data, MASK_ALL);
    }
}

fn write(port: u16, value: u8) {
    // SAFETY: the PC/AT's interrupt controllers answer here, this file alone drives them, and they
    // touch no memory.
    unsafe { ports::write8(port, value) };
}
