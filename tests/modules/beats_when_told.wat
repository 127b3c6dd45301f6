;; Says that it gets on each time that the notification in slot 0 is signalled.
(module
  (import "tessera" "notification_wait" (func $notification_wait (param i64 i32 i64) (result i64)))
  (import "tessera" "heartbeat" (func $heartbeat (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      (if (i64.lt_s (call $notification_wait (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0))
        (then (unreachable)))
      (drop (call $heartbeat))
      (br $again))))
