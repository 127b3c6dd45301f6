;; Makes endpoints until its table is full; slot 0 is a factory. Exits with how many.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "endpoint_create" (func $endpoint_create (param i64 i32 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $n i32)
    (local $answer i64)
    (loop $again
      (local.set $answer (call $endpoint_create (i64.const 0x100000000) (i32.const 1) (i32.const 0)))
      (if (i64.eq (local.get $answer) (i64.const -7)) (then (drop (call $exit (local.get $n)))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i64.gt_s (local.get $answer) (i64.const 0))))
    (drop (call $exit (i32.const 1000)))
  ))
