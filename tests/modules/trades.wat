;; Copies, drops, hands on, takes, uses and takes back capabilities to a clock at random. Slot 0 is its own
;; endpoint, slot 1 the clock, then come its peers' endpoints. Argument: a seed, how many rounds, how many peers,
;; 8 bytes each. Exits with 0, or with the number of an error that nobody should get here.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "args_read" (func $args_read (param i32 i32) (result i64)))
  (import "tessera" "cap_copy" (func $cap_copy (param i64 i32 i64) (result i64)))
  (import "tessera" "cap_drop" (func $cap_drop (param i64) (result i64)))
  (import "tessera" "cap_revoke" (func $cap_revoke (param i64 i32 i32) (result i64)))
  (import "tessera" "clock_now" (func $clock_now (param i64) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (global $x (mut i64) (i64.const 0))
  ;; xorshift64
  (func $below (param $n i64) (result i64)
    (global.set $x (i64.xor (global.get $x) (i64.shl (global.get $x) (i64.const 13))))
    (global.set $x (i64.xor (global.get $x) (i64.shr_u (global.get $x) (i64.const 7))))
    (global.set $x (i64.xor (global.get $x) (i64.shl (global.get $x) (i64.const 17))))
    (i64.rem_u (i64.shr_u (global.get $x) (i64.const 11)) (local.get $n)))
  ;; Goes on after what is no error and the errors whose bits are set; whether it was none.
  (func $accept (param $status i64) (param $errors i64) (result i32)
    (local $error i64)
    (if (i64.ge_s (local.get $status) (i64.const 0)) (then (return (i32.const 1))))
    (local.set $error (i64.sub (i64.const 0) (local.get $status)))
    (if (i64.eqz (i64.and (i64.shr_u (local.get $errors) (local.get $error)) (i64.const 1)))
      (then (drop (call $exit (i32.wrap_i64 (local.get $error))))))
    (i32.const 0))
  ;; The address of one of four places for a handle, from 2048 on.
  (func $place (result i32)
    (i32.add (i32.const 2048) (i32.mul (i32.wrap_i64 (call $below (i64.const 4))) (i32.const 8))))
  ;; Puts a handle there, and drops what was.
  (func $put (param $place i32) (param $handle i64)
    (if (i64.ne (i64.load (local.get $place)) (i64.const 0))
      (then (drop (call $accept (call $cap_drop (i64.load (local.get $place))) (i64.const 0)))))
    (i64.store (local.get $place) (local.get $handle)))
  (func $copy (param $handle i64)
    (local $copy i64)
    (local.set $copy (call $cap_copy (local.get $handle) (i32.const 0xfff) (i64.const 0)))
    ;; revoked, table-full, busy, full
    (if (call $accept (local.get $copy) (i64.const 0x3000a0)) (then (call $put (call $place) (local.get $copy)))))
  ;; Hands on the capability in a place, as a copy or for good.
  (func $hand_on (param $place i32)
    (local $mode i32)
    (local.set $mode (i32.wrap_i64 (call $below (i64.const 2))))
    (i64.store (i32.const 56) (i64.load (local.get $place)))
    (i32.store (i32.const 64) (i32.const 0xfff))
    (i32.store (i32.const 68) (local.get $mode))
    ;; revoked, queue-full, busy, full
    (if (call $accept
          (call $send (i64.add (i64.const 0x100000002) (call $below (i64.load (i32.const 1040)))) (i32.const 0) (i64.const 0))
          (i64.const 0x300120))
      (then (if (local.get $mode) (then (i64.store (local.get $place) (i64.const 0)))))))
  (func $take
    ;; would-block, table-full
    (if (call $accept (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const 0)) (i64.const 0x280))
      (then (call $put (call $place) (i64.load (i32.const 56))))))
  (func (export "_start")
    (local $left i64)
    (local $lot i64)
    (local $place i32)
    (drop (call $args_read (i32.const 1024) (i32.const 24)))
    (global.set $x (i64.load (i32.const 1024)))
    (local.set $left (i64.load (i32.const 1032)))
    (loop $again
      (memory.fill (i32.const 0) (i32.const 0) (i32.const 136))
      (local.set $lot (call $below (i64.const 8)))
      (local.set $place (call $place))
      (if (i64.le_u (local.get $lot) (i64.const 1)) (then (call $take)))
      (if (i64.eq (local.get $lot) (i64.const 2)) (then (call $copy (i64.const 0x100000001))))
      (if (i64.ne (i64.load (local.get $place)) (i64.const 0)) (then
        (if (i64.eq (local.get $lot) (i64.const 3)) (then (call $copy (i64.load (local.get $place)))))
        (if (i64.eq (local.get $lot) (i64.const 4)) (then (call $hand_on (local.get $place))))
        (if (i64.eq (local.get $lot) (i64.const 5)) (then (call $put (local.get $place) (i64.const 0))))
        (if (i64.eq (local.get $lot) (i64.const 6)) (then
          (drop (call $accept (call $clock_now (i64.load (local.get $place))) (i64.const 0x20)))))
        (if (i64.eq (local.get $lot) (i64.const 7)) (then
          ;; Below it, or it too: revoked, busy
          (drop (call $accept
            (call $cap_revoke (i64.load (local.get $place)) (i32.wrap_i64 (call $below (i64.const 2))) (i32.const 512))
            (i64.const 0x100020)))))))
      (local.set $left (i64.sub (local.get $left) (i64.const 1)))
      (br_if $again (i64.ne (local.get $left) (i64.const 0))))))
