;; Takes a message from slot 0 and hands the capability in it on through slot 1 for good, to be read only. Exits
;; with 0, or with minus what a call answered.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (import "tessera" "recv" (func $recv (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func $expect (param $status i64)
    (if (i64.ne (local.get $status) (i64.const 0))
      (then (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $status))))))))
  (func (export "_start")
    (call $expect (call $recv (i64.const 0x100000000) (i32.const 0) (i64.const -1)))
    (i32.store (i32.const 64) (i32.const 1))
    (i32.store (i32.const 68) (i32.const 1))
    (call $expect (call $send (i64.const 0x100000001) (i32.const 0) (i64.const -1)))))
