;; Splits the account in slot 0 two thousand times, drops each part, and splits a part of a part. Exits with 0 if none was refused.
(module
  (import "tessera" "exit" (func $exit (param i32) (result i64)))
  (import "tessera" "account_split" (func $account_split (param i64 i32 i32 i32) (result i64)))
  (import "tessera" "cap_drop" (func $cap_drop (param i64) (result i64)))
  (memory (export "memory") 1)
  ;; Amounts: memory 100000, slots 5.
  (data (i32.const 64) "\a0\86\01\00\00\00\00\00\05")
  ;; No amounts at all are at 256.
  (func (export "_start")
    (local $left i32)
    (local $part i64)
    (local $less i64)
    (local.set $left (i32.const 2000))
    (loop $again
      (local.set $part (call $account_split (i64.const 0x100000000) (i32.const 0) (i32.const 0) (i32.const 64)))
      (local.set $less (call $account_split (local.get $part) (i32.const 0) (i32.const 0) (i32.const 256)))
      (if (i32.or (i64.lt_s (local.get $part) (i64.const 0)) (i64.lt_s (local.get $less) (i64.const 0)))
        (then (drop (call $exit (i32.const 1)))))
      ;; The part goes with the part of it.
      (drop (call $cap_drop (local.get $part)))
      (drop (call $cap_drop (local.get $less)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))))
