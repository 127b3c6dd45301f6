;; Sends to slot 0 without waiting until the queue is full, ten thousand times over. Exits with 0 if every refusal said so.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $left i32)
    (local $answer i64)
    (local.set $left (i32.const 10000))
    (loop $again
      (local.set $answer (call $send (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
      (if (i32.and (i64.ne (local.get $answer) (i64.const 0)) (i64.ne (local.get $answer) (i64.const -8))) (then (drop (call $exit (i32.const 1)))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
  ))
