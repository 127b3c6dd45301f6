;; Slot 0 is an actor, slot 1 a notification: has the end of the one told to the other, waits for that, and asks
;; once more afterwards. Exits with the step that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "cap_copy" (func $cap_copy (param i64 i32 i64) (result i64)))
  (import "tessera" "actor_monitor" (func $actor_monitor (param i64 i64 i64) (result i64)))
  (import "tessera" "notification_wait" (func $notification_wait (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (global $seen (mut i64) (i64.const 0))
  (func $is (param $answer i64) (param $expected i64) (param $step i32)
    (if (i64.ne (local.get $answer) (local.get $expected)) (then (drop (call $exit (local.get $step))))))
  (func (export "_start")
    (call $is (call $actor_monitor (i64.const 0x100000000) (i64.const 0x100000001) (i64.const 4)) (i64.const 0) (i32.const 1))
    ;; A notification to signal, and an actor to wait for: neither will do for the other, nor without the right.
    (call $is (call $actor_monitor (i64.const 0x100000000) (i64.const 0x100000000) (i64.const 4)) (i64.const -3) (i32.const 2))
    (call $is (call $actor_monitor (i64.const 0x100000001) (i64.const 0x100000001) (i64.const 4)) (i64.const -3) (i32.const 3))
    (call $is (call $actor_monitor (i64.const 0x100000000)
      (call $cap_copy (i64.const 0x100000001) (i32.const 0x20) (i64.const 0)) (i64.const 4)) (i64.const -4) (i32.const 4))
    (call $is (call $actor_monitor
      (call $cap_copy (i64.const 0x100000000) (i32.const 0x100) (i64.const 0)) (i64.const 0x100000001) (i64.const 4)) (i64.const -4) (i32.const 5))
    ;; The scenario's own monitor sets bit 0, at the same end.
    (loop $again
      (call $is (call $notification_wait (i64.const 0x100000001) (i32.const 0) (i64.const -1)) (i64.const 0) (i32.const 6))
      (global.set $seen (i64.or (global.get $seen) (i64.load (i32.const 0))))
      (br_if $again (i64.ne (global.get $seen) (i64.const 5))))
    (call $is (call $actor_monitor (i64.const 0x100000000) (i64.const 0x100000001) (i64.const 8)) (i64.const 0) (i32.const 7))
    (call $is (call $notification_wait (i64.const 0x100000001) (i32.const 0) (i64.const 0)) (i64.const 0) (i32.const 8))
    (call $is (i64.load (i32.const 0)) (i64.const 8) (i32.const 9))))
