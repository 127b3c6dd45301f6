;; Derives from slot 0 (a clock), sends the copies round through slot 1 (an endpoint to send to and receive
;; from), drops what it gets, for ever; ends when slot 0 can no longer be derived from, with minus the answer.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "cap_copy" (func $cap_copy (param i64 i32 i64) (result i64)))
  (import "tessera" "cap_drop" (func $cap_drop (param i64) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $copy i64)
    (loop $again
      (local.set $copy (call $cap_copy (i64.const 0x100000000) (i32.const 0xfff) (i64.const 0)))
      (if (i64.lt_s (local.get $copy) (i64.const 0))
        (then (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $copy)))))))
      (memory.fill (i32.const 0) (i32.const 0) (i32.const 136))
      ;; The first capability of the message: moved on, with all its rights.
      (i64.store (i32.const 56) (local.get $copy))
      (i32.store (i32.const 64) (i32.const 0xfff))
      (i32.store (i32.const 68) (i32.const 1))
      (if (i64.ne (call $send (i64.const 0x100000001) (i32.const 0) (i64.const 0)) (i64.const 0))
        (then (drop (call $cap_drop (local.get $copy)))))
      (if (i64.eqz (call $recv (i64.const 0x100000001) (i32.const 0) (i64.const 0)))
        (then (drop (call $cap_drop (i64.load (i32.const 56))))))
      (br $again))))
