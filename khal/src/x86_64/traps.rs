//! Traps: everything that makes a core leave its path.
//!
//! `gdt` and `idt` tell the processor where to go, `stubs` saves what must be saved, `interrupts`
//! answers the three interrupts there are, `epitaph` ends everything else. A fault of the kernel is
//! never survived and never a triple fault: it is reported, and the machine exits.

pub mod epitaph;
pub mod gdt;
pub mod idt;

mod interrupts;
mod stubs;

/// For the boot core, before there is memory: faults are reported on one static stack.
pub fn load_early() {
    idt::fill();
    gdt::load_early();
    idt::load();
}

/// For each core, once there is memory: faults have stacks of their own.
pub fn load_own() {
    if !gdt::load_own() {
        epitaph::halt(format_args!("no memory for a core's descriptor tables"));
    }
    idt::load();
}
