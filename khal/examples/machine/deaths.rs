//! Ways to die: each is something that safe code cannot do, and that must end in an epitaph.
#![expect(unsafe_code, reason = "see above")]

use core::arch::asm;

use khal::cpu::{self, CoreId};
use khal::{console, power};

/// An address in the lower half, where nothing is mapped.
const NOWHERE: usize = 0x1234_5000;
/// Not canonical: no stack can be there, whatever is mapped.
const NO_STACK: u64 = 1 << 63;

/// The last core faults, while the others sleep.
pub fn on_the_last_core(me: CoreId) -> ! {
    if me.index() + 1 == cpu::count() {
        die("page-fault", &[]);
    }
    loop {
        cpu::idle(None);
    }
}

/// Dies as `how` says; an unknown way, or one that does not work, ends with status 1.
pub fn die(how: &str, ramdisk: &[u8]) -> ! {
    match how {
        "page-fault" => {
            // SAFETY: none: the load must fault.
            unsafe { (NOWHERE as *const u8).read_volatile() };
        }
        "null-call" => {
            // SAFETY: none: nothing executable is at 0.
            unsafe { asm!("call {0}", in(reg) 0_usize) };
        }
        "text-write" => {
            let text = die as *const () as *mut u8;
            // SAFETY: none: text cannot be written.
            unsafe { text.write_volatile(0) };
        }
        "ramdisk-write" => {
            // SAFETY: none: the ramdisk cannot be written.
            unsafe { ramdisk.as_ptr().cast_mut().write_volatile(0) };
        }
        "data-exec" => {
            let code = alloc::vec![0xc3_u8; 16];
            // SAFETY: none: the heap cannot be executed.
            unsafe { asm!("call {0}", in(reg) code.as_ptr()) };
        }
        "double-fault" => {
            // SAFETY: none: the first fault finds no stack, which is the second.
            unsafe { asm!("mov rsp, {0}", "int 0x77", in(reg) NO_STACK) };
        }
        "invalid-opcode" => {
            // SAFETY: none: the instruction exists to fault.
            unsafe { asm!("ud2") };
        }
        _ => {}
    }
    console::write(b"still alive\n");
    power::exit(1)
}
