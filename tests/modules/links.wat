;; Links the actors in slots 0 and 1 to each other. Exits with the step that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "cap_copy" (func $cap_copy (param i64 i32 i64) (result i64)))
  (import "tessera" "actor_link" (func $actor_link (param i64 i64) (result i64)))
  (memory (export "memory") 1)
  (func $is (param $answer i64) (param $expected i64) (param $step i32)
    (if (i64.ne (local.get $answer) (local.get $expected)) (then (drop (call $exit (local.get $step))))))
  (func (export "_start")
    (call $is (call $actor_link (i64.const 0x100000000) (i64.const 0x100000001)) (i64.const 0) (i32.const 1))
    (call $is (call $actor_link (i64.const 0x100000001) (i64.const 0x100000000)) (i64.const 0) (i32.const 2))
    ;; To wait for the one is not enough to end the other, nor the reverse.
    (call $is (call $actor_link (i64.const 0x100000000)
      (call $cap_copy (i64.const 0x100000001) (i32.const 0x20) (i64.const 0))) (i64.const -4) (i32.const 3))
    (call $is (call $actor_link
      (call $cap_copy (i64.const 0x100000000) (i32.const 0x100) (i64.const 0)) (i64.const 0x100000001)) (i64.const -4) (i32.const 4))))
