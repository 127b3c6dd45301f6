;; A handler that counts to twenty thousand for each call, and answers it with its first word plus one.
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "handle")
    (local $left i32)
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
    (local.set $left (i32.const 20000))
    (loop $again
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))
    (drop (call $reply (i64.load (i32.const 48)) (i32.const 0)))
  ))
