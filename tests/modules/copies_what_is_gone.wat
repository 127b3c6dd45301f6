;; Slot 0: a factory. Makes an endpoint, takes it back, and copies it all the same. Exits with the step that failed.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "endpoint_create" (func $endpoint_create (param i64 i32 i32) (result i64)))
  (import "tessera" "cap_revoke" (func $cap_revoke (param i64 i32 i32) (result i64)))
  (import "tessera" "cap_copy" (func $cap_copy (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i64.ne (call $endpoint_create (i64.const 0x100000000) (i32.const 1) (i32.const 0)) (i64.const 0x100000001)) (then (drop (call $exit (i32.const 1)))))
    (if (i64.ne (call $cap_revoke (i64.const 0x100000001) (i32.const 1) (i32.const 0)) (i64.const 0)) (then (drop (call $exit (i32.const 2)))))
    (if (i64.ne (call $cap_copy (i64.const 0x100000001) (i32.const 0xfff) (i64.const 0)) (i64.const -5)) (then (drop (call $exit (i32.const 3)))))))
