;; Makes regions of 64 KiB by slot 0 (a factory) until it is refused. Exits with the error's number.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "region_create" (func $create (param i64 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $answer i64)
    (loop $again
      (local.set $answer (call $create (i64.const 0x100000000) (i64.const 65536)))
      (br_if $again (i64.ge_s (local.get $answer) (i64.const 0))))
    (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer)))))))
