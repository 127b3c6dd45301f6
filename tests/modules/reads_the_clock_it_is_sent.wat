;; Takes one message from slot 0 and reads the clock whose capability came with it. Exits with minus the
;; answer, or with 0 for a time.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $answer i64)
    (if (i64.ne (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0))
      (then (drop (call $exit (i32.const 100)))))
    (local.set $answer (call $clock_now (i64.load (i32.const 56))))
    (if (i64.ge_s (local.get $answer) (i64.const 0)) (then (return)))
    (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer)))))))
