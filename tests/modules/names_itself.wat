;; Names itself, and may by that link what is in slot 0 to itself, and nothing else. Exits with the step that failed,
;; otherwise traps.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "actor_self" (func $actor_self (result i64)))
  (import "tessera" "actor_kill" (func $actor_kill (param i64) (result i64)))
  (import "tessera" "actor_suspend" (func $actor_suspend (param i64) (result i64)))
  (import "tessera" "actor_wait" (func $actor_wait (param i64 i32 i64) (result i64)))
  (import "tessera" "actor_link" (func $actor_link (param i64 i64) (result i64)))
  (memory (export "memory") 1)
  (func $is (param $answer i64) (param $expected i64) (param $step i32)
    (if (i64.ne (local.get $answer) (local.get $expected)) (then (drop (call $exit (local.get $step))))))
  (func (export "_start")
    (local $me i64)
    (local.set $me (call $actor_self))
    (call $is (i64.extend_i32_u (i64.gt_s (local.get $me) (i64.const 0))) (i64.const 1) (i32.const 1))
    (call $is (call $actor_kill (local.get $me)) (i64.const -4) (i32.const 2))
    (call $is (call $actor_suspend (local.get $me)) (i64.const -4) (i32.const 3))
    (call $is (call $actor_wait (local.get $me) (i32.const 0) (i64.const -1)) (i64.const -19) (i32.const 4))
    ;; Others can be linked to it, it not to others.
    (call $is (call $actor_link (i64.const 0x100000000) (local.get $me)) (i64.const -4) (i32.const 5))
    (call $is (call $actor_link (local.get $me) (i64.const 0x100000000)) (i64.const 0) (i32.const 6))
    (unreachable)))
