;; Fills slot 0 (a region, a multiple of 64 KiB) with 0x5a and hands it on for good through slot 1,
;; with all its rights. Exits with 0, or with minus what a call answered.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "region_len" (func $region_len (param i64) (result i64)))
  (import "tessera" "region_write" (func $region_write (param i64 i64 i32 i32) (result i64)))
  (import "tessera" "send" (func $send (param i64 i32 i64) (result i64)))
  (memory (export "memory") 2)
  (func $expect (param $status i64)
    (if (i64.ne (local.get $status) (i64.const 0))
      (then (drop (call $exit (i32.wrap_i64 (i64.sub (i64.const 0) (local.get $status))))))))
  (func (export "_start")
    (local $at i64)
    (memory.fill (i32.const 65536) (i32.const 0x5a) (i32.const 65536))
    (loop $again
      (call $expect (call $region_write (i64.const 0x100000000) (local.get $at) (i32.const 65536) (i32.const 65536)))
      (local.set $at (i64.add (local.get $at) (i64.const 65536)))
      (br_if $again (i64.lt_u (local.get $at) (call $region_len (i64.const 0x100000000)))))
    (i64.store (i32.const 56) (i64.const 0x100000000))
    (i32.store (i32.const 64) (i32.const 0xfff))
    (i32.store (i32.const 68) (i32.const 1))
    (call $expect (call $send (i64.const 0x100000001) (i32.const 0) (i64.const -1)))))
