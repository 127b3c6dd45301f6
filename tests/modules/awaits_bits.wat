;; Waits for bits of the notification in slot 0 until 5 have come; exits with 0.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "notification_wait" (func $notification_wait (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $seen i64)
    (loop $again
      (if (i64.ne (call $notification_wait (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0)) (then (drop (call $exit (i32.const 1)))))
      (local.set $seen (i64.or (local.get $seen) (i64.load (i32.const 0))))
      (br_if $again (i64.ne (local.get $seen) (i64.const 5))))
    (if (i64.ne (call $notification_wait (i64.const 0x100000000) (i32.const 0) (i64.const 0)) (i64.const -9)) (then (drop (call $exit (i32.const 2)))))
  ))
