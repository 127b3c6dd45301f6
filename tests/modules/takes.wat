;; Receives a capability from slot 0 and uses it for what it allows, and for nothing else.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "log_write" (func $log_write (param i64 i32 i32 i32) (result i64)))
  (import "tessera" "log_read" (func $log_read (param i64 i64 i32) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i64.ne (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0)) (then (drop (call $exit (i32.const 1)))))
    (if (i32.ne (i32.load (i32.const 64)) (i32.const 2)) (then (drop (call $exit (i32.const 2)))))
    (if (i64.ne (call $log_write (i64.load (i32.const 56)) (i32.const 2) (i32.const 0) (i32.const 0)) (i64.const 0)) (then (drop (call $exit (i32.const 3)))))
    (if (i64.ne (call $log_read (i64.load (i32.const 56)) (i64.const 0) (i32.const 4096)) (i64.const -4)) (then (drop (call $exit (i32.const 4)))))
  ))
