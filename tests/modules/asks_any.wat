;; A hundred times over: signals slot 0, then waits for any of the notifications in its other slots, of which the last is
;; the one that is signalled. Exits with 0 if each time it was.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "cap_info" (func $cap_info (param i64 i32) (result i64)))
  (import "tessera" "notification_signal" (func $signal (param i64 i64) (result i64)))
  (import "tessera" "wait_any" (func $wait_any (param i32 i32 i32 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $n i32)
    (local $handle i64)
    (local $left i32)
    (local.set $handle (i64.const 0x100000001))
    (block $counted
      (loop $more
        (br_if $counted (i64.lt_s (call $cap_info (local.get $handle) (i32.const 0)) (i64.const 0)))
        (i64.store offset=1024 (i32.mul (local.get $n) (i32.const 24)) (local.get $handle))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (local.set $handle (i64.add (local.get $handle) (i64.const 1)))
        (br $more)))
    (local.set $left (i32.const 100))
    (loop $again
      (drop (call $signal (i64.const 0x100000000) (i64.const 1)))
      (if (i64.ne (call $wait_any (i32.const 1024) (local.get $n) (i32.const 0) (i32.const 0) (i64.const -1)) (i64.extend_i32_u (i32.sub (local.get $n) (i32.const 1))))
        (then (drop (call $exit (i32.const 1)))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
  ))
