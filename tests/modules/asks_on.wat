;; A handler that asks slot 1 what it is asked, and answers with the answer.
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "call" (func $call (param i64 i32 i64) (result i64)))
  (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "handle")
    (local $reply i64)
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
    (local.set $reply (i64.load (i32.const 48)))
    (drop (call $call (i64.const 0x100000001) (i32.const 0) (i64.const -1)))
    (drop (call $reply (local.get $reply) (i32.const 0)))
  ))
