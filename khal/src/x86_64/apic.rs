//! Interrupt controllers: each core's local APIC, the I/O APIC, and the two PICs that must be silent.
//!
//! xAPIC mode only, by memory-mapped registers: QEMU's TCG has no x2APIC (DESIGN §2). Owns which core
//! has which APIC id.

mod io;
mod local;
mod pic;

pub use io::route;
pub use local::{
    counted, enable, end_of_interrupt, id, kick, map, send_init, send_startup, set_core, set_rate, set_timer,
    start_counting, stop_counting,
};
pub use pic::silence;
