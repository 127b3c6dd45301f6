;; Slot 0 is an actor, slot 1 a notification that can be used once: to monitor, and then no more. Exits with the step
;; that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "actor_monitor" (func $actor_monitor (param i64 i64 i64) (result i64)))
  (memory (export "memory") 1)
  (func $is (param $answer i64) (param $expected i64) (param $step i32)
    (if (i64.ne (local.get $answer) (local.get $expected)) (then (drop (call $exit (local.get $step))))))
  (func (export "_start")
    ;; wrong-kind, which is no use
    (call $is (call $actor_monitor (i64.const 0x100000001) (i64.const 0x100000001) (i64.const 4)) (i64.const -3) (i32.const 1))
    (call $is (call $actor_monitor (i64.const 0x100000000) (i64.const 0x100000001) (i64.const 4)) (i64.const 0) (i32.const 2))
    ;; expired
    (call $is (call $actor_monitor (i64.const 0x100000000) (i64.const 0x100000001) (i64.const 4)) (i64.const -6) (i32.const 3))))
