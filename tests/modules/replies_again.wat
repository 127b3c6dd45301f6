;; Answers the call that it receives from slot 0, then tries to answer it again, and by handles that are no reply's.
;; Exits with the step that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "reply" (func $reply (param i64 i32) (result i64)))
  (memory (export "memory") 1)
  (func $is (param $answer i64) (param $expected i64) (param $step i32)
    (if (i64.ne (local.get $answer) (local.get $expected)) (then (drop (call $exit (local.get $step))))))
  (func (export "_start")
    (local $reply i64)
    (call $is (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0) (i32.const 1))
    (local.set $reply (i64.load (i32.const 48)))
    ;; bad-handle: the next generation of its slot; wrong-kind: the endpoint
    (call $is (call $reply (i64.add (local.get $reply) (i64.const 0x100000000)) (i32.const 256)) (i64.const -1) (i32.const 2))
    (call $is (call $reply (i64.const 0x100000000) (i32.const 256)) (i64.const -3) (i32.const 3))
    (call $is (call $reply (local.get $reply) (i32.const 256)) (i64.const 0) (i32.const 4))
    ;; stale-handle
    (call $is (call $reply (local.get $reply) (i32.const 256)) (i64.const -2) (i32.const 5))))
