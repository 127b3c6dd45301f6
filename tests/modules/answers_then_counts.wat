;; Answers one call through slot 0, counts to two hundred and fifty, and returns.
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $left i32)
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)))
    (drop (call $reply (i64.load (i32.const 48)) (i32.const 0)))
    (local.set $left (i32.const 250))
    (loop $again
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
  ))
