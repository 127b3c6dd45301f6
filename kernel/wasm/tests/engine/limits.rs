//! Limits: what an instance may take at the start, as it grows, and on the stacks.

use std::sync::Arc;

use khal::contain::{Meter, enter};
use tessera_abi::FaultKind;
use tessera_core::engine::{Completion, Entry, Fault, Fuel, Instance, Limits, Next, Pace};

use crate::support::{Quanta, ROOMY, Recorder, load};

fn with(limits: Limits, text: &str) -> Result<Box<dyn Instance>, Fault> {
    load(text)?.instantiate(&limits, Arc::new(Recorder::default()))
}

fn run(mut instance: Box<dyn Instance>) -> Result<Completion, Fault> {
    instance.activate(Entry::Main, &mut Quanta::of(100_000))
}

#[test]
fn memory_grows_to_the_limit_and_not_past_it() {
    let limits = Limits { memory_bytes_max: 4 * 65_536, ..ROOMY };
    let text = r#"(module (memory (export "memory") 1)
        (func (export "_start")
            (if (i32.ne (memory.grow (i32.const 4)) (i32.const -1)) (then unreachable))
            (if (i32.ne (memory.grow (i32.const 3)) (i32.const 1)) (then unreachable))
            (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
            (if (i32.ne (memory.size) (i32.const 4)) (then unreachable))))"#;
    let mut instance = with(limits, text).unwrap();
    assert_eq!(instance.memory_bytes(), 65_536);
    assert_eq!(instance.activate(Entry::Main, &mut Quanta::of(1000)), Ok(Completion::Returned));
    assert_eq!(instance.memory_bytes(), 4 * 65_536);
}

#[test]
fn custom_page_sizes_count_in_bytes() {
    let limits = Limits { memory_bytes_max: 1000, ..ROOMY };
    let text = r#"(module (memory (export "memory") 100 (pagesize 1))
        (data (i32.const 96) "abcd")
        (func (export "_start")
            (if (i32.ne (memory.grow (i32.const 900)) (i32.const 100)) (then unreachable))
            (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
            (i32.store (i32.const 996) (i32.load (i32.const 96)))
            (drop (i32.load (i32.const 997)))))"#;
    let instance = with(limits, text).unwrap();
    assert_eq!(instance.memory_bytes(), 100);
    let fault = run(instance).unwrap_err();
    assert_eq!(fault.detail(), "out of bounds memory access: offset=997, len=4, max=1000");
}

#[test]
fn a_memory_that_starts_too_large_is_refused_with_both_figures() {
    let limits = Limits { memory_bytes_max: 65_535, ..ROOMY };
    let text = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
    let fault = with(limits, text).err().unwrap();
    assert_eq!(fault.kind(), FaultKind::MemoryOverMaximum);
    assert_eq!(fault.detail(), "memory starts with 65536 bytes; the maximum is 65535");
    let module = load(text).unwrap();
    assert_eq!(module.check(tessera_abi::Shape::Main, &limits), Err(fault), "check says the same");
}

#[test]
fn all_tables_share_one_limit() {
    let limits = Limits { table_elements_max: 100, ..ROOMY };
    let text = r#"(module (table $a 10 funcref) (table $b 10 externref)
        (func (export "_start")
            (if (i32.ne (table.grow $a (ref.null func) (i32.const 81)) (i32.const -1)) (then unreachable))
            (if (i32.ne (table.grow $a (ref.null func) (i32.const 70)) (i32.const 10)) (then unreachable))
            (if (i32.ne (table.grow $b (ref.null extern) (i32.const 11)) (i32.const -1)) (then unreachable))
            (if (i32.ne (table.grow $b (ref.null extern) (i32.const 10)) (i32.const 10)) (then unreachable))))"#;
    assert_eq!(run(with(limits, text).unwrap()), Ok(Completion::Returned));
    let fault = with(Limits { table_elements_max: 19, ..ROOMY }, text).err().unwrap();
    assert_eq!(fault.kind(), FaultKind::TableOverMaximum);
    assert_eq!(fault.detail(), "tables start with 20 elements; the maximum is 19");
}

#[test]
fn objects_of_the_gc_proposal_are_limited_like_memory() {
    let text = r#"(module (type $row (array i32))
        (func (export "_start") (drop (array.new_default $row (i32.const 1000000)))))"#;
    let fault = run(with(Limits { memory_bytes_max: 100_000, ..ROOMY }, text).unwrap()).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::OutOfMemory);
}

/// `_start` recurses as deep as its argument says and comes back.
fn recursion(depth: u32) -> String {
    format!(
        r#"(module
            (func $down (param i32) (result i32)
                (if (result i32) (local.get 0)
                    (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
                    (else (i32.const 0))))
            (func (export "_start")
                (if (i32.ne (call $down (i32.const {depth})) (i32.const {depth})) (then unreachable))))"#
    )
}

#[test]
fn calls_go_as_deep_as_the_stacks_allow_and_a_larger_stack_allows_more() {
    let depth_reached = |stack_bytes_max| {
        let limits = Limits { stack_bytes_max, ..ROOMY };
        let holds = |depth: &u32| match run(with(limits, &recursion(*depth)).unwrap()) {
            Ok(completion) => completion == Completion::Returned,
            Err(fault) => {
                assert_eq!(fault.kind(), FaultKind::CallDepth);
                false
            }
        };
        (0..24).map(|power| 1 << power).take_while(holds).last().unwrap_or(0)
    };
    assert_eq!(depth_reached(0), 0);
    let (small, large) = (depth_reached(64 * 1024), depth_reached(1024 * 1024));
    assert!(small >= 128, "{small}");
    assert!(large >= 8 * small, "{small} {large}");
}

#[test]
fn all_stacks_together_stay_below_their_limit() {
    let text = r#"(module
        (func $deep (param i32 i64 v128) (local i32 i64 v128)
            (call $deep (local.get 0) (local.get 1) (local.get 2)))
        (func (export "_start") (call $deep (i32.const 1) (i64.const 2) (v128.const i64x2 3 4))))"#;
    let module = load(text).unwrap();
    for stack_bytes_max in [8 * 1024, 100_000, 1 << 20] {
        let limits = Limits { stack_bytes_max, ..ROOMY };
        let (meter, host) = (Meter::new(usize::MAX), Arc::new(Recorder::default()));
        let mut made = enter(&meter, || module.instantiate(&limits, host.clone()).unwrap()).unwrap();
        let before = meter.used();
        let fault = enter(&meter, || made.activate(Entry::Main, &mut Endless).unwrap_err()).unwrap();
        assert_eq!(fault.kind(), FaultKind::CallDepth);
        let grown = meter.used() - before;
        let limit = usize::try_from(stack_bytes_max).unwrap();
        assert!((limit / 8..=limit).contains(&grown), "{grown} of {limit}");
        enter(&meter, || drop(made)).unwrap();
    }
}

/// A pace that allocates nothing, which would be charged to the instance.
struct Endless;

impl Pace for Endless {
    fn quantum(&mut self, _: Fuel) -> Next {
        Next::Run(Fuel(1000))
    }

    fn ended(&mut self, _: Fuel) {}
}

#[test]
fn a_segment_that_does_not_fit_is_a_fault_of_its_kind() {
    let data = r#"(module (memory (export "memory") 1) (data (i32.const 65535) "ab"))"#;
    assert_eq!(with(ROOMY, data).err().unwrap().kind(), FaultKind::MemoryOutOfBounds);
    let elements = r#"(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))"#;
    assert_eq!(with(ROOMY, elements).err().unwrap().kind(), FaultKind::TableOutOfBounds);
}
