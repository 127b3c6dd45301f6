;; Sleeps ten times three milliseconds, never waking early; slot 0 is a clock.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (import "tessera" "sleep_until" (func $sleep_until (param i64 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $left i32)
    (local $until i64)
    (local.set $left (i32.const 10))
    (loop $again
      (local.set $until (i64.add (call $clock_now (i64.const 0x100000000)) (i64.const 3000000)))
      (if (i64.ne (call $sleep_until (i64.const 0x100000000) (local.get $until)) (i64.const 0)) (then (drop (call $exit (i32.const 1)))))
      (if (i64.lt_u (call $clock_now (i64.const 0x100000000)) (local.get $until)) (then (drop (call $exit (i32.const 2)))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
  ))
