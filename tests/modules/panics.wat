;; Reports a panic of its own, with message and place.
(module
  (import "tessera" "panic" (func $panic (param i32 i32) (result i64)))
  (memory (export "memory") 1)
  (data (i32.const 16) "the disk is gone at src/disk.rs:12:5")
  (func (export "_start")
    (drop (call $panic (i32.const 16) (i32.const 36)))
  ))
