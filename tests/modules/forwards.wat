;; A handler that adds nothing to what it is asked and hands the question on to slot 1, waiting for room; when that is
;; refused it answers itself, with the first word plus one.
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
  (import "tessera" "forward" (func $forward (param i64 i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "handle")
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
    (if (i64.ne (call $forward (i64.load (i32.const 48)) (i64.const 0x100000001) (i32.const 0) (i64.const -1)) (i64.const 0))
      (then
        (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))
        (drop (call $reply (i64.load (i32.const 48)) (i32.const 0)))))
  ))
