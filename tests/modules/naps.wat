;; A handler that sleeps two milliseconds over each message, holding its stack; slot 1 is a clock.
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (import "tessera" "sleep_until" (func $sleep_until (param i64 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "handle")
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
    (drop (call $sleep_until (i64.const 0x100000001)
      (i64.add (call $clock_now (i64.const 0x100000001)) (i64.const 2000000)))))
  )
