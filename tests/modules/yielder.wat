;; Gives way a thousand times, then returns.
(module
  (import "tessera" "yield_now" (func $yield_now (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $left i32)
    (local.set $left (i32.const 1000))
    (loop $again
      (drop (call $yield_now))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
  ))
