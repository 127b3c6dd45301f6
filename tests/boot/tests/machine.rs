//! The bare machine under khal (khal/examples/machine): page tables, faults, clocks, power.
//!
//! Each test is one property, or one way to die, at every core count.

#![expect(clippy::panic, reason = "the helpers of these tests may fail them")]

use tessera_boot_tests::{CORES, LIMIT, fault_of, guest};
use tessera_run::{Firmware, Guest, Outcome, Report};

fn machine(options: &str, cores: u16) -> Guest {
    guest("machine", Firmware::Bios, cores).options(options)
}

fn run(guest: &Guest, input: &[u8]) -> Report {
    guest.run(input, LIMIT).unwrap_or_else(|error| panic!("{error}"))
}

/// The property holds and says so; gives back what was printed.
fn holds(guest: &Guest, input: &[u8]) -> String {
    let report = guest.run(input, LIMIT);
    assert_eq!(fault_of(&report), None);
    let console = report.map(|report| report.console).unwrap_or_default();
    assert!(console.contains("machine ") && console.contains(" ok"), "{console}");
    console
}

fn holds_everywhere(property: &str) {
    CORES.iter().for_each(|&cores| drop(holds(&machine(property, cores), b"")));
}

/// The kernel dies as asked: an epitaph that begins so, and status 101.
fn dies(death: &str, cores: u16, epitaph: &str) {
    let report = run(&machine(death, cores), b"");
    assert_eq!(report.outcome, Outcome::Exited(101), "{}", report.console);
    let found = report.epitaph.unwrap_or_default();
    assert!(found.starts_with(epitaph), "{found}");
}

fn dies_everywhere(death: &str, kind: &str) {
    CORES.iter().for_each(|&cores| dies(death, cores, &format!("EPITAPH {kind} core=0 ")));
}

#[test]
fn no_page_is_writable_and_executable_and_none_is_stray() {
    holds_everywhere("audit");
}

#[test]
fn no_page_is_stray_after_a_uefi_boot() {
    holds(&guest("machine", Firmware::Uefi, 2).options("audit"), b"");
}

#[test]
fn every_core_that_the_machine_has_is_started() {
    for cores in CORES {
        holds(&machine(&format!("cores={cores}"), cores), b"");
    }
}

#[test]
fn no_core_reads_an_earlier_time_than_another_did() {
    holds_everywhere("clock");
}

#[test]
fn thread_that_never_asks_is_switched_out_on_every_core() {
    holds_everywhere("forced");
}

#[test]
fn guard_keeps_its_core_and_loses_it_when_it_drops() {
    holds_everywhere("deferred");
}

#[test]
fn kick_wakes_a_core_that_sleeps_without_limit() {
    holds_everywhere("kick");
}

#[test]
fn memory_of_the_bootloader_is_reclaimed() {
    holds_everywhere("frames");
}

#[test]
fn memory_above_four_gibibytes_is_used() {
    holds(&machine("frames", 1).memory("5G"), b"");
}

#[test]
fn ramdisk_arrives_whole_by_bios_and_uefi() {
    holds_everywhere("ramdisk");
    holds(&guest("machine", Firmware::Uefi, 1).options("ramdisk"), b"");
}

#[test]
fn two_seeds_differ() {
    holds_everywhere("seeds");
}

#[test]
fn piped_input_arrives_whole() {
    let mut input: Vec<u8> = (0..30_000_u32).map(|number| b'a' + (number * number % 23) as u8).collect();
    input.push(b'!');
    let sum = input.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    for cores in CORES {
        let console = holds(&machine("input", cores), &input);
        assert!(console.contains(&format!("input {} {sum:016x}", input.len())), "{console}");
    }
}

#[test]
fn load_from_the_lower_half_is_a_page_fault() {
    dies_everywhere("page-fault", "page-fault");
}

#[test]
fn call_of_a_null_pointer_is_a_page_fault() {
    dies_everywhere("null-call", "page-fault");
}

#[test]
fn store_to_the_kernels_text_is_a_page_fault() {
    dies_everywhere("text-write", "page-fault");
}

#[test]
fn store_to_the_ramdisk_is_a_page_fault() {
    dies_everywhere("ramdisk-write", "page-fault");
}

#[test]
fn execution_of_data_is_a_page_fault() {
    dies_everywhere("data-exec", "page-fault");
}

#[test]
fn fault_without_a_stack_is_a_double_fault() {
    dies_everywhere("double-fault", "double-fault");
}

#[test]
fn invalid_opcode_is_named() {
    dies_everywhere("invalid-opcode", "invalid-opcode");
}

#[test]
fn epitaph_names_the_core_that_died() {
    dies("other-core", 2, "EPITAPH page-fault core=1 ");
    dies("other-core", 4, "EPITAPH page-fault core=3 ");
}

#[test]
fn machine_switches_itself_off() {
    for cores in CORES {
        let report = run(&machine("off", cores), b"");
        assert_eq!((report.outcome, report.epitaph), (Outcome::PoweredOff, None), "{}", report.console);
    }
}

#[test]
fn machine_starts_anew() {
    for cores in CORES {
        let report = run(&machine("reboot", cores), b"");
        assert_eq!((report.outcome, report.epitaph), (Outcome::Reset, None), "{}", report.console);
    }
}
