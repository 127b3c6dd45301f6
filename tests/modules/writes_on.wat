;; Fills slot 0 (a region of 64 KiB) with 1, with 2 and so on to 255, over and over; ends when it may not, with minus
;; the answer.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "region_write" (func $write (param i64 i64 i32 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $stamp i32)
    (local $answer i64)
    (loop $again
      (local.set $stamp (i32.add (i32.rem_u (local.get $stamp) (i32.const 255)) (i32.const 1)))
      (memory.fill (i32.const 0) (local.get $stamp) (i32.const 65536))
      (local.set $answer (call $write (i64.const 0x100000000) (i64.const 0) (i32.const 0) (i32.const 65536)))
      (br_if $again (i64.eqz (local.get $answer))))
    (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer)))))))
