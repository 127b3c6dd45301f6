;; Receives from slot 0 for ever, sleeping now and then by slot 1, a clock, and sees to it that the numbers
;; under each badge only rise. Argument: a seed. Exits with the badge whose numbers did not.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "args_read" (func $args_read (param i32 i32) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (import "tessera" "sleep_until" (func $sleep_until (param i64 i64) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (global $x (mut i64) (i64.const 0))
  ;; xorshift64
  (func $below (param $n i64) (result i64)
    (global.set $x (i64.xor (global.get $x) (i64.shl (global.get $x) (i64.const 13))))
    (global.set $x (i64.xor (global.get $x) (i64.shr_u (global.get $x) (i64.const 7))))
    (global.set $x (i64.xor (global.get $x) (i64.shl (global.get $x) (i64.const 17))))
    (i64.rem_u (i64.shr_u (global.get $x) (i64.const 11)) (local.get $n)))
  (func (export "_start")
    (local $last i32)
    (drop (call $args_read (i32.const 1024) (i32.const 8)))
    (global.set $x (i64.load (i32.const 1024)))
    (loop $again
      (if (i64.eqz (call $below (i64.const 4))) (then
        (drop (call $sleep_until (i64.const 0x100000001)
          (i64.add (call $clock_now (i64.const 0x100000001)) (call $below (i64.const 1000000)))))))
      (if (i64.ne (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0))
        (then (drop (call $exit (i32.const -1)))))
      ;; The last number of each badge, from 2048 on.
      (local.set $last (i32.add (i32.const 2048) (i32.mul (i32.wrap_i64 (i64.load (i32.const 40))) (i32.const 8))))
      (if (i64.le_u (i64.load (i32.const 0)) (i64.load (local.get $last)))
        (then (drop (call $exit (i32.wrap_i64 (i64.load (i32.const 40)))))))
      (i64.store (local.get $last) (i64.load (i32.const 0)))
      (br $again))))
