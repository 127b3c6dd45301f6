;; A handler that answers each call with its first word plus one, and traps when that word is 0.
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "handle")
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
    (if (i64.eqz (i64.load (i32.const 8))) (then (unreachable)))
    (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))
    (drop (call $reply (i64.load (i32.const 48)) (i32.const 0)))
  ))
