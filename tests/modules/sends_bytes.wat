;; Sends a message of eleven bytes to slot 0, waiting for ever.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 120) (i32.const 256))
    (i32.store (i32.const 124) (i32.const 11))
    (if (i64.ne (call $send (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0)) (then (drop (call $exit (i32.const 100)))))
  ))
