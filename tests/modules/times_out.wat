;; Waits five milliseconds for a message that does not come; slot 1 is a clock.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $deadline i64)
    (local.set $deadline (i64.add (call $clock_now (i64.const 0x100000001)) (i64.const 5000000)))
    (if (i64.ne (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const 0)) (i64.const -9)) (then (drop (call $exit (i32.const 1)))))
    (if (i64.ne (call $recv (i64.const 0x100000000) (i32.const 0) (local.get $deadline)) (i64.const -10)) (then (drop (call $exit (i32.const 2)))))
    (if (i64.lt_u (call $clock_now (i64.const 0x100000001)) (local.get $deadline)) (then (drop (call $exit (i32.const 3)))))
  ))
