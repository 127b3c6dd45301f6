//! Host calls receive their arguments in order, each with its own type and value, however they are
//! called, and their answer and their view of memory are the actor's.

use std::sync::Arc;

use tessera_abi::{HostCall, TABLE, ValueType};
use tessera_core::engine::{Completion, Entry, OutOfBounds};

use crate::support::{Call, Quanta, Recorder, instance};

/// A different value for every position, with all bits of its width in play.
fn value(position: usize, ty: ValueType) -> u64 {
    let distinct = 0xf123_4567_89ab_cd00 + position as u64;
    match ty {
        ValueType::I32 => distinct & 0xffff_ffff,
        ValueType::I64 => distinct,
    }
}

fn parameters(row: &tessera_abi::Row) -> String {
    row.parameters.iter().map(|parameter| format!(" {}", parameter.value_type.name())).collect()
}

fn constants(row: &tessera_abi::Row) -> String {
    let constant = |(index, parameter): (usize, &tessera_abi::call::Parameter)| {
        let bits = value(index, parameter.value_type);
        format!("({}.const 0x{bits:x})", parameter.value_type.name())
    };
    row.parameters.iter().enumerate().map(constant).collect::<Vec<_>>().join(" ")
}

/// A module that makes the call three ways: directly, through a table, and as a tail call.
fn caller(row: &tessera_abi::Row) -> String {
    let (name, types, values) = (row.name, parameters(row), constants(row));
    format!(
        r#"(module
            (type $t (func (param{types}) (result i64)))
            (import "tessera" "{name}" (func $host (type $t)))
            (table funcref (elem $host))
            (func $tail (result i64) (return_call $host {values}))
            (func (export "_start")
                (drop (call $host {values}))
                (drop (call_indirect (type $t) {values} (i32.const 0)))
                (drop (call $tail))))"#
    )
}

#[test]
fn every_host_call_receives_its_arguments_in_order_however_it_is_called() {
    for row in TABLE {
        let host = Arc::new(Recorder::default());
        let outcome = instance(&caller(row), host.clone()).activate(Entry::Main, &mut Quanta::of(1000));
        assert_eq!(outcome, Ok(Completion::Returned), "{}", row.name);
        let values = row.parameters.iter().enumerate().map(|(index, one)| value(index, one.value_type));
        let expected: Call = (row.call, values.collect());
        assert_eq!(host.calls(), vec![expected; 3], "{}", row.name);
    }
}

#[test]
fn arguments_computed_at_run_time_keep_their_order_and_sign() {
    // Two i32 between i64s, as in console_read, from locals and arithmetic.
    let text = r#"(module
        (import "tessera" "console_read" (func $host (param i64 i32 i32 i64) (result i64)))
        (func (export "_start") (local $narrow i32) (local $wide i64)
            (local.set $narrow (i32.const -2))
            (local.set $wide (i64.const -3))
            (drop (call $host
                (i64.add (local.get $wide) (i64.const -7))
                (local.get $narrow)
                (i32.add (local.get $narrow) (i32.const 6))
                (local.get $wide)))))"#;
    let host = Arc::new(Recorder::default());
    let outcome = instance(text, host.clone()).activate(Entry::Main, &mut Quanta::of(1000));
    assert_eq!(outcome, Ok(Completion::Returned));
    let args = vec![-10i64 as u64, 0xffff_fffe, 4, -3i64 as u64];
    assert_eq!(host.calls(), [(HostCall::ConsoleRead, args)]);
}

#[test]
fn the_answer_arrives_with_all_its_bits() {
    let text = r#"(module
        (import "tessera" "clock_now" (func $now (param i64) (result i64)))
        (import "tessera" "cap_drop" (func $tell (param i64) (result i64)))
        (func (export "_start") (drop (call $tell (call $now (i64.const 1))))))"#;
    let host = Arc::new(Recorder::answering(|_, _, _| Ok(-0x1234_5678_9abc_def0)));
    let outcome = instance(text, host.clone()).activate(Entry::Main, &mut Quanta::of(1000));
    assert_eq!(outcome, Ok(Completion::Returned));
    assert_eq!(host.calls()[1], (HostCall::CapDrop, vec![-0x1234_5678_9abc_def0i64 as u64]));
}

#[test]
fn a_host_call_reads_and_writes_memory_by_copy_and_not_past_its_end() {
    let text = r#"(module
        (import "tessera" "console_write" (func $host (param i64 i32 i32) (result i64)))
        (memory (export "memory") 1)
        (data (i32.const 65532) "\01\02\03\04")
        (func (export "_start")
            (drop (call $host (i64.const 0) (i32.const 65532) (i32.const 4)))
            (if (i32.ne (i32.load (i32.const 65532)) (i32.const 0x08070605)) (then unreachable))))"#;
    let host = Recorder::answering(|_, args, memory| {
        let at = u32::try_from(args[1]).unwrap();
        let mut bytes = [0; 4];
        assert_eq!(memory.read(at, &mut bytes), Ok(()));
        assert_eq!(bytes, [1, 2, 3, 4]);
        assert_eq!(memory.read(at + 1, &mut bytes), Err(OutOfBounds));
        assert_eq!(bytes, [1, 2, 3, 4], "a refused read leaves the buffer alone");
        assert_eq!(memory.write(at + 1, &[9; 4]), Err(OutOfBounds));
        assert_eq!(memory.read(u32::MAX, &mut bytes), Err(OutOfBounds));
        assert_eq!(memory.read(65_536, &mut []), Ok(()), "nothing at the very end is inside");
        assert_eq!(memory.write(65_537, &[]), Err(OutOfBounds));
        assert_eq!(memory.write(at, &[5, 6, 7, 8]), Ok(()));
        assert_eq!(memory.len_bytes(), 65_536);
        Ok(0)
    });
    let outcome = instance(text, Arc::new(host)).activate(Entry::Main, &mut Quanta::of(1000));
    assert_eq!(outcome, Ok(Completion::Returned));
}

#[test]
fn a_module_without_memory_has_an_empty_one_for_host_calls() {
    let text = r#"(module
        (import "tessera" "yield_now" (func $host (result i64)))
        (func (export "_start") (drop (call $host))))"#;
    let host = Recorder::answering(|_, _, memory| {
        assert_eq!(memory.len_bytes(), 0);
        assert_eq!(memory.read(0, &mut [0]), Err(OutOfBounds));
        assert_eq!(memory.write(0, &[0]), Err(OutOfBounds));
        Ok(0)
    });
    let outcome = instance(text, Arc::new(host)).activate(Entry::Main, &mut Quanta::of(1000));
    assert_eq!(outcome, Ok(Completion::Returned));
}

#[test]
fn a_memory_that_only_host_calls_touch_is_there_for_them() {
    let text = r#"(module
        (import "tessera" "yield_now" (func $host (result i64)))
        (memory (export "memory") 1)
        (func (export "_start") (drop (call $host))))"#;
    let host = Recorder::answering(|_, _, memory| {
        assert_eq!((memory.len_bytes(), memory.write(65_535, &[7])), (65_536, Ok(())));
        Ok(0)
    });
    let mut instance = instance(text, Arc::new(host));
    assert_eq!(instance.activate(Entry::Main, &mut Quanta::of(1000)), Ok(Completion::Returned));
    let mut last = [0];
    assert_eq!((instance.read_memory(65_535, &mut last), last), (Ok(()), [7]));
    assert_eq!(instance.read_memory(65_536, &mut last), Err(OutOfBounds));
}
