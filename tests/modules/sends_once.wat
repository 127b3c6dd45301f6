;; Sends one message to slot 0, waiting for room.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i64.ne (call $send (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0)) (then (drop (call $exit (i32.const 1)))))
  ))
