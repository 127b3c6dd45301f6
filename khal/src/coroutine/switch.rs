//! The register switch, for both backends: the one place where a stack pointer is replaced.
//!
//! A suspended side is its stack pointer; above it lie, upwards: MXCSR and the x87 control word (8
//! bytes), r15, r14, r13, r12, rbx, rbp, and the return address. Everything else is the caller's to
//! save by the System V ABI; a forced switch has already saved all of it in its interrupt frame.

use core::arch::naked_asm;

/// MXCSR (all exceptions masked) and, above it, the x87 control word at their reset values for user code.
const FLOAT_CONTROL: usize = 0x037F << 32 | 0x1F80;

/// Words of a suspended side's frame: float control, six registers, return address.
const FRAME_WORDS: usize = 8;

/// Saves this side in `*save` and continues the side suspended at `to`, whose `switch` returns `value`.
/// Returns the value of whoever switches back.
///
/// # Safety
/// `to` was left by `switch` or `first_frame`, has not been continued since, and its stack is still
/// mapped. `save` is valid until this side is continued. Interrupts are masked on bare metal.
#[unsafe(naked)]
pub(crate) unsafe extern "sysv64" fn switch(save: *mut *mut u8, to: *mut u8, value: usize) -> usize {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "stmxcsr [rsp]",
        "fnstcw [rsp + 4]",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        "ldmxcsr [rsp]",
        "fldcw [rsp + 4]",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "mov rax, rdx",
        "ret",
    )
}

/// Lays out, below `top`, the frame of a side that will call `main(argument)` when first continued,
/// and returns its stack pointer. `top` is 16-byte aligned, with room below it.
pub(crate) fn first_frame(
    top: *mut u8,
    main: extern "sysv64" fn(*mut u8) -> !,
    argument: *mut u8,
) -> *mut u8 {
    // One word of padding above the return address, so that `begin` finds rsp 16-byte aligned.
    let frame = top.wrapping_sub((FRAME_WORDS + 2) * size_of::<usize>()).cast::<[usize; FRAME_WORDS + 2]>();
    let begin = begin as *const () as usize;
    let words = [FLOAT_CONTROL, 0, 0, main as usize, argument as usize, 0, 0, begin, 0, 0];
    // SAFETY: the caller leaves room below `top`, which it owns, and `frame` is word-aligned.
    unsafe { frame.write(words) };
    frame.cast()
}

/// Where a fresh side starts: r13 is its main function, r12 the argument. The undefined return
/// address tells an unwinder and a debugger that the stack ends here.
#[unsafe(naked)]
unsafe extern "sysv64" fn begin() -> ! {
    naked_asm!(".cfi_startproc", ".cfi_undefined rip", "mov rdi, r12", "call r13", "ud2", ".cfi_endproc",)
}
