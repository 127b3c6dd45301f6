;; A handler that takes a message and then waits for ever; slot 1 is a notification.
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "notification_wait" (func $wait (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "handle")
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
    (drop (call $wait (i64.const 0x100000001) (i32.const 256) (i64.const -1)))))
