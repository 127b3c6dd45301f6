;; Reads slot 0 (a region of 64 KiB) over and over; ends when it may not, with minus the answer, or with 100 when it
;; has read, somewhere, the word that nobody wrote while it might.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "region_read" (func $read (param i64 i64 i32 i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "_start")
    (local $answer i64)
    (local $at i32)
    (loop $again
      (local.set $answer (call $read (i64.const 0x100000000) (i64.const 0) (i32.const 0) (i32.const 65536)))
      ;; Also what a copy that was cut short has brought.
      (local.set $at (i32.const 0))
      (loop $page
        (if (i64.eq (i64.load (local.get $at)) (i64.const 0x0123456789abcdef)) (then (drop (call $exit (i32.const 100)))))
        (local.set $at (i32.add (local.get $at) (i32.const 4096)))
        (br_if $page (i32.lt_u (local.get $at) (i32.const 65536))))
      (br_if $again (i64.eqz (local.get $answer))))
    (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $answer)))))))
