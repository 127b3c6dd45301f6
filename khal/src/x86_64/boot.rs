//! From the bootloader's jump to the kernel's entry function.
//!
//! In order: float unit and GS (so that compiled code and locks work at all), early tables for
//! faults, the serial port, memory; then a jump onto our own page tables and a guarded stack, from
//! where nothing of the bootloader's is used any more; then firmware tables, interrupt controllers,
//! clocks, the console's input, and the other cores, which wait in `smp` until `start_cores`.
//! Whatever is missing ends in an epitaph that says so.

use core::arch::{asm, naked_asm};

use bootloader_api::config::{BootloaderConfig, Mapping};
use bootloader_api::info::BootInfo;
use x86_64::VirtAddr;
use x86_64::instructions::interrupts;
use x86_64::registers::model_specific::GsBase;

use super::memory::layout;
use super::memory::stacks;
use super::platform::Platform;
use super::traps::{self, epitaph, idt};
use super::{acpi, apic, calibrate, console, cpu, fw_cfg, memory, percpu, port, smp, time};
use crate::boot::Machine;
use crate::cpu::CoreId;

/// CR0 of every core: protected mode with paging; WP, so that read-only holds for ring 0; NE and MP,
/// and not EM, as the float unit wants (SDM volume 3, 2.5).
pub(super) const CR0: u32 = 1 << 31 | 1 << 16 | 1 << 5 | 1 << 4 | 1 << 1 | 1;
/// CR4 of every core: PAE; MCE, without which a machine check is a shutdown; OSFXSR and OSXMMEXCPT.
/// No OSXSAVE: so there is no AVX state that a forced switch would have to save.
pub(super) const CR4: u32 = 1 << 10 | 1 << 9 | 1 << 6 | 1 << 5;

const OPTIONS_FILE: &str = "opt/tessera/options";
/// Used for a few calls until memory is up; the bootloader guards it by a missing page.
const LOADER_STACK_BYTES: u64 = 64 * 1024;

static PLATFORM: spin::Once<Platform> = spin::Once::new();
static ROOT_POINTER: spin::Once<u64> = spin::Once::new();

const CONFIG: BootloaderConfig = {
    let mut config = BootloaderConfig::new_default();
    config.kernel_stack_size = LOADER_STACK_BYTES;
    config.mappings.physical_memory = Some(Mapping::FixedAddress(layout::DIRECT_BASE));
    config
};

/// What the bootloader reads in the file before it loads it.
#[used]
#[unsafe(link_section = ".bootloader-config")]
static CONFIG_BYTES: [u8; BootloaderConfig::SERIALIZED_LEN] = CONFIG.serialize();

/// Makes the symbol that the bring-up calls at its end.
#[doc(hidden)]
#[macro_export]
macro_rules! backend_entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        fn khal_kernel_main(machine: $crate::boot::Machine) -> ! {
            let main: fn($crate::boot::Machine) -> ! = $main;
            main(machine)
        }
    };
}

unsafe extern "Rust" {
    /// Made by `entry!` in the kernel's binary; a kernel without it does not link.
    safe fn khal_kernel_main(machine: Machine) -> !;
}

/// The machine's description, once it was read.
pub(super) fn platform() -> Option<&'static Platform> {
    PLATFORM.get()
}

pub(crate) fn start_cores(body: fn(CoreId) -> !) -> ! {
    smp::release(body)
}

/// Where the bootloader jumps, with the boot information in RDI and a stack of its own.
///
/// # Safety
/// For the bootloader, once.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "sysv64" fn _start() -> ! {
    naked_asm!(
        "cli",
        "cld",
        "mov eax, {cr0}",
        "mov cr0, rax",
        "mov eax, {cr4}",
        "mov cr4, rax",
        "fninit",
        "xor ebp, ebp",
        "and rsp, -16",
        "call {begin}",
        "ud2",
        cr0 = const CR0,
        cr4 = const CR4,
        begin = sym begin,
    )
}

/// On the bootloader's tables and stack.
extern "sysv64" fn begin(info: &BootInfo) -> ! {
    install_block(CoreId::BOOT);
    traps::load_early();
    console::start();
    port::start();
    ROOT_POINTER.call_once(|| info.rsdp_addr.into_option().unwrap_or(0));
    let root = match memory::prepare(info) {
        Ok(root) => root.physical(),
        Err(failure) => epitaph::halt(format_args!("memory: {failure:?}")),
    };
    let Some(stack) = stacks::map() else { epitaph::halt(format_args!("no memory for a stack")) };
    // SAFETY: (1) the new tables map this code, its data and the stack where they are now; (2) the
    // stack is fresh and ours; (3) nothing on the old one is used again.
    unsafe {
        asm!(
            "mov cr3, {root}",
            "mov rsp, {top}",
            "xor ebp, ebp",
            "call {next}",
            "ud2",
            root = in(reg) root,
            top = in(reg) stack.top,
            next = sym bring_up,
            options(noreturn),
        )
    }
}

/// On our own tables and stack: the rest of the bring-up.
extern "sysv64" fn bring_up() -> ! {
    traps::load_own();
    memory::reclaim();
    let root_pointer = ROOT_POINTER.get().copied().unwrap_or(0);
    let platform = match acpi::discover(root_pointer) {
        Ok(platform) => PLATFORM.call_once(|| platform),
        Err(failure) => epitaph::halt(format_args!("acpi: {failure}")),
    };
    start_controllers(platform);
    interrupts::enable();
    smp::self_test();
    let cores = smp::start_others(platform);
    cpu::set_count(cores);
    khal_kernel_main(Machine {
        cores,
        ramdisk: memory::ramdisk(),
        options: fw_cfg::text(OPTIONS_FILE),
        memory_bytes: memory::bytes(),
    })
}

/// Interrupt controllers, clocks, and the console's input, all on the boot core.
fn start_controllers(platform: &Platform) {
    apic::silence();
    // SAFETY: the firmware says that the local APIC is there.
    if !unsafe { apic::map(platform.local_apic) } {
        epitaph::halt(format_args!("no memory for the local APIC"));
    }
    apic::enable();
    apic::set_core(CoreId::BOOT, apic::id());
    if let Err(failure) = calibrate::run(platform.reference, time::cycles()) {
        epitaph::halt(format_args!("clock: {failure:?}"));
    }
    let Some(controller) = platform.io_apic else { return };
    // SAFETY: the firmware says that the I/O APIC is there.
    if unsafe { apic::route(controller, platform.serial_line, idt::SERIAL, apic::id()) } {
        console::listen();
    }
}

/// Points GS at `core`'s block; the first thing that any core does.
pub(super) fn install_block(core: CoreId) {
    GsBase::write(VirtAddr::new(percpu::install(core)));
}
