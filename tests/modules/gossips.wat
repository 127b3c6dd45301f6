;; Sends to, calls and answers its peers at random. Slot 0 is its own endpoint, slot 1 a clock, then come its
;; peers' endpoints. Argument: a seed, how many rounds, how many peers, and up to how much fuel it lends with a call, none
;; if that is left out; 8 bytes each. Exits with 0, or with the number of an error that nobody should get here.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "yield_now" (func $yield_now (result i64)))
  (import "tessera" "args_read" (func $args_read (param i32 i32) (result i64)))
  (import "tessera" "cap_drop" (func $cap_drop (param i64) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "call" (func $call (param i64 i32 i64) (result i64)))
  (import "tessera" "call_funded" (func $call_funded (param i64 i32 i64 i64) (result i64)))
  (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
  (memory (export "memory") 1)
  (global $x (mut i64) (i64.const 0))
  ;; xorshift64
  (func $below (param $n i64) (result i64)
    (global.set $x (i64.xor (global.get $x) (i64.shl (global.get $x) (i64.const 13))))
    (global.set $x (i64.xor (global.get $x) (i64.shr_u (global.get $x) (i64.const 7))))
    (global.set $x (i64.xor (global.get $x) (i64.shl (global.get $x) (i64.const 17))))
    (i64.rem_u (i64.shr_u (global.get $x) (i64.const 11)) (local.get $n)))
  (func $soon (result i64)
    (i64.add (call $clock_now (i64.const 0x100000001)) (call $below (i64.const 2000000))))
  (func $peer (result i64)
    (i64.add (i64.const 0x100000002) (call $below (i64.load (i32.const 1040)))))
  (func $ask (result i64)
    (local $most i64)
    (local.set $most (i64.load (i32.const 1048)))
    (if (i64.eqz (local.get $most)) (then (return (call $call (call $peer) (i32.const 0) (call $soon)))))
    (call $call_funded (call $peer) (i32.const 0) (call $soon) (call $below (local.get $most))))
  ;; Goes on after 0 and the errors whose bits are set.
  (func $accept (param $status i64) (param $errors i64)
    (local $error i64)
    (if (i64.lt_s (local.get $status) (i64.const 0)) (then
      (local.set $error (i64.sub (i64.const 0) (local.get $status)))
      (if (i64.eqz (i64.and (i64.shr_u (local.get $errors) (local.get $error)) (i64.const 1)))
        (then (drop (call $exit (i32.wrap_i64 (local.get $error)))))))))
  ;; would-block, timed-out; then answers, or now and then lets the answer go: peer-dead if nobody waits for it.
  (func $serve (param $deadline i64)
    (local $status i64)
    (local.set $status (call $recv (i64.const 0x100000000) (i32.const 0) (local.get $deadline)))
    (call $accept (local.get $status) (i64.const 0x600))
    (if (i64.ne (local.get $status) (i64.const 0)) (then (return)))
    (if (i64.eqz (i64.load (i32.const 48))) (then (return)))
    (if (i64.eqz (call $below (i64.const 8)))
      (then (call $accept (call $cap_drop (i64.load (i32.const 48))) (i64.const 0)))
      (else (call $accept (call $reply (i64.load (i32.const 48)) (i32.const 0)) (i64.const 0x2000)))))
  (func (export "_start")
    (local $left i64)
    (local $lot i64)
    (drop (call $args_read (i32.const 1024) (i32.const 32)))
    (global.set $x (i64.load (i32.const 1024)))
    (local.set $left (i64.load (i32.const 1032)))
    (loop $again
      (memory.fill (i32.const 0) (i32.const 0) (i32.const 136))
      (local.set $lot (call $below (i64.const 8)))
      (if (i64.le_u (local.get $lot) (i64.const 1)) (then
        ;; queue-full
        (call $accept (call $send (call $peer) (i32.const 0) (i64.const 0)) (i64.const 0x100))))
      (if (i64.eq (local.get $lot) (i64.const 2)) (then
        (call $accept (call $send (call $peer) (i32.const 0) (call $soon)) (i64.const 0x400))))
      (if (i64.eq (local.get $lot) (i64.const 3)) (then
        ;; timed-out, peer-dead, would-deadlock
        (call $accept (call $ask) (i64.const 0x82400))))
      (if (i64.eq (local.get $lot) (i64.const 4)) (then (drop (call $yield_now))))
      (if (i64.eq (local.get $lot) (i64.const 5)) (then (call $serve (call $soon))))
      (if (i64.ge_u (local.get $lot) (i64.const 6)) (then (call $serve (i64.const 0))))
      (local.set $left (i64.sub (local.get $left) (i64.const 1)))
      (br_if $again (i64.ne (local.get $left) (i64.const 0))))))
