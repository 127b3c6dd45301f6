;; Calls slot 0 again and again and lends fuel with each call. Argument, 8 bytes each: how often; how much fuel; for how
;; long it waits, in ns of slot 1, a clock (0: for ever); then the two words of each call. Exits with 0, or with the
;; number of the first error.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "args_read" (func $args_read (param i32 i32) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (import "tessera" "call_funded" (func $call (param i64 i32 i64 i64) (result i64)))
  (memory (export "memory") 1)
  (func $until (result i64)
    (if (i64.eqz (i64.load (i32.const 1040))) (then (return (i64.const -1))))
    (i64.add (call $clock_now (i64.const 0x100000001)) (i64.load (i32.const 1040))))
  (func (export "_start")
    (local $left i64)
    (local $status i64)
    (drop (call $args_read (i32.const 1024) (i32.const 40)))
    (local.set $left (i64.load (i32.const 1024)))
    (loop $again
      (i64.store (i32.const 8) (i64.load (i32.const 1048)))
      (i64.store (i32.const 16) (i64.load (i32.const 1056)))
      (local.set $status
        (call $call (i64.const 0x100000000) (i32.const 0) (call $until) (i64.load (i32.const 1032))))
      (if (i64.ne (local.get $status) (i64.const 0))
        (then (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $status)))))))
      (local.set $left (i64.sub (local.get $left) (i64.const 1)))
      (br_if $again (i64.ne (local.get $left) (i64.const 0))))))
