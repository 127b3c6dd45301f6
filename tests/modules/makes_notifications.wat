;; Makes four notifications by slot 0 (a factory) each time that a message comes to slot 1. Exits with minus what a call
;; answered.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "notification_create" (func $create (param i64) (result i64)))
  (memory (export "memory") 1)
  (func $good (param $answer i64)
    (if (i64.lt_s (local.get $answer) (i64.const 0))
      (then (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer))))))))
  (func (export "_start")
    (loop $again
      (call $good (call $recv (i64.const 0x100000001) (i32.const 0) (i64.const -1)))
      (call $good (call $create (i64.const 0x100000000)))
      (call $good (call $create (i64.const 0x100000000)))
      (call $good (call $create (i64.const 0x100000000)))
      (call $good (call $create (i64.const 0x100000000)))
      (br $again))))
