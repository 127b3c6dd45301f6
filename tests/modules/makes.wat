;; Makes endpoints of 8 messages and notifications by turns until it is refused; slot 0 is a factory. Exits with the error's number.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "endpoint_create" (func $endpoint_create (param i64 i32 i32) (result i64)))
  (import "tessera" "notification_create" (func $notification_create (param i64) (result i64)))
  (memory (export "memory") 1)
  (func $refused (param $answer i64)
    (if (i64.lt_s (local.get $answer) (i64.const 0))
      (then (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer))))))))
  (func (export "_start")
    (loop $again
      (call $refused (call $endpoint_create (i64.const 0x100000000) (i32.const 8) (i32.const 0)))
      (call $refused (call $notification_create (i64.const 0x100000000)))
      (br $again))))
