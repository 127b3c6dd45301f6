;; `adder` in 16 KiB of linear memory, by pages of one byte (the custom-page-sizes proposal, which wasm-ld 22 links with).
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
  (memory (export "memory") 16384 16384 (pagesize 1))
  (func (export "handle")
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
    (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))
    (drop (call $reply (i64.load (i32.const 48)) (i32.const 0)))
  ))
