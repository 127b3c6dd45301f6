//! The way into Rust: what the processor jumps to, and what has to be saved there.
//!
//! Two kinds. Faults never return, so their stub only makes a uniform `Frame` and calls the epitaph.
//! Interrupts do return, perhaps much later and on another core, because the handler may switch
//! stacks (`preempt`): so their stub saves every general register and the whole x87/SSE state on the
//! interrupted stack, where the thread can carry it along. FXSAVE is enough since CR4.OSXSAVE stays
//! clear: no AVX state exists (SDM volume 1, 13.3). About 700 bytes of the interrupted stack are used.
//! Interrupts stay masked from the gate to IRETQ, unless a switch leaves that state on its stack.

use core::arch::naked_asm;

use super::{epitaph, interrupts};

/// What lies on the stack after a stub has run: registers, then what the processor pushed
/// (SDM volume 3, 6.14).
#[repr(C)]
#[derive(Debug)]
pub struct Frame {
    pub r15: u64,
    pub r14: u64,
    pub r13: u64,
    pub r12: u64,
    pub r11: u64,
    pub r10: u64,
    pub r9: u64,
    pub r8: u64,
    pub rbp: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rbx: u64,
    pub rax: u64,
    pub vector: u64,
    pub error: u64,
    pub rip: u64,
    pub cs: u64,
    pub flags: u64,
    pub rsp: u64,
    pub ss: u64,
}

/// Pushes the general registers in `Frame`'s order.
macro_rules! push_registers {
    () => {
        "push rax; push rbx; push rcx; push rdx; push rsi; push rdi; push rbp; push r8;
         push r9; push r10; push r11; push r12; push r13; push r14; push r15"
    };
}

/// Undoes `push_registers`.
macro_rules! pop_registers {
    () => {
        "pop r15; pop r14; pop r13; pop r12; pop r11; pop r10; pop r9; pop r8;
         pop rbp; pop rdi; pop rsi; pop rdx; pop rcx; pop rbx; pop rax"
    };
}

/// A gate's target. Only the processor may call one.
pub type Stub = unsafe extern "sysv64" fn();

/// Entry of a fault for which the processor pushes no error code.
///
/// # Safety
/// For the processor, through a gate.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn fault<const VECTOR: u8>() {
    naked_asm!("push 0", "push {vector}", "jmp {common}", vector = const VECTOR, common = sym fault_common)
}

/// Entry of a fault with an error code.
///
/// # Safety
/// For the processor, through a gate.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn fault_with_code<const VECTOR: u8>() {
    naked_asm!("push {vector}", "jmp {common}", vector = const VECTOR, common = sym fault_common)
}

#[unsafe(naked)]
unsafe extern "sysv64" fn fault_common() {
    naked_asm!(
        push_registers!(),
        "mov rdi, rsp",
        "and rsp, -16",
        "cld",
        "call {write}",
        "ud2",
        write = sym epitaph::write_for_fault,
    )
}

/// Makes the entry of an interrupt whose handler is the Rust function named.
macro_rules! interrupt_stub {
    ($(#[$doc:meta])* $name:ident => $handler:path) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// For the processor, through a gate.
        #[unsafe(naked)]
        pub unsafe extern "sysv64" fn $name() {
            naked_asm!(
                "sub rsp, 16", // where a fault has its error code and vector
                push_registers!(),
                "mov rbp, rsp",
                "sub rsp, 512",
                "and rsp, -16",
                "fxsave64 [rsp]",
                "cld",
                "call {handler}",
                "fxrstor64 [rsp]",
                "mov rsp, rbp",
                pop_registers!(),
                "add rsp, 16",
                "iretq",
                handler = sym $handler,
            )
        }
    };
}

interrupt_stub! {
    /// Entry of this core's timer.
    timer => interrupts::on_timer
}
interrupt_stub! {
    /// Entry of a kick.
    kick => interrupts::on_kick
}
interrupt_stub! {
    /// Entry of the serial port.
    serial => interrupts::on_serial
}

/// Entry of interrupts that mean nothing: the local APIC's spurious one, which wants no end of
/// interrupt (SDM volume 3, 11.9), and what a masked PIC may still raise.
///
/// # Safety
/// For the processor, through a gate.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn ignored() {
    naked_asm!("iretq")
}
