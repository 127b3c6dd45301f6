;; Exits with 7, and would trap if exiting returned.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $exit (i32.const 7)))
    unreachable
  ))
