;; Sends numbered messages to slot 0, each until it is taken: at once, by some moment, or whenever. Slot 1 is a
;; clock. Argument: a seed, how many, 8 bytes each. Exits with 0, or with the number of an error that nobody
;; should get here.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "yield_now" (func $yield_now (result i64)))
  (import "tessera" "args_read" (func $args_read (param i32 i32) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (global $x (mut i64) (i64.const 0))
  ;; xorshift64
  (func $below (param $n i64) (result i64)
    (global.set $x (i64.xor (global.get $x) (i64.shl (global.get $x) (i64.const 13))))
    (global.set $x (i64.xor (global.get $x) (i64.shr_u (global.get $x) (i64.const 7))))
    (global.set $x (i64.xor (global.get $x) (i64.shl (global.get $x) (i64.const 17))))
    (i64.rem_u (i64.shr_u (global.get $x) (i64.const 11)) (local.get $n)))
  (func $deadline (result i64)
    (local $lot i64)
    (local.set $lot (call $below (i64.const 3)))
    (if (i64.eqz (local.get $lot)) (then (return (i64.const 0))))
    (if (i64.eq (local.get $lot) (i64.const 1)) (then (return (i64.const -1))))
    (i64.add (call $clock_now (i64.const 0x100000001)) (call $below (i64.const 2000000))))
  (func (export "_start")
    (local $number i64)
    (local $status i64)
    (drop (call $args_read (i32.const 1024) (i32.const 16)))
    (global.set $x (i64.load (i32.const 1024)))
    (local.set $number (i64.const 1))
    (loop $again
      (i64.store (i32.const 0) (local.get $number))
      (local.set $status (call $send (i64.const 0x100000000) (i32.const 0) (call $deadline)))
      (if (i64.eqz (local.get $status))
        (then (local.set $number (i64.add (local.get $number) (i64.const 1))))
        (else
          ;; queue-full and timed-out: it is offered again.
          (if (i32.and (i64.ne (local.get $status) (i64.const -8)) (i64.ne (local.get $status) (i64.const -10)))
            (then (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $status)))))))
          (drop (call $yield_now))))
      (br_if $again (i64.le_u (local.get $number) (i64.load (i32.const 1032)))))))
