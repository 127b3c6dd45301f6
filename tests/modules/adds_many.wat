;; Calls slot 0 twenty thousand times and checks each answer. Exits with the step that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "call" (func $call (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $n i64)
    (loop $again
      (i64.store (i32.const 8) (local.get $n))
      (if (i64.ne (call $call (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0)) (then (drop (call $exit (i32.const 1)))))
      (if (i64.ne (i64.load (i32.const 8)) (i64.add (local.get $n) (i64.const 1))) (then (drop (call $exit (i32.const 2)))))
      (local.set $n (i64.add (local.get $n) (i64.const 1)))
      (br_if $again (i64.lt_u (local.get $n) (i64.const 20000))))
  ))
