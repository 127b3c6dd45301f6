;; Sends its log (slot 1), narrowed to writing, through slot 0, and keeps its own.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "log_read" (func $log_read (param i64 i64 i32) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i64.store (i32.const 56) (i64.const 0x100000001))
    (i32.store (i32.const 64) (i32.const 2))
    (if (i64.ne (call $send (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0)) (then (drop (call $exit (i32.const 1)))))
    (if (i64.ne (call $log_read (i64.const 0x100000001) (i64.const 0) (i32.const 4096)) (i64.const 0)) (then (drop (call $exit (i32.const 2)))))
  ))
