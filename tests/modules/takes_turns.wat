;; Takes sixteen messages from slots 0 and 1, beginning to look behind where the last came from; exits with 0 if they
;; came by turns, otherwise with how many did.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "wait_any" (func $wait_any (param i32 i32 i32 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $n i32)
    (i64.store (i32.const 1024) (i64.const 0x100000000))
    (i64.store (i32.const 1048) (i64.const 0x100000001))
    (loop $again
      (if (i64.ne (call $wait_any (i32.const 1024) (i32.const 2) (local.get $n) (i32.const 0) (i64.const -1)) (i64.extend_i32_u (i32.and (local.get $n) (i32.const 1))))
        (then (drop (call $exit (i32.add (local.get $n) (i32.const 1))))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 16))))
  ))
