;; Sleeps three tenths of a second by the clock in slot 0; exits with minus a refusal.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (import "tessera" "sleep_until" (func $sleep_until (param i64 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0)
      (call $sleep_until (i64.const 0x100000000)
        (i64.add (call $clock_now (i64.const 0x100000000)) (i64.const 300000000)))))))))
