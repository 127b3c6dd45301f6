;; Takes one message from slot 0, waiting for ever, then calls slot 1 and exits with minus the answer.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "call" (func $call (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i64.ne (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0)) (then (drop (call $exit (i32.const 99)))))
    (i64.store (i32.const 48) (i64.const 0))
    (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (call $call (i64.const 0x100000001) (i32.const 0) (i64.const -1))))))
  ))
