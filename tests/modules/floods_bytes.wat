;; Sends messages of 100 bytes to slot 0 without waiting until it is refused. Exits with the error's number.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $answer i64)
    ;; The record's bytes_address and bytes_len.
    (i32.store (i32.const 120) (i32.const 1024))
    (i32.store (i32.const 124) (i32.const 100))
    (loop $again
      (local.set $answer (call $send (i64.const 0x100000000) (i32.const 0) (i64.const 0)))
      (br_if $again (i64.eqz (local.get $answer))))
    (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer)))))))
