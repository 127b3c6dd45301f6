;; Slot 0: an endpoint; slot 1: a capability at the end of a chain. Sends and calls with it, and copies it. Exits
;; with the step that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "cap_copy" (func $cap_copy (param i64 i32 i64) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (import "tessera" "call" (func $call (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i64.store (i32.const 56) (i64.const 0x100000001))
    (i32.store (i32.const 64) (i32.const 0xfff))
    (if (i64.ne (call $send (i64.const 0x100000000) (i32.const 0) (i64.const 0)) (i64.const -21)) (then (drop (call $exit (i32.const 1)))))
    (if (i64.ne (call $call (i64.const 0x100000000) (i32.const 0) (i64.const 0)) (i64.const -21)) (then (drop (call $exit (i32.const 2)))))
    (if (i64.ne (call $cap_copy (i64.const 0x100000001) (i32.const 0xfff) (i64.const 0)) (i64.const -21)) (then (drop (call $exit (i32.const 3)))))))
