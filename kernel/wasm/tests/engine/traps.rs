//! Every trap of the Wasm specification, and every other way a program can stop, as its own fault.

use tessera_abi::FaultKind;

use crate::support::run;

/// A module whose `_start` has this body, with a memory of one page and a table of two elements.
fn body(text: &str) -> String {
    format!(
        r#"(module
            (type $none (func))
            (type $one (func (param i32)))
            (type $pair (struct (field i32)))
            (type $row (array i32))
            (tag $tag)
            (memory (export "memory") 1)
            (table $table 2 funcref)
            (elem (table $table) (i32.const 0) func $wrong)
            (func $wrong (param i64))
            (func $deep (call $deep) (call $deep))
            (func (export "_start") {text}))"#
    )
}

#[test]
fn every_trap_is_the_fault_of_its_name() {
    use FaultKind as Kind;
    let cases = [
        (Kind::Unreachable, "unreachable"),
        (Kind::MemoryOutOfBounds, "(drop (i32.load (i32.const 65533)))"),
        (Kind::MemoryOutOfBounds, "(i64.store offset=4294967295 (i32.const -1) (i64.const 0))"),
        (Kind::MemoryOutOfBounds, "(memory.fill (i32.const 1) (i32.const 0) (i32.const 65536))"),
        (Kind::MemoryOutOfBounds, "(memory.copy (i32.const 0) (i32.const 1) (i32.const 65536))"),
        (Kind::TableOutOfBounds, "(drop (table.get $table (i32.const 2)))"),
        (Kind::TableOutOfBounds, "(call_indirect $table (type $none) (i32.const 2))"),
        (Kind::DivideByZero, "(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
        (Kind::DivideByZero, "(drop (i64.rem_s (i64.const 1) (i64.const 0)))"),
        (Kind::IntegerOverflow, "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"),
        (Kind::IntegerOverflow, "(drop (i32.trunc_f32_s (f32.const 3e9)))"),
        (Kind::BadConversion, "(drop (i64.trunc_f64_u (f64.const nan)))"),
        (Kind::NullElement, "(call_indirect $table (type $none) (i32.const 1))"),
        (Kind::NullElement, "(call_ref $none (ref.null $none))"),
        (Kind::NullElement, "(drop (ref.as_non_null (ref.null func)))"),
        (Kind::NullElement, "(drop (struct.get $pair 0 (ref.null $pair)))"),
        (Kind::NullElement, "(drop (array.len (ref.null array)))"),
        (Kind::NullElement, "(drop (i31.get_s (ref.null i31)))"),
        (Kind::SignatureMismatch, "(call_indirect $table (type $none) (i32.const 0))"),
        (Kind::CallDepth, "(call $deep)"),
        (Kind::Exception, "(throw $tag)"),
        (
            Kind::Exception,
            "(throw_ref (block $e (result exnref) (try_table (catch_all_ref $e) (throw $tag)) unreachable))",
        ),
        (Kind::Other, "(drop (array.get $row (array.new_default $row (i32.const 1)) (i32.const 1)))"),
        (Kind::Other, "(drop (ref.cast (ref $pair) (array.new_default $row (i32.const 1))))"),
    ];
    for (kind, text) in cases {
        let fault = run(&body(text)).expect_err(text);
        assert_eq!(fault.kind(), kind, "{text}: {fault:?}");
    }
}

#[test]
fn a_fault_of_memory_says_where() {
    let fault = run(&body("(drop (i32.load offset=8 (i32.const 65530)))")).unwrap_err();
    assert_eq!(fault.detail(), "out of bounds memory access: offset=65538, len=4, max=65536");
}

#[test]
fn a_trap_cannot_be_caught_by_the_program() {
    let text = body("(block $b (try_table (catch_all $b) unreachable) return)");
    assert_eq!(run(&text).unwrap_err().kind(), FaultKind::Unreachable);
}

#[test]
fn a_function_with_too_many_locals_for_the_stack_is_a_call_too_deep() {
    let many = "i64 ".repeat(40_000);
    let text = format!(r#"(module (func (export "_start") (local {many})))"#);
    assert_eq!(run(&text).unwrap_err().kind(), FaultKind::CallDepth);
}
