;; Slots 0 to 3 are a notification of which few uses are left, one that is used faster than its rate, a clock, and an
;; endpoint. Makes lists with the first that are refused because of another, then one that is let in. Exits with the
;; step that was not as it should be.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "wait_any" (func $wait_any (param i32 i32 i32 i32 i64) (result i64)))
  (memory (export "memory") 1)
  ;; The first, and with it another, with so many items and the message there.
  (func $refused (param $other i64) (param $count i32) (param $message i32) (param $answer i64) (param $step i32)
    (i64.store (i32.const 1024) (i64.const 0x100000000))
    (i64.store (i32.const 1048) (local.get $other))
    (if (i64.ne (call $wait_any (i32.const 1024) (local.get $count) (i32.const 0) (local.get $message) (i64.const 0)) (local.get $answer))
      (then (drop (call $exit (local.get $step))))))
  (func (export "_start")
    ;; No kind to wait for; the same twice; its rate; no room for a message.
    (call $refused (i64.const 0x100000002) (i32.const 2) (i32.const 0) (i64.const -3) (i32.const 1))
    (call $refused (i64.const 0x100000000) (i32.const 2) (i32.const 0) (i64.const -17) (i32.const 2))
    (call $refused (i64.const 0x100000001) (i32.const 2) (i32.const 0) (i64.const -20) (i32.const 3))
    (if (i32.ne (i32.load (i32.const 1064)) (i32.const 20)) (then (drop (call $exit (i32.const 4)))))
    (call $refused (i64.const 0x100000003) (i32.const 2) (i32.const 65500) (i64.const -16) (i32.const 5))
    ;; Nothing is there, for which it was let in.
    (call $refused (i64.const 0) (i32.const 1) (i32.const 0) (i64.const -9) (i32.const 6))))
