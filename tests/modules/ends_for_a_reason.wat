;; Ends the actors in slots 0 and 1 as silent and over their quota; slot 2 names no actor, slot 3 one that it may not
;; end. Exits with the step that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "actor_kill_for" (func $actor_kill_for (param i64 i32) (result i64)))
  (memory (export "memory") 1)
  (func $is (param $answer i64) (param $expected i64) (param $step i32)
    (if (i64.ne (local.get $answer) (local.get $expected)) (then (drop (call $exit (local.get $step))))))
  (func $refuses (param $reason i32)
    ;; invalid-argument
    (call $is (call $actor_kill_for (i64.const 0x100000000) (local.get $reason)) (i64.const -17) (local.get $reason)))
  (func (export "_start")
    ;; What the kernel alone knows: exited, a fault, revoked, orphaned. And what there is not.
    (call $refuses (i32.const 0))
    (call $refuses (i32.const 1))
    (call $refuses (i32.const 3))
    (call $refuses (i32.const 5))
    (call $refuses (i32.const 7))
    (call $refuses (i32.const 0x102))
    ;; wrong-kind, missing-right
    (call $is (call $actor_kill_for (i64.const 0x100000002) (i32.const 6)) (i64.const -3) (i32.const 20))
    (call $is (call $actor_kill_for (i64.const 0x100000003) (i32.const 6)) (i64.const -4) (i32.const 21))
    (call $is (call $actor_kill_for (i64.const 0x100000000) (i32.const 6)) (i64.const 0) (i32.const 22))
    (call $is (call $actor_kill_for (i64.const 0x100000001) (i32.const 4)) (i64.const 0) (i32.const 23))
    ;; The first counts.
    (call $is (call $actor_kill_for (i64.const 0x100000001) (i32.const 2)) (i64.const 0) (i32.const 24))))
