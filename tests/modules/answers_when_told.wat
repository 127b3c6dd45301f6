;; Takes one call from slot 0, waits for bits of the notification in slot 1, answers, and waits for bits once more.
(module
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "notification_wait" (func $notification_wait (param i64 i32 i64) (result i64)))
  (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)))
    (drop (call $notification_wait (i64.const 0x100000001) (i32.const 1024) (i64.const -1)))
    (drop (call $reply (i64.load (i32.const 48)) (i32.const 0)))
    (drop (call $notification_wait (i64.const 0x100000001) (i32.const 1024) (i64.const -1)))
  ))
