;; Calls slot 0 so that its server faults, which it is told, and calls again, which the next server answers. Exits with
;; the step that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "call" (func $call (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i64.ne (call $call (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const -13)) (then (drop (call $exit (i32.const 1)))))
    (i64.store (i32.const 8) (i64.const 7))
    (if (i64.ne (call $call (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0)) (then (drop (call $exit (i32.const 2)))))
    (if (i64.ne (i64.load (i32.const 8)) (i64.const 8)) (then (drop (call $exit (i32.const 3)))))
    (drop (call $exit (i32.const 0)))))
