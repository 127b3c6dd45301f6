;; Waits for ever for any of what is in its slots, up to the first empty one or the first clock. Exits with the place of
;; what has come; with 100 and the error's number when refused, and a thousand times the place that is noted.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "cap_info" (func $cap_info (param i64 i32) (result i64)))
  (import "tessera" "wait_any" (func $wait_any (param i32 i32 i32 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func $handle (param $n i32) (result i64) (i64.add (i64.const 0x100000000) (i64.extend_i32_u (local.get $n))))
  (func $item (param $n i32) (result i32) (i32.add (i32.const 1024) (i32.mul (local.get $n) (i32.const 24))))
  (func (export "_start")
    (local $n i32)
    (local $place i32)
    (local $answer i64)
    (block $counted
      (loop $more
        (br_if $counted (i64.lt_s (call $cap_info (call $handle (local.get $n)) (i32.const 512)) (i64.const 0)))
        (br_if $counted (i32.eq (i32.load8_u (i32.const 512)) (i32.const 2)))
        (i64.store (call $item (local.get $n)) (call $handle (local.get $n)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $more)))
    (local.set $answer (call $wait_any (i32.const 1024) (local.get $n) (i32.const 0) (i32.const 0) (i64.const -1)))
    (if (i64.ge_s (local.get $answer) (i64.const 0)) (then (drop (call $exit (i32.wrap_i64 (local.get $answer))))))
    (block $found
      (loop $next
        (br_if $found (i32.ge_u (local.get $place) (local.get $n)))
        (br_if $found (i32.load offset=16 (call $item (local.get $place))))
        (local.set $place (i32.add (local.get $place) (i32.const 1)))
        (br $next)))
    (drop (call $exit (i32.add (i32.sub (i32.const 100) (i32.wrap_i64 (local.get $answer))) (i32.mul (local.get $place) (i32.const 1000)))))
  ))
