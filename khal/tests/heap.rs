//! The allocator's counts. One test only: they are the whole process's.

use khal::heap::stats;

#[test]
fn counts_follow_every_allocation_and_come_back() {
    let before = stats();
    let kept = vec![0_u8; 12_345];
    let boxed = Box::new(7_u64);
    let during = stats();
    assert_eq!((during.bytes - before.bytes, during.live - before.live), (12_345 + 8, 2));
    let mut grown = kept;
    grown.reserve_exact(7_655);
    assert_eq!(stats().bytes - before.bytes, 20_000 + 8);
    // Freed on another OS thread, which is another core's share of the counts.
    std::thread::spawn(move || {
        khal::host::sim::begin(2, 0);
        khal::host::sim::enter_core(khal::cpu::CoreId::new(1).unwrap());
        drop(grown);
        drop(boxed);
        khal::host::sim::end();
    })
    .join()
    .unwrap();
    let after = stats();
    // What the OS thread itself left behind is small, and not ours.
    assert!(after.bytes.abs_diff(before.bytes) < 1000, "{before:?} {after:?}");
    assert!(after.live.abs_diff(before.live) < 10, "{before:?} {after:?}");
}
