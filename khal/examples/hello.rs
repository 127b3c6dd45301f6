//! The least that `bootloader` can boot: prints the ready text and stops. A measure for how long our own way
//! to the prompt takes.
//!
//! It uses nothing of khal but the linker script: no page tables, no other cores, no interrupts. For the host
//! there is nothing to show, so the program is empty there.
#![cfg_attr(target_os = "none", no_std, no_main, feature(lang_items))]
#![cfg_attr(target_os = "none", expect(unsafe_code, reason = "a port is written"))]
#![cfg_attr(target_os = "none", expect(internal_features, reason = "nobody else here unwinds"))]

#[cfg(target_os = "none")]
mod bare {
    use core::panic::PanicInfo;

    use x86_64::instructions::hlt;
    use x86_64::instructions::port::Port;

    bootloader_api::entry_point!(hello);

    fn hello(_machine: &'static mut bootloader_api::BootInfo) -> ! {
        // COM1's data register, which sends without any set-up in QEMU.
        let mut data = Port::new(0x3f8_u16);
        for byte in b"console ready\r\n" {
            // SAFETY: the UART is this program's alone, and sending a byte touches no memory.
            unsafe { data.write(*byte) };
        }
        stop()
    }

    #[panic_handler]
    fn panicked(_why: &PanicInfo<'_>) -> ! {
        stop()
    }

    /// The target unwinds, so the compiler wants somebody to know how. Nothing here ever does.
    #[lang = "eh_personality"]
    fn personality() {}

    fn stop() -> ! {
        loop {
            hlt();
        }
    }
}

#[cfg(not(target_os = "none"))]
fn main() {}
