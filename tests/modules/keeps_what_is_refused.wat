;; Hands slot 1 (a clock) over through slot 0, without waiting; exits with minus the answer if the clock is still
;; there and works, with 100 if it is gone.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $answer i64)
    ;; The first capability of the message: moved, with all its rights.
    (i64.store (i32.const 56) (i64.const 0x100000001))
    (i32.store (i32.const 64) (i32.const 0xfff))
    (i32.store (i32.const 68) (i32.const 1))
    (local.set $answer (call $send (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
    (if (i64.lt_s (call $clock_now (i64.const 0x100000001)) (i64.const 0)) (then (drop (call $exit (i32.const 100)))))
    (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer)))))
  ))
