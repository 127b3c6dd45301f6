;; A handler that takes the call and traps.
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "handle")
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
    unreachable
  ))
