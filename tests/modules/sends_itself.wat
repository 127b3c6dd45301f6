;; Sends the endpoint in slot 0 through itself, with the rights to send, to receive and to grant.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i64.store (i32.const 56) (i64.const 0x100000000))
    (i32.store (i32.const 64) (i32.const 76))
    (if (i64.ne (call $send (i64.const 0x100000000) (i32.const 0) (i64.const 0)) (i64.const 0))
      (then (drop (call $exit (i32.const 1))))))
  )
