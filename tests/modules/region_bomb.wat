;; Makes regions by slot 0 (a factory): of 64 MiB as long as it gets any, then of half that, and so on to one frame.
;; Then it waits for ever. Exits with minus an answer other than no-memory.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "region_create" (func $create (param i64 i64) (result i64)))
  (import "tessera" "notification_wait" (func $wait (param i64 i32 i64) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $len i64)
    (local $answer i64)
    (local.set $len (i64.const 0x4000000))
    (loop $again
      (local.set $answer (call $create (i64.const 0x100000000) (local.get $len)))
      (br_if $again (i64.ge_s (local.get $answer) (i64.const 0)))
      (if (i64.ne (local.get $answer) (i64.const -14))
        (then (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer)))))))
      (local.set $len (i64.shr_u (local.get $len) (i64.const 1)))
      (br_if $again (i64.ge_u (local.get $len) (i64.const 4096))))
    (drop (call $wait (i64.const 0x100000001) (i32.const 1024) (i64.const -1)))))
