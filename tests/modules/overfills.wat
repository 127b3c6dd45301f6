;; Sends the numbers 1 to 5 to slot 0, willing to wait for ever; exits with how many were refused for want of room.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $n i64)
    (local $refused i32)
    (local $answer i64)
    (loop $again
      (local.set $n (i64.add (local.get $n) (i64.const 1)))
      (i64.store (i32.const 8) (local.get $n))
      (local.set $answer (call $send (i64.const 0x100000000) (i32.const 0) (i64.const -1)))
      (if (i64.eq (local.get $answer) (i64.const -8)) (then (local.set $refused (i32.add (local.get $refused) (i32.const 1))))
        (else (if (i64.ne (local.get $answer) (i64.const 0)) (then (drop (call $exit (i32.const 100)))))))
      (br_if $again (i64.lt_u (local.get $n) (i64.const 5))))
    (drop (call $exit (local.get $refused)))
  ))
