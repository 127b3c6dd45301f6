;; Sleeps, then takes eight messages from slot 0 and checks that their badges rise from 1.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (import "tessera" "sleep_until" (func $sleep_until (param i64 i64) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $n i64)
    (drop (call $sleep_until (i64.const 0x100000001) (i64.add (call $clock_now (i64.const 0x100000001)) (i64.const 20000000))))
    (loop $again
      (if (i64.ne (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0)) (then (drop (call $exit (i32.const 1)))))
      (local.set $n (i64.add (local.get $n) (i64.const 1)))
      (if (i64.ne (i64.load (i32.const 40)) (local.get $n)) (then (drop (call $exit (i32.const 2)))))
      (br_if $again (i64.lt_u (local.get $n) (i64.const 8))))
  ))
