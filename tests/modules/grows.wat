;; Grows its memory: to the maximum it may, and not past it.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const 1)) (then (drop (call $exit (i32.const 1)))))
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then (drop (call $exit (i32.const 2)))))
  ))
