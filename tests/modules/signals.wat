;; Sets bit 2 of the notification in slot 0 twice and bit 0 once.
(module
  (import "tessera" "notification_signal" (func $notification_signal (param i64 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $notification_signal (i64.const 0x100000000) (i64.const 4)))
    (drop (call $notification_signal (i64.const 0x100000000) (i64.const 4)))
    (drop (call $notification_signal (i64.const 0x100000000) (i64.const 1)))
  ))
