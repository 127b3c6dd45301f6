;; Asks the actor in slot 0 to end; slot 1 names no actor, and slot 2 one that it may not end. Exits with the step
;; that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "actor_terminate" (func $actor_terminate (param i64) (result i64)))
  (memory (export "memory") 1)
  (func $is (param $answer i64) (param $expected i64) (param $step i32)
    (if (i64.ne (local.get $answer) (local.get $expected)) (then (drop (call $exit (local.get $step))))))
  (func (export "_start")
    ;; wrong-kind, missing-right
    (call $is (call $actor_terminate (i64.const 0x100000001)) (i64.const -3) (i32.const 1))
    (call $is (call $actor_terminate (i64.const 0x100000002)) (i64.const -4) (i32.const 2))
    (call $is (call $actor_terminate (i64.const 0x100000000)) (i64.const 0) (i32.const 3))))
