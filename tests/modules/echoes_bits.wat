;; For ever: waits for bits of slot 0, then signals slot 1.
(module
  (import "tessera" "notification_signal" (func $signal (param i64 i64) (result i64)))
  (import "tessera" "notification_wait" (func $wait (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      (drop (call $wait (i64.const 0x100000000) (i32.const 0) (i64.const -1)))
      (drop (call $signal (i64.const 0x100000001) (i64.const 1)))
      (br $again))
  ))
