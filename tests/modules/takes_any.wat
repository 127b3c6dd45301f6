;; Takes messages from slots 0 and 1, beginning to look behind where the last came from, until one has the label 99;
;; exits with how many came before.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "wait_any" (func $wait_any (param i32 i32 i32 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $place i64)
    (local $taken i32)
    (i64.store (i32.const 1024) (i64.const 0x100000000))
    (i64.store (i32.const 1048) (i64.const 0x100000001))
    (loop $again
      (local.set $place (call $wait_any (i32.const 1024) (i32.const 2) (i32.wrap_i64 (i64.add (local.get $place) (i64.const 1))) (i32.const 0) (i64.const -1)))
      (if (i64.lt_s (local.get $place) (i64.const 0)) (then (drop (call $exit (i32.const 100000)))))
      (if (i64.eq (i64.load (i32.const 0)) (i64.const 99)) (then (drop (call $exit (local.get $taken)))))
      (local.set $taken (i32.add (local.get $taken) (i32.const 1)))
      (br $again))
  ))
