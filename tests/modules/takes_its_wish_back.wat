;; Wants bit 1 of the notification in slot 0 when it is asked to end, takes that back, and waits for the one in slot 1;
;; exits with the step that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "terminate_notify" (func $terminate_notify (param i64 i64) (result i64)))
  (import "tessera" "notification_wait" (func $notification_wait (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func $is (param $answer i64) (param $expected i64) (param $step i32)
    (if (i64.ne (local.get $answer) (local.get $expected)) (then (drop (call $exit (local.get $step))))))
  (func (export "_start")
    (call $is (call $terminate_notify (i64.const 0x100000000) (i64.const 1)) (i64.const 0) (i32.const 1))
    (call $is (call $terminate_notify (i64.const 0x100000000) (i64.const 0)) (i64.const 0) (i32.const 2))
    (drop (call $notification_wait (i64.const 0x100000001) (i32.const 0) (i64.const -1)))))
