;; Takes one call from slot 0, hands it on to slot 1, waiting for room, and exits with minus the answer; with 100 if the
;; reply is not gone after the caller was found to be, or still there after it was handed on.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (import "tessera" "forward" (func $forward (param i64 i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $reply i64)
    (local $answer i64)
    (if (i64.ne (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)) (i64.const 0)) (then (drop (call $exit (i32.const 99)))))
    (local.set $reply (i64.load (i32.const 48)))
    (local.set $answer (call $forward (local.get $reply) (i64.const 0x100000001) (i32.const 0) (i64.const -1)))
    (if (i32.or (i64.eqz (local.get $answer)) (i64.eq (local.get $answer) (i64.const -13)))
      (then (if (i64.ne (call $forward (local.get $reply) (i64.const 0x100000001) (i32.const 0) (i64.const 0)) (i64.const -2))
        (then (drop (call $exit (i32.const 100)))))))
    (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer)))))
  ))
