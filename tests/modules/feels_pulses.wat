;; Reads the pulse of the actor in slot 0, which has ended, by a capability that allows it, then of the one in slot 1 by
;; one that does not, then of the one in slot 2. Exits with what that is at, and 10 more; otherwise with the step that
;; failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "actor_pulse" (func $actor_pulse (param i64 i32) (result i64)))
  (memory (export "memory") 1)
  (func $is (param $answer i64) (param $expected i64) (param $step i32)
    (if (i64.ne (local.get $answer) (local.get $expected)) (then (drop (call $exit (local.get $step))))))
  (func (export "_start")
    (call $is (call $actor_pulse (i64.const 0x100000000) (i32.const 0)) (i64.const -18) (i32.const 1))
    (call $is (call $actor_pulse (i64.const 0x100000001) (i32.const 0)) (i64.const -4) (i32.const 2))
    (call $is (call $actor_pulse (i64.const 0x100000002) (i32.const 0)) (i64.const 0) (i32.const 3))
    (call $is (call $actor_pulse (i64.const 0x100000002) (i32.const 65520)) (i64.const -16) (i32.const 4))
    (drop (call $exit (i32.add (i32.load8_u (i32.const 4)) (i32.const 10))))))
